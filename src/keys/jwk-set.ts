import { KeyObject } from 'node:crypto';
import { importJWK } from 'jose';
import { z } from 'zod';
import type { TokenAlgorithm } from '../domain/identity/oidc-provider.ts';
import type { WantedKey } from '../domain/identity/provider-keys.ts';

/** The verification keys of one issuer. */
export type JwkSet = {
  /** The key that a header names, imported once for its algorithm; `undefined` where none or, without `kid`, more than one fits. */
  readonly find: (wanted: WantedKey) => Promise<KeyObject | undefined>;
};

/** Of each key type, in the set's order (wire-spec 3.2): a huge set costs no more than a large one. */
const MAX_KEYS_PER_TYPE = 100;
const MIN_MODULUS_BITS = 2048;

const usage = {
  kid: z.string().optional(),
  alg: z.string().optional(),
  use: z.literal('sig').optional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes('verify'))
    .optional(),
  // A key whose private part was published proves nothing any more.
  d: z.never().optional(),
};

const verificationKey = z.discriminatedUnion('kty', [
  // 2048 to 8192 bits, base64url: below it can be factored, above one verification keeps a core busy.
  z.object({ kty: z.literal('RSA'), n: z.string().min(342).max(1366), e: z.string().max(6), ...usage }),
  z.object({
    kty: z.literal('EC'),
    crv: z.enum(['P-256', 'P-384', 'P-521']),
    x: z.string().max(90),
    y: z.string().max(90),
    ...usage,
  }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().max(43), ...usage }),
]);

type VerificationKey = z.infer<typeof verificationKey>;
type Entry = {
  readonly jwk: VerificationKey;
  readonly imported: Map<TokenAlgorithm, Promise<KeyObject | undefined>>;
};

/** The key type, or curve, that each algorithm binds. */
const FITTING = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
} as const satisfies Record<TokenAlgorithm, string>;

/** Takes a JWKS's `keys`: what is symmetric, private, for another use or malformed is left out, never a fault of the rest. */
export function createJwkSet(keys: readonly unknown[]): JwkSet {
  const entries = selectKeys(keys);
  return {
    find: async ({ algorithm, keyId }) => {
      const fitting = entries.filter(
        ({ jwk }) => fits(jwk, algorithm) && (keyId === undefined || jwk.kid === keyId),
      );
      const [entry, ...others] = fitting;
      if (entry === undefined || (keyId === undefined && others.length > 0)) return undefined;
      return importOnce(entry, algorithm);
    },
  };
}

function selectKeys(keys: readonly unknown[]): readonly Entry[] {
  const counts = { RSA: 0, EC: 0, OKP: 0 };
  const entries: Entry[] = [];
  for (const key of keys) {
    const { data: jwk } = verificationKey.safeParse(key);
    if (jwk !== undefined && counts[jwk.kty]++ < MAX_KEYS_PER_TYPE)
      entries.push({ jwk, imported: new Map() });
  }
  return entries;
}

function fits(jwk: VerificationKey, algorithm: TokenAlgorithm): boolean {
  const type = jwk.kty === 'RSA' ? jwk.kty : jwk.crv;
  return type === FITTING[algorithm] && (jwk.alg === undefined || jwk.alg === algorithm);
}

function importOnce({ jwk, imported }: Entry, algorithm: TokenAlgorithm): Promise<KeyObject | undefined> {
  const known = imported.get(algorithm);
  if (known !== undefined) return known;
  const importing = importKey(jwk, algorithm);
  imported.set(algorithm, importing);
  return importing;
}

/** `undefined` for a key that is no key, such as a point that is not on its curve. */
async function importKey(jwk: VerificationKey, algorithm: TokenAlgorithm): Promise<KeyObject | undefined> {
  try {
    const key = await importJWK(keyMaterial(jwk), algorithm);
    if (key instanceof Uint8Array) return undefined;
    const imported = KeyObject.from(key);
    // Counted in the key itself: leading zeros make a short modulus look long (RFC 7518 3.3).
    const bits = imported.asymmetricKeyDetails?.modulusLength;
    return bits === undefined || bits >= MIN_MODULUS_BITS ? imported : undefined;
  } catch {
    return undefined;
  }
}

function keyMaterial(jwk: VerificationKey) {
  if (jwk.kty === 'RSA') return { kty: jwk.kty, n: jwk.n, e: jwk.e };
  if (jwk.kty === 'OKP') return { kty: jwk.kty, crv: jwk.crv, x: jwk.x };
  return { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
}
