import { createPrivateKey, generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { SpKeys } from '../domain/identity/sp-keys.ts';
import { createSealedKeys, type SealedKeys, type SealedKeysDeps } from './sealed-keys.ts';
import { createSelfSignedCertificate } from './self-signed-certificate.ts';

export type SpKeyDeps = SealedKeysDeps & {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
};

const USES = ['signing', 'encryption'] as const;

const entrySchema = z.strictObject({
  id: z.string(),
  use: z.enum(USES),
  /** PEM, PKCS #8. */
  privateKey: z.string(),
  /** PEM. */
  certificate: z.string(),
  createdAtMs: z.number(),
  /** Absent: it is the next key. */
  activeFromMs: z.number().optional(),
  /** Absent: it was not replaced. */
  retiredAtMs: z.number().optional(),
});
const ringSchema = z.array(entrySchema).readonly();
type Entry = z.infer<typeof entrySchema>;
type Ring = z.infer<typeof ringSchema>;

/** A key as operators see it. */
export type SpKeySummary = {
  readonly id: string;
  readonly use: (typeof USES)[number];
  /** `retired` keys sign nothing, but decrypt until their overlap ends. */
  readonly state: 'current' | 'next' | 'retired';
  readonly createdAtMs: number;
  /** Of its certificate. */
  readonly notAfterMs: number;
  /** SHA-256 of the certificate, as X.509 tools print it. */
  readonly fingerprint: string;
};

const NAME = 'saml-sp';
const SEAL_CONTEXT = 'saml-sp-keys';
const DAY_MS = 86_400_000;
/** Enough until 2030 (NIST SP 800-57 part 1, table 2), and what every identity provider takes. */
const MODULUS_BITS = 2048;
const VALIDITY_MS = 3 * 365 * DAY_MS;
/** Identity providers that were given our certificate by hand may go on encrypting to the old one for this long. */
const OVERLAP_MS = 30 * DAY_MS;
/** How soon a rotation on another node, or by the command line, is seen. */
const FRESH_MS = 60_000;

/**
 * The bridge's own SAML keys, one pair to sign with and one to decrypt with: made when they are first needed, sealed in
 * the store, and read again once a minute, so that all nodes follow a rotation.
 */
export function createSpKeys(deps: SpKeyDeps): () => Promise<SpKeys> {
  let known: { readonly keys: SpKeys; readonly readAtMs: number } | undefined;
  let reading: Promise<SpKeys> | undefined;
  const read = async (): Promise<SpKeys> => {
    const keys = toKeys(await readOrCreate(deps), deps.now());
    known = { keys, readAtMs: deps.now() };
    return keys;
  };
  return async () => {
    if (known !== undefined && deps.now() - known.readAtMs < FRESH_MS) return known.keys;
    reading ??= read().finally(() => (reading = undefined));
    // Keys that were good a minute ago still are while the store does not answer.
    return reading.catch((error: unknown) => {
      if (known === undefined) throw error;
      return known.keys;
    });
  };
}

/** All keys, made where there are none yet; the current ones first. */
export async function listSpKeys(deps: SpKeyDeps): Promise<readonly SpKeySummary[]> {
  return summariesOf(await readOrCreate(deps));
}

/**
 * Makes the next keys current. Identity providers know them already, since metadata named them; the old ones go on
 * decrypting for 30 days, and new next ones are made.
 *
 * @returns all keys after the rotation
 */
export async function rotateSpKeys(deps: SpKeyDeps): Promise<readonly SpKeySummary[]> {
  const ring = await sealedKeysOf(deps).update((found) => (found ? advance(found, deps) : createRing(deps)));
  return summariesOf(ring ?? []);
}

// Of nodes that start together one is first; the others throw theirs away and take its keys.
async function readOrCreate(deps: SpKeyDeps): Promise<Ring> {
  const ring = await sealedKeysOf(deps).update((found) => (found ? undefined : createRing(deps)));
  return ring ?? [];
}

function sealedKeysOf(deps: SpKeyDeps): SealedKeys<Ring> {
  return createSealedKeys(deps, { name: NAME, context: SEAL_CONTEXT, schema: ringSchema });
}

async function createRing(deps: SpKeyDeps): Promise<Ring> {
  const [current, next] = await Promise.all([createPair(deps), createPair(deps)]);
  return [...current.map((entry) => ({ ...entry, activeFromMs: deps.now() })), ...next];
}

async function advance(ring: Ring, deps: SpKeyDeps): Promise<Ring> {
  const nowMs = deps.now();
  const moved = ring.map((entry) => {
    if (entry.activeFromMs === undefined) return { ...entry, activeFromMs: nowMs };
    return { retiredAtMs: nowMs, ...entry };
  });
  const kept = moved.filter(
    ({ retiredAtMs }) => retiredAtMs === undefined || nowMs - retiredAtMs < OVERLAP_MS,
  );
  return [...kept, ...(await createPair(deps))];
}

function createPair(deps: SpKeyDeps): Promise<readonly Entry[]> {
  // A key for each use: what decrypts must not sign as well (NIST SP 800-57 part 1, 5.2).
  return Promise.all(USES.map((use) => createEntry(use, deps)));
}

async function createEntry(use: Entry['use'], { now, random }: SpKeyDeps): Promise<Entry> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS });
  const createdAtMs = now();
  const certificate = createSelfSignedCertificate({
    privateKey,
    publicKey,
    commonName: `rolebridge saml ${use}`,
    // An identity provider's clock may be behind ours.
    notBeforeMs: createdAtMs - DAY_MS,
    notAfterMs: createdAtMs + VALIDITY_MS,
    serialNumber: random(16),
  });
  return {
    id: Buffer.from(random(4)).toString('hex'),
    use,
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certificate,
    createdAtMs,
  };
}

function stateOf({ activeFromMs, retiredAtMs }: Entry): SpKeySummary['state'] {
  if (retiredAtMs !== undefined) return 'retired';
  return activeFromMs === undefined ? 'next' : 'current';
}

function summariesOf(ring: Ring): readonly SpKeySummary[] {
  const order = { current: 0, next: 1, retired: 2 } as const;
  return ring.map(summaryOf).toSorted((a, b) => order[a.state] - order[b.state]);
}

function summaryOf(entry: Entry): SpKeySummary {
  const { id, use, createdAtMs, certificate } = entry;
  const { validToDate, fingerprint256: fingerprint } = new X509Certificate(certificate);
  return { id, use, state: stateOf(entry), createdAtMs, notAfterMs: validToDate.getTime(), fingerprint };
}

function toKeys(ring: Ring, nowMs: number): SpKeys {
  const of = (use: Entry['use'], ...states: readonly SpKeySummary['state'][]) =>
    states.flatMap((state) => ring.filter((entry) => entry.use === use && stateOf(entry) === state));
  const [signing] = of('signing', 'current');
  if (signing === undefined) throw new Error('the stored SAML keys have none that signs');
  const overlapping = of('encryption', 'retired').filter(
    ({ retiredAtMs = 0 }) => nowMs - retiredAtMs < OVERLAP_MS,
  );
  const decrypting = [...of('encryption', 'current', 'next'), ...overlapping];
  return {
    signing: { privateKey: createPrivateKey(signing.privateKey), certificate: signing.certificate },
    signingCertificates: of('signing', 'current', 'next').map(({ certificate }) => certificate),
    encryptionCertificates: of('encryption', 'current', 'next').map(({ certificate }) => certificate),
    decryptionKeys: decrypting.map(({ privateKey }) => createPrivateKey(privateKey)),
  };
}
