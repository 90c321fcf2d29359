import { createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { publishedKeys, signingKeyOf } from '../domain/token/key-ring.ts';
import { LONGEST_TOKEN_MS, RING_MAX_STALE_MS, RING_REFRESH_MS } from '../domain/token/key-schedule.ts';
import type { Signer, Signers } from '../domain/token/signers.ts';
import type {
  PublicJwk,
  PublicKeySet,
  SigningAlgorithm,
  TokenClaims,
  TokenHeader,
  TokenSigner,
} from '../domain/token/token-signer.ts';
import {
  addFirstKeys,
  maintainSigningRing,
  readSigningRing,
  type SigningRing,
  type SigningRingDeps,
  type StoredSigningKey,
} from './signing-ring.ts';

export type SigningKeyDeps = SigningRingDeps & {
  /** No key signs for longer. */
  readonly rotationMs: number;
};

/** The signing keys as one node has them: in memory, and read again each minute. */
export type SigningKeys = TokenSigner &
  Signers & {
    /** The published key of this id. For one that is not known the ring is read at once, though not more than every 10 s. */
    readonly find: (kid: string) => Promise<KeyObject | undefined>;
    /** Rotates what is due; called once a minute. The keys that this node made, and since when each key signs. */
    readonly maintain: () => Promise<Maintained>;
    /** What this node knows, for its successor after a reload. */
    readonly known: () => Known | undefined;
  };

type Maintained = {
  readonly made: readonly {
    readonly kid: string;
    readonly algorithm: string;
    readonly signsFromMs: number;
  }[];
  /** By algorithm, milliseconds. */
  readonly ages: ReadonlyMap<SigningAlgorithm, number>;
};

export type Known = { readonly ring: SigningRing; readonly readAtMs: number };

/** Between two readings for ids that are not known, and between two that fail. */
const RETRY_AFTER_MS = 10_000;

/**
 * Keys to sign tokens with, made when an algorithm is first asked for, sealed in the store and shared by all nodes.
 *
 * @param previous what the same node knew before a reload
 */
export function createSigningKeys(deps: SigningKeyDeps, previous?: Known): SigningKeys {
  const ring = createRingCopy(deps, previous);
  const publicKeySet = createPublicKeySet();
  const privateKeyOf = createKeyImport();
  const signerList = createSignerList(async (kid, data) => {
    const key = (await ring.recent()).find((one) => one.kid === kid);
    if (key === undefined) throw new Error('a key that has left the ring was to sign');
    return signData(data, { algorithm: key.algorithm, privateKey: privateKeyOf(key) });
  });
  return {
    sign: async (claims, header) => {
      refuseUnboundedLife(claims, deps.now());
      const key = await signingKey(header.algorithm, ring, deps);
      return signToken(claims, header, { ...key, privateKey: privateKeyOf(key) });
    },
    signers: async () => signerList(await ring.recent(), deps.now()),
    publicKeys: async () => publicKeySet(await ring.latest(), deps.now()),
    find: async (kid) => {
      const find = (keys: SigningRing) => publishedKeys(keys, deps.now()).find((key) => key.kid === kid);
      const key = find(await ring.latest()) ?? find(await ring.readForUnknown());
      return key && createPublicKey(key.publicKey);
    },
    prepare: async (algorithms) => {
      await ring.ensure(algorithms);
    },
    maintain: async () => {
      let made: SigningRing = [];
      const current = await ring.change(async () => {
        const maintained = await maintainSigningRing(deps, deps);
        made = maintained.made;
        return maintained.ring;
      });
      return { made, ages: agesOf(current, deps.now()) };
    },
    known: ring.known,
  };
}

function agesOf(ring: SigningRing, nowMs: number): ReadonlyMap<SigningAlgorithm, number> {
  const algorithms = new Set(ring.map(({ algorithm }) => algorithm));
  return new Map(
    [...algorithms].map((algorithm) => {
      const { signsFromMs = nowMs } = signingKeyOf(ring, algorithm, nowMs) ?? {};
      return [algorithm, Math.max(0, nowMs - signsFromMs)];
    }),
  );
}

// Its key is published for as long as the longest token lives. One without an end would outlive its key.
function refuseUnboundedLife({ exp }: TokenClaims, nowMs: number): void {
  // NaN, where there is no end, is not bounded either.
  const isBounded = exp * 1000 <= nowMs + LONGEST_TOKEN_MS;
  if (!isBounded) throw new Error('a token that lives longer than its key is published');
}

async function signingKey(
  algorithm: SigningAlgorithm,
  ring: RingCopy,
  { now }: SigningKeyDeps,
): Promise<StoredSigningKey> {
  const find = (keys: SigningRing) => signingKeyOf(keys, algorithm, now());
  const key = find(await ring.recent()) ?? find(await ring.ensure([algorithm]));
  if (key === undefined) throw new Error(`no key for ${algorithm}`);
  return key;
}

/** Imports the private key of an entry once, however many tokens it signs. */
function createKeyImport(): (key: StoredSigningKey) => KeyObject {
  const imported = new WeakMap<StoredSigningKey, KeyObject>();
  return (key) => {
    const known = imported.get(key);
    if (known !== undefined) return known;
    if (key.privateKey === undefined) throw new Error('a key that is done signing was to sign');
    const privateKey = createPrivateKey(key.privateKey);
    imported.set(key, privateKey);
    return privateKey;
  };
}

/** Closed: a key signs with its own algorithm only. */
const DIGESTS = {
  EdDSA: null,
  ES256: 'sha256',
  ES384: 'sha384',
  RS256: 'sha256',
} as const satisfies Record<SigningAlgorithm, string | null>;

async function signToken(
  claims: TokenClaims,
  { type }: TokenHeader,
  { kid, algorithm, privateKey }: Pick<StoredSigningKey, 'kid' | 'algorithm'> & { privateKey: KeyObject },
): Promise<string> {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: algorithm, kid, typ: type })}.${encode(claims)}`;
  const signature = await signData(Buffer.from(input), { algorithm, privateKey });
  return `${input}.${signature.toString('base64url')}`;
}

async function signData(
  data: Uint8Array,
  { algorithm, privateKey }: { readonly algorithm: SigningAlgorithm; readonly privateKey: KeyObject },
): Promise<Buffer> {
  // JWS wants r and s side by side instead of DER (RFC 7518 3.4).
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  // On a curve it takes less than the way to another thread and back; RSA would keep everybody else waiting.
  if (algorithm !== 'RS256') return signBytes(DIGESTS[algorithm], data, key);
  return new Promise((resolve, reject) => {
    signBytes(DIGESTS[algorithm], data, key, (error, signature) => {
      if (error) reject(error);
      else resolve(signature);
    });
  });
}

/** Makes the list anew only where other keys are in it, or another one of them signs. */
function createSignerList(
  sign: (kid: string, data: Uint8Array) => Promise<Buffer>,
): (ring: SigningRing, nowMs: number) => readonly Signer[] {
  let last: { readonly kids: string; readonly signers: readonly Signer[] } | undefined;
  return (ring, nowMs) => {
    const isSigning = ({ kid, algorithm }: StoredSigningKey): boolean =>
      signingKeyOf(ring, algorithm, nowMs)?.kid === kid;
    const keys = publishedKeys(ring, nowMs).toSorted(
      (one, other) => Number(isSigning(other)) - Number(isSigning(one)),
    );
    const kids = keys.map(({ kid }) => kid).join();
    if (last?.kids !== kids)
      last = {
        kids,
        signers: keys.map(({ kid, algorithm, publicKey }) => ({
          kid,
          algorithm,
          publicKey: createPublicKey(publicKey),
          sign: (data) => sign(kid, data),
        })),
      };
    return last.signers;
  };
}

/** Makes the key set anew only where other keys are in it. */
function createPublicKeySet(): (ring: SigningRing, nowMs: number) => PublicKeySet {
  let last: { readonly kids: string; readonly set: PublicKeySet } | undefined;
  return (ring, nowMs) => {
    const keys = publishedKeys(ring, nowMs);
    const kids = keys.map(({ kid }) => kid).join();
    if (last?.kids !== kids) last = { kids, set: { keys: keys.map(publicJwk) } };
    return last.set;
  };
}

const PUBLIC_MEMBERS = new Set(['kty', 'crv', 'x', 'y', 'n', 'e']);

// Made of the public part, and of its public members by name: nothing else can get out.
function publicJwk({ kid, algorithm, publicKey }: StoredSigningKey): PublicJwk {
  const jwk = Object.entries(createPublicKey(publicKey).export({ format: 'jwk' }));
  const members = jwk.flatMap(([name, value]) =>
    PUBLIC_MEMBERS.has(name) && typeof value === 'string' ? [[name, value] as const] : [],
  );
  return { ...Object.fromEntries(members), kid, alg: algorithm, use: 'sig' };
}

/** The ring in memory. */
type RingCopy = {
  /** However old. @throws FederationError where there is none */
  readonly latest: () => Promise<SigningRing>;
  /** Young enough to sign by. @throws FederationError `store-unavailable` */
  readonly recent: () => Promise<SigningRing>;
  /** Reads at once, or gives what is there where that was done a moment ago. */
  readonly readForUnknown: () => Promise<SigningRing>;
  /** With a key of each algorithm: however many ask at once, the first key is made once. */
  readonly ensure: (algorithms: readonly SigningAlgorithm[]) => Promise<SigningRing>;
  /** Takes over what a change of the stored ring gave. */
  readonly change: (run: () => Promise<SigningRing>) => Promise<SigningRing>;
  readonly known: () => Known | undefined;
};

function createRingCopy(deps: SigningRingDeps, previous: Known | undefined): RingCopy {
  let known = previous;
  let reading: Promise<SigningRing> | undefined;
  const making = new Map<string, Promise<SigningRing>>();
  let last: Promise<unknown> = Promise.resolve();
  let [retryAtMs, unknownAtMs] = [-Infinity, -Infinity];
  const age = (): number => (known === undefined ? Infinity : deps.now() - known.readAtMs);
  const isKnown = (algorithms: readonly SigningAlgorithm[]): boolean =>
    algorithms.every((name) => known?.ring.some(({ algorithm }) => algorithm === name));
  // One after the other: a slow reading cannot bring back what a later change has replaced.
  const change = (run: () => Promise<SigningRing>): Promise<SigningRing> => {
    const changing = last.then(async () => {
      const readAtMs = deps.now();
      known = { ring: await run(), readAtMs };
      return known.ring;
    });
    last = changing.catch(() => undefined);
    return changing;
  };
  const read = (): Promise<SigningRing> => {
    reading ??= change(() => readSigningRing(deps)).finally(() => (reading = undefined));
    return reading;
  };
  const refresh = (): void => {
    if (age() < RING_REFRESH_MS || deps.now() < retryAtMs) return;
    retryAtMs = deps.now() + RETRY_AFTER_MS;
    // Whoever needs a younger ring than there is reads for itself and is told; the others go on with the one that is known.
    read().catch(() => undefined);
  };
  return {
    latest: async () => {
      refresh();
      return known === undefined ? read() : known.ring;
    },
    recent: async () => {
      refresh();
      if (known !== undefined && age() < RING_MAX_STALE_MS) return known.ring;
      return read();
    },
    readForUnknown: async () => {
      if (known !== undefined && deps.now() - unknownAtMs < RETRY_AFTER_MS) return known.ring;
      unknownAtMs = deps.now();
      return read();
    },
    ensure: async (algorithms) => {
      if (known !== undefined && isKnown(algorithms)) return known.ring;
      const name = algorithms.join();
      const adding =
        making.get(name) ?? change(() => addFirstKeys(algorithms, deps)).finally(() => making.delete(name));
      making.set(name, adding);
      return adding;
    },
    change,
    known: () => known,
  };
}
