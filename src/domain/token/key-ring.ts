import { PUBLISH_AHEAD_MS, RETIRED_MS, RETIRED_PRIVATE_MS } from './key-schedule.ts';
import type { SigningAlgorithm } from './token-signer.ts';

/** A key by its times, which are fixed when it is made: everything else follows from them and the clock. Epoch milliseconds. */
export type KeyTimes = {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publishedAtMs: number;
  readonly signsFromMs: number;
};

/** `published` keys wait for their turn; `retired` ones are still published for what they signed; `gone` ones are not. */
export type KeyPhase = 'published' | 'signing' | 'retired' | 'gone';

/** What a key does at a moment. */
export function phaseOf(key: KeyTimes, ring: readonly KeyTimes[], nowMs: number): KeyPhase {
  if (signingKeyOf(ring, key.algorithm, nowMs)?.kid === key.kid) return 'signing';
  const retiredAtMs = retiredAtMsOf(key, ring);
  if (key.signsFromMs > nowMs || retiredAtMs === undefined || retiredAtMs > nowMs) return 'published';
  return nowMs < retiredAtMs + RETIRED_MS ? 'retired' : 'gone';
}

/** The one key that signs: the last whose turn has come. A first key signs also where the clock is behind its maker's. */
export function signingKeyOf<Key extends KeyTimes>(
  ring: readonly Key[],
  algorithm: SigningAlgorithm,
  nowMs: number,
): Key | undefined {
  const keys = inTurn(ring, algorithm);
  return keys.findLast(({ signsFromMs }) => signsFromMs <= nowMs) ?? keys[0];
}

/** What the key set shows: of each algorithm the key that signs, those that will, and those that did. */
export function publishedKeys<Key extends KeyTimes>(ring: readonly Key[], nowMs: number): readonly Key[] {
  const order = { signing: 0, published: 1, retired: 2, gone: 3 } as const;
  return ring
    .map((key) => ({ key, rank: order[phaseOf(key, ring, nowMs)] }))
    .filter(({ rank }) => rank < order.gone)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ key }) => key);
}

/** When the next key takes over, or took over; `undefined` where there is none. */
export function retiredAtMsOf({ algorithm, kid }: KeyTimes, ring: readonly KeyTimes[]): number | undefined {
  const keys = inTurn(ring, algorithm);
  return keys[keys.findIndex((key) => key.kid === kid) + 1]?.signsFromMs;
}

/** The algorithms whose next key has to be published now, so that no key signs for longer than `rotationMs`. */
export function dueForRotation(
  ring: readonly KeyTimes[],
  { nowMs, rotationMs }: { readonly nowMs: number; readonly rotationMs: number },
): readonly SigningAlgorithm[] {
  return withoutSuccessor(ring, nowMs)
    .filter(({ signsFromMs }) => nowMs - signsFromMs >= rotationMs - PUBLISH_AHEAD_MS)
    .map(({ algorithm }) => algorithm);
}

/** The keys that sign and have no next key yet: one rotation is enough, however many ask for it. */
export function withoutSuccessor<Key extends KeyTimes>(ring: readonly Key[], nowMs: number): readonly Key[] {
  return ring.filter(
    (key) => phaseOf(key, ring, nowMs) === 'signing' && retiredAtMsOf(key, ring) === undefined,
  );
}

/** The times of a key that is made now. The first of its algorithm signs at once: nobody can wait for another. */
export function timesOfNewKey(
  ring: readonly KeyTimes[],
  algorithm: SigningAlgorithm,
  nowMs: number,
): Pick<KeyTimes, 'publishedAtMs' | 'signsFromMs'> {
  const isFirst = !ring.some((key) => key.algorithm === algorithm);
  return { publishedAtMs: nowMs, signsFromMs: isFirst ? nowMs : nowMs + PUBLISH_AHEAD_MS };
}

/** The ring without keys that are gone. */
export function withoutGone<Key extends KeyTimes>(ring: readonly Key[], nowMs: number): readonly Key[] {
  return ring.filter((key) => phaseOf(key, ring, nowMs) !== 'gone');
}

/** Whether nobody signs with a key any more, not even a node whose clock is behind. */
export function isDoneSigning(key: KeyTimes, ring: readonly KeyTimes[], nowMs: number): boolean {
  const retiredAtMs = retiredAtMsOf(key, ring);
  return retiredAtMs !== undefined && nowMs >= retiredAtMs + RETIRED_PRIVATE_MS;
}

// The kid decides between keys of one moment, so that all nodes decide alike.
function inTurn<Key extends KeyTimes>(ring: readonly Key[], algorithm: SigningAlgorithm): readonly Key[] {
  return ring
    .filter((key) => key.algorithm === algorithm)
    .toSorted((a, b) => a.signsFromMs - b.signsFromMs || (a.kid < b.kid ? -1 : 1));
}
