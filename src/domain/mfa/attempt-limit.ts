import { FederationError } from '../errors.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { Attempt } from './attempt.ts';
import { networkOf } from './network.ts';

export type AttemptStore = Pick<SessionStore, 'countAttempt' | 'attempts'>;

type Limit = { readonly key: string; readonly limit: number; readonly windowMs: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * All tries, counted before anything is looked at, so that parallel guesses cannot slip past; somebody who is right needs one in
 * 30 s at most. A whole office may be right from one address on a Monday morning.
 */
const TRIES = { person: [10, 5 * MINUTE_MS], address: [600, 5 * MINUTE_MS] } as const;
/**
 * Failures alone, over longer times: 50 a day find a code of three in a million with a chance of 1 in 6,000. An address may be
 * that of an office, or of somebody who tries many people.
 */
const FAILURES = {
  person: [
    [20, HOUR_MS],
    [50, DAY_MS],
  ],
  address: [
    [100, HOUR_MS],
    [300, DAY_MS],
  ],
} as const;

/**
 * Lets somebody try, unless they tried too often; a success takes nothing off the counters.
 *
 * @param run is told how many tries are left if this one fails
 * @throws FederationError `factor-locked` (`retryAfterSeconds`), `store-unavailable`, and what `run` throws
 */
export async function limitAttempts<T>(
  attempt: Attempt,
  store: AttemptStore,
  run: (attemptsLeft: number) => Promise<T>,
): Promise<T> {
  const [tries, failures] = [triesOf(attempt), failuresOf(attempt)];
  const tried = await Promise.all(tries.map(({ key, windowMs }) => store.countAttempt(key, windowMs)));
  const failed = await Promise.all(failures.map(({ key }) => store.attempts(key)));
  const left = [
    ...tries.map(({ limit }, index) => limit - (tried[index] ?? 0)),
    ...failures.map(({ limit }, index) => limit - 1 - (failed[index] ?? 0)),
  ];
  const full = [...tries, ...failures].filter((_, index) => (left[index] ?? 0) < 0);
  if (full.length > 0) throw locked(latestEnd(full, attempt), attempt.nowMs);
  try {
    return await run(Math.min(...left));
  } catch (error) {
    if (error instanceof FederationError && error.code === 'factor-refused')
      await Promise.all(failures.map(({ key, windowMs }) => store.countAttempt(key, windowMs)));
    throw error;
  }
}

/** Until when nobody may try, epoch milliseconds; 0: now. Counts nothing. */
export async function lockedUntilMs(attempt: Attempt, store: AttemptStore): Promise<number> {
  const limits = [...triesOf(attempt), ...failuresOf(attempt)];
  const counts = await Promise.all(limits.map(({ key }) => store.attempts(key)));
  const full = limits.filter(({ limit }, index) => (counts[index] ?? 0) >= limit);
  return full.length === 0 ? 0 : latestEnd(full, attempt);
}

/** Both times are epoch milliseconds. */
export function locked(untilMs: number, nowMs: number): FederationError {
  const retryAfterSeconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1000));
  return new FederationError('factor-locked', 'too many attempts', { params: { retryAfterSeconds } });
}

function triesOf(attempt: Attempt): readonly Limit[] {
  return [
    limitOf('tries', attempt.person, TRIES.person, attempt),
    limitOf('tries', networkOf(attempt.sourceIp), TRIES.address, attempt),
  ];
}

function failuresOf(attempt: Attempt): readonly Limit[] {
  return [
    ...FAILURES.person.map((window) => limitOf('failures', attempt.person, window, attempt)),
    ...FAILURES.address.map((window) => limitOf('failures', networkOf(attempt.sourceIp), window, attempt)),
  ];
}

// Windows begin at fixed times, so that it can be said when one ends.
function limitOf(
  counted: 'tries' | 'failures',
  who: string,
  [limit, windowMs]: readonly [number, number],
  { what, nowMs }: Attempt,
): Limit {
  const window = Math.floor(nowMs / windowMs);
  return { key: `factor-${counted}:${what}:${windowMs}:${window} ${who}`, limit, windowMs };
}

function latestEnd(limits: readonly Limit[], { nowMs }: Attempt): number {
  return Math.max(...limits.map(({ windowMs }) => (Math.floor(nowMs / windowMs) + 1) * windowMs));
}
