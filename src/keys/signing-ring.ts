import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import {
  dueForRotation,
  isDoneSigning,
  phaseOf,
  publishedKeys,
  retiredAtMsOf,
  timesOfNewKey,
  withoutGone,
  withoutSuccessor,
  type KeyPhase,
  type KeyTimes,
} from '../domain/token/key-ring.ts';
import { RETIRED_MS } from '../domain/token/key-schedule.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../domain/token/token-signer.ts';
import { createSealedKeys, type SealedKeys, type SealedKeysDeps } from './sealed-keys.ts';

export type SigningRingDeps = SealedKeysDeps & {
  /** Epoch milliseconds. */
  readonly now: () => number;
};

const keySchema = z.strictObject({
  /** RFC 7638 thumbprint: two keys cannot have the same. */
  kid: z.string(),
  algorithm: z.enum(SIGNING_ALGORITHMS),
  publishedAtMs: z.number(),
  signsFromMs: z.number(),
  /** PEM. */
  publicKey: z.string(),
  /** PEM, PKCS #8. Absent: the key is done signing, and nobody can make it sign again. */
  privateKey: z.string().optional(),
});
const ringSchema = z.array(keySchema).readonly();

export type StoredSigningKey = z.infer<typeof keySchema>;
export type SigningRing = readonly StoredSigningKey[];

/** A key as operators see it. Epoch milliseconds. */
export type SigningKeySummary = KeyTimes & {
  readonly phase: KeyPhase;
  /** When it leaves the key set; absent while it has no successor. */
  readonly goneAtMs?: number;
};

/** The ring as it is stored. */
export async function readSigningRing(deps: SigningRingDeps): Promise<SigningRing> {
  return (await sealedRing(deps).update(() => undefined)) ?? [];
}

/** Makes keys of the algorithms that have none. */
export async function addFirstKeys(
  algorithms: readonly SigningAlgorithm[],
  deps: SigningRingDeps,
): Promise<SigningRing> {
  const ring = await sealedRing(deps).update((found = []) => {
    const missing = algorithms.filter((name) => !found.some(({ algorithm }) => algorithm === name));
    return missing.length === 0 ? undefined : withNewKeys(found, missing, deps);
  });
  return ring ?? [];
}

/**
 * Publishes the next key of each algorithm that has none yet; it signs after the lead time. Of rotations at once one counts.
 *
 * @returns all keys after it
 */
export async function rotateSigningKeys(deps: SigningRingDeps): Promise<readonly SigningKeySummary[]> {
  const ring = await sealedRing(deps).update((found = []) => {
    const algorithms = withoutSuccessor(found, deps.now()).map(({ algorithm }) => algorithm);
    return algorithms.length === 0 ? undefined : withNewKeys(found, algorithms, deps);
  });
  return summariesOf(ring ?? [], deps.now());
}

/**
 * Takes every key away, also those that wait: who could read one could read all of them. New ones sign at once, and no token
 * of the old ones verifies any more. Of two such rotations at once one counts.
 *
 * @returns all keys after it
 */
export async function replaceSigningKeys(deps: SigningRingDeps): Promise<readonly SigningKeySummary[]> {
  let doomed: ReadonlySet<string> | undefined;
  const ring = await sealedRing(deps).update((found = []) => {
    doomed ??= new Set(found.map(({ kid }) => kid));
    const old = found.filter(({ kid }) => doomed?.has(kid));
    const kept = found.filter(({ kid }) => !doomed?.has(kid));
    const algorithms = new Set(old.map(({ algorithm }) => algorithm));
    return old.length === 0 ? undefined : withNewKeys(kept, [...algorithms], deps);
  });
  return summariesOf(ring ?? [], deps.now());
}

/**
 * What time asks for: publishes the next keys where the old ones get too old, erases the private part of those that are done
 * signing, and removes those that are gone.
 *
 * @returns the ring, and the keys that this node made
 */
export async function maintainSigningRing(
  { rotationMs }: { readonly rotationMs: number },
  deps: SigningRingDeps,
): Promise<{ readonly ring: SigningRing; readonly made: SigningRing }> {
  let before: SigningRing = [];
  const ring = await sealedRing(deps).update((found = []) => {
    before = found;
    const nowMs = deps.now();
    const due = dueForRotation(found, { nowMs, rotationMs });
    const kept = withoutGone(found, nowMs).map((key) =>
      isDoneSigning(key, found, nowMs) ? withoutPrivateKey(key) : key,
    );
    if (due.length > 0) return withNewKeys(kept, due, deps);
    return JSON.stringify(kept) === JSON.stringify(found) ? undefined : kept;
  });
  const known = new Set(before.map(({ kid }) => kid));
  return { ring: ring ?? [], made: (ring ?? []).filter(({ kid }) => !known.has(kid)) };
}

/** All keys, those that sign first. */
export async function listSigningKeys(deps: SigningRingDeps): Promise<readonly SigningKeySummary[]> {
  return summariesOf(await readSigningRing(deps), deps.now());
}

function summariesOf(ring: SigningRing, nowMs: number): readonly SigningKeySummary[] {
  return publishedKeys(ring, nowMs).map((key) => {
    const { kid, algorithm, publishedAtMs, signsFromMs } = key;
    const retiredAtMs = retiredAtMsOf(key, ring);
    return {
      kid,
      algorithm,
      phase: phaseOf(key, ring, nowMs),
      publishedAtMs,
      signsFromMs,
      ...(retiredAtMs === undefined ? {} : { goneAtMs: retiredAtMs + RETIRED_MS }),
    };
  });
}

function sealedRing(deps: SigningRingDeps): SealedKeys<SigningRing> {
  return createSealedKeys(deps, {
    name: 'token-signing',
    context: 'token-signing-keys',
    schema: ringSchema,
  });
}

async function withNewKeys(
  ring: SigningRing,
  algorithms: readonly SigningAlgorithm[],
  deps: SigningRingDeps,
): Promise<SigningRing> {
  const pairs = await Promise.all(algorithms.map(async (algorithm) => createKey(algorithm)));
  // The clock is read once the keys are there: an RSA key takes its time, and that must not shorten its lead.
  const nowMs = deps.now();
  return [...ring, ...pairs.map((pair) => ({ ...pair, ...timesOfNewKey(ring, pair.algorithm, nowMs) }))];
}

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

/** Enough until 2030 (NIST SP 800-57 part 1, table 2), and what every verifier takes. */
const MODULUS_BITS = 2048;
const generate = promisify(generateKeyPair);
const GENERATORS = {
  EdDSA: () => generate('ed25519'),
  ES256: () => generate('ec', { namedCurve: 'P-256' }),
  ES384: () => generate('ec', { namedCurve: 'P-384' }),
  RS256: () => generate('rsa', { modulusLength: MODULUS_BITS }),
} as const satisfies Record<SigningAlgorithm, () => Promise<Pair>>;

async function createKey(
  algorithm: SigningAlgorithm,
): Promise<Omit<StoredSigningKey, 'publishedAtMs' | 'signsFromMs'>> {
  const { publicKey, privateKey } = await GENERATORS[algorithm]();
  return {
    kid: await calculateJwkThumbprint(publicKey),
    algorithm,
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function withoutPrivateKey(key: StoredSigningKey): StoredSigningKey {
  const { kid, algorithm, publishedAtMs, signsFromMs, publicKey } = key;
  return { kid, algorithm, publishedAtMs, signsFromMs, publicKey };
}
