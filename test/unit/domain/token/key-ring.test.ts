import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dueForRotation,
  isDoneSigning,
  phaseOf,
  publishedKeys,
  signingKeyOf,
  timesOfNewKey,
  withoutGone,
  withoutSuccessor,
  type KeyTimes,
} from '../../../../src/domain/token/key-ring.ts';
import {
  JWKS_MAX_AGE_SECONDS,
  LONGEST_TOKEN_MS,
  PUBLISH_AHEAD_MS,
  RETIRED_MS,
  RETIRED_PRIVATE_MS,
  RING_MAX_STALE_MS,
  RING_REFRESH_MS,
} from '../../../../src/domain/token/key-schedule.ts';

const DAY_MS = 86_400_000;
const MAX_AGE_MS = JWKS_MAX_AGE_SECONDS * 1000;
const START_MS = Date.UTC(2026, 0, 1);
const ALGORITHMS = ['ES256', 'RS256'] as const;

const key = (kid: string, signsFromMs: number, publishedAtMs = signsFromMs): KeyTimes => ({
  kid,
  algorithm: 'ES256',
  publishedAtMs,
  signsFromMs,
});

describe('a key', () => {
  const ring = [key('a', 0), key('b', PUBLISH_AHEAD_MS, 0)];
  const phases = (nowMs: number) => ring.map((one) => phaseOf(one, ring, nowMs));

  it('goes from published to signing, retired and gone at exactly the moments of the schedule', () => {
    const turn = PUBLISH_AHEAD_MS;
    expect(phases(turn - 1)).toEqual(['signing', 'published']);
    expect(phases(turn)).toEqual(['retired', 'signing']);
    expect(phases(turn + RETIRED_MS - 1)).toEqual(['retired', 'signing']);
    expect(phases(turn + RETIRED_MS)).toEqual(['gone', 'signing']);
  });

  it('keeps its private part until nodes whose clock is behind are done with it', () => {
    const [first = key('', 0), second = key('', 0)] = ring;
    const doneAt = PUBLISH_AHEAD_MS + RETIRED_PRIVATE_MS;
    expect(isDoneSigning(first, ring, doneAt - 1)).toBe(false);
    expect(isDoneSigning(first, ring, doneAt)).toBe(true);
    expect(isDoneSigning(second, ring, doneAt + 400 * DAY_MS)).toBe(false);
  });

  it('signs although it is the first and the clock is behind that of its maker', () => {
    expect(signingKeyOf([key('a', 1000)], 'ES256', 900)?.kid).toBe('a');
    expect(phaseOf(key('a', 1000), [key('a', 1000)], 900)).toBe('signing');
  });

  it('of one moment with another yields to it by its kid, in whatever order they are stored', () => {
    const [a, b] = [key('a', 0), key('b', 0)];
    expect(signingKeyOf([a, b], 'ES256', 1)?.kid).toBe('b');
    expect(signingKeyOf([b, a], 'ES256', 1)?.kid).toBe('b');
  });

  it('of another algorithm neither signs nor retires this one', () => {
    expect(signingKeyOf(ring, 'RS256', 0)).toBeUndefined();
    const mixed = [...ring, { ...key('r', PUBLISH_AHEAD_MS / 2), algorithm: 'RS256' as const }];
    expect(signingKeyOf(mixed, 'ES256', PUBLISH_AHEAD_MS / 2)?.kid).toBe('a');
  });

  it('is published with the signing one first, and the retired one last', () => {
    const kids = (nowMs: number) => publishedKeys(ring, nowMs).map(({ kid }) => kid);
    expect(kids(0)).toEqual(['a', 'b']);
    expect(kids(PUBLISH_AHEAD_MS)).toEqual(['b', 'a']);
    expect(kids(PUBLISH_AHEAD_MS + RETIRED_MS)).toEqual(['b']);
  });
});

describe('a rotation', () => {
  it('is due as long ahead as its key must be published, and once only', () => {
    const ring = [key('a', 0)];
    const due = (nowMs: number, keys = ring) => dueForRotation(keys, { nowMs, rotationMs: DAY_MS });
    expect(due(DAY_MS - PUBLISH_AHEAD_MS - 1)).toEqual([]);
    expect(due(DAY_MS - PUBLISH_AHEAD_MS)).toEqual(['ES256']);
    expect(due(DAY_MS, [...ring, key('b', DAY_MS + 1, 0)])).toEqual([]);
  });

  it('has nothing to follow but the key that signs', () => {
    const ring = [key('a', 0), key('b', 5, 0)];
    expect(withoutSuccessor(ring, 4)).toEqual([]);
    expect(withoutSuccessor(ring, 5).map(({ kid }) => kid)).toEqual(['b']);
  });

  it('gives the first key its turn at once, and each other one after the lead time', () => {
    expect(timesOfNewKey([], 'ES256', 7)).toEqual({ publishedAtMs: 7, signsFromMs: 7 });
    expect(timesOfNewKey([key('a', 0)], 'RS256', 7).signsFromMs).toBe(7);
    expect(timesOfNewKey([key('a', 0)], 'ES256', 7).signsFromMs).toBe(7 + PUBLISH_AHEAD_MS);
  });
});

describe('the schedule', () => {
  it('publishes a key twice as long ahead as a key set and every ring may be kept', () => {
    expect(PUBLISH_AHEAD_MS).toBeGreaterThanOrEqual(2 * MAX_AGE_MS + RING_REFRESH_MS);
    expect(PUBLISH_AHEAD_MS).toBeGreaterThan(MAX_AGE_MS + RING_MAX_STALE_MS);
  });

  it('keeps a retired key published for longer than the longest token lives', () => {
    expect(RETIRED_MS).toBeGreaterThan(LONGEST_TOKEN_MS);
  });
});

/** What nodes did to the ring, and when; any of them may do anything at any time. */
type Step = {
  readonly afterMs: number;
  readonly act: 'tick' | 'rotate' | 'first';
  readonly algorithm: (typeof ALGORITHMS)[number];
  readonly clockMs: number;
};
/** How far the clocks of nodes may be apart from the true time. */
const CLOCK_MS = 60_000;
const clock = fc.integer({ min: -CLOCK_MS, max: CLOCK_MS });
const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.oneof(
    fc.integer({ min: 0, max: 2 * PUBLISH_AHEAD_MS }),
    fc.integer({ min: 0, max: 2 * DAY_MS }),
    fc.constantFrom(0, 1, RING_REFRESH_MS, PUBLISH_AHEAD_MS, RETIRED_MS),
  ),
  act: fc.constantFrom('tick', 'tick', 'tick', 'rotate', 'first'),
  algorithm: fc.constantFrom(...ALGORITHMS),
  clockMs: clock,
});
const first = (algorithm: Step['algorithm']): Step => ({ afterMs: 0, act: 'first', algorithm, clockMs: 0 });
const history = fc
  .array(step, { minLength: 1, maxLength: 40 })
  .map((steps) => [...ALGORITHMS.map(first), ...steps]);
const ROTATION_MS = DAY_MS;

type Version = { readonly atMs: number; readonly ring: readonly KeyTimes[] };

/** The ring after each step, oldest first. */
function replay(steps: readonly Step[]): readonly Version[] {
  let atMs = START_MS;
  let ring: readonly KeyTimes[] = [];
  return steps.map((one, index) => {
    atMs += one.afterMs;
    ring = apply(ring, one, { nowMs: atMs + one.clockMs, kid: `k${index}` });
    return { atMs, ring };
  });
}

function apply(
  ring: readonly KeyTimes[],
  { act, algorithm }: Step,
  { nowMs, kid }: { readonly nowMs: number; readonly kid: string },
): readonly KeyTimes[] {
  const wanted = {
    tick: () => dueForRotation(ring, { nowMs, rotationMs: ROTATION_MS }),
    rotate: () => withoutSuccessor(ring, nowMs).map((one) => one.algorithm),
    first: () => (ring.some((one) => one.algorithm === algorithm) ? [] : [algorithm]),
  }[act]();
  const added = wanted.map((one) => ({
    kid: `${kid}-${one}`,
    algorithm: one,
    ...timesOfNewKey(ring, one, nowMs),
  }));
  return withoutGone([...ring, ...added], nowMs);
}

/** The ring as a node sees it that read it last at this time. */
function ringAt(versions: readonly Version[], atMs: number): readonly KeyTimes[] {
  return versions.findLast((version) => version.atMs <= atMs)?.ring ?? [];
}

const staleness = fc.integer({ min: 0, max: RING_MAX_STALE_MS });
// The ends are where a schedule breaks.
const fraction = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));

type Moment = { readonly at: number; readonly nearTurn: number | null };
/** A moment of the history: a turn of one of its keys, give or take two minutes, or any other. */
const moment: fc.Arbitrary<Moment> = fc.record({
  at: fraction,
  nearTurn: fc.option(fc.integer({ min: -2 * CLOCK_MS, max: 2 * CLOCK_MS })),
});
function momentOf(versions: readonly Version[], { at, nearTurn }: Moment): number {
  const turns = versions.flatMap(({ ring }) => ring.map(({ signsFromMs }) => signsFromMs));
  const turn = turns[Math.floor(at * (turns.length - 1))];
  if (nearTurn !== null && turn !== undefined) return turn + nearTurn;
  const last = versions.at(-1)?.atMs ?? START_MS;
  return START_MS + at * (last - START_MS + DAY_MS);
}

describe('for every history of rotations, whatever the clocks and however old the rings of nodes are', () => {
  it('exactly one key signs per algorithm', () => {
    fc.assert(
      fc.property(history, moment, clock, (steps, at, offsetMs) => {
        const versions = replay(steps);
        const nowMs = momentOf(versions, at) + offsetMs;
        const ring = ringAt(versions, nowMs);
        for (const algorithm of ALGORITHMS) {
          const keys = ring.filter((one) => one.algorithm === algorithm);
          const signing = keys.filter((one) => phaseOf(one, ring, nowMs) === 'signing');
          expect(signing).toHaveLength(keys.length === 0 ? 0 : 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('no key signs before it was published long enough, but for the first of its algorithm', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const firsts = new Set<string>();
        for (const { ring } of replay(steps)) {
          for (const { algorithm, kid, publishedAtMs, signsFromMs } of ring) {
            if (firsts.has(kid) || !firsts.has(algorithm)) firsts.add(algorithm).add(kid);
            else expect(signsFromMs - publishedAtMs).toBeGreaterThanOrEqual(PUBLISH_AHEAD_MS);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('what is signed verifies by every key set that is fetched until its end, or was fetched max-age before', () => {
    const signer = fc.record({ at: moment, staleMs: staleness, clockMs: clock });
    const lifeMs = fc.oneof(
      fc.constant(LONGEST_TOKEN_MS),
      fc.integer({ min: 60_000, max: LONGEST_TOKEN_MS }),
    );
    const fetched = fc.record({ at: fraction, staleMs: staleness, clockMs: clock });
    let compared = 0;
    fc.assert(
      fc.property(history, signer, lifeMs, fetched, (steps, sign, life, fetch) => {
        const versions = replay(steps);
        const signedAtMs = momentOf(versions, sign.at);
        const ring = ringAt(versions, signedAtMs - sign.staleMs);
        const fetchedAtMs = signedAtMs - MAX_AGE_MS + fetch.at * (MAX_AGE_MS + life);
        const seen = ringAt(versions, fetchedAtMs - fetch.staleMs);
        const kids = publishedKeys(seen, fetchedAtMs + fetch.clockMs).map(({ kid }) => kid);
        for (const algorithm of ALGORITHMS) {
          const found = signingKeyOf(ring, algorithm, signedAtMs + sign.clockMs);
          if (found === undefined || found.signsFromMs === found.publishedAtMs) continue;
          compared += 1;
          expect(kids).toContain(found.kid);
        }
      }),
      { numRuns: 3000 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it('a first key verifies, too, by every key set from the next reading of the ring on', () => {
    fc.assert(
      fc.property(history, moment, fraction, clock, (steps, at, later, offsetMs) => {
        const versions = replay(steps);
        const signedAtMs = momentOf(versions, at);
        const signing = signingKeyOf(ringAt(versions, signedAtMs), 'ES256', signedAtMs);
        if (signing === undefined) return;
        const fetchedAtMs = signedAtMs + later * LONGEST_TOKEN_MS;
        const published = publishedKeys(ringAt(versions, fetchedAtMs), fetchedAtMs + offsetMs);
        expect(published.map(({ kid }) => kid)).toContain(signing.kid);
      }),
      { numRuns: 1000 },
    );
  });
});
