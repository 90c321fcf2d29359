import type { FederationError } from '../domain/errors.ts';
import type { ProviderFailures } from './provider-failure.ts';

/** What a source gave, and for how many milliseconds it is fresh. */
export type Loaded<T> = { readonly value: T; readonly freshMs: number };

/** The latest good copy of something that has to be fetched. */
export type CachedDocument<T> = {
  /** @throws FederationError of the latest fetch, where there is no copy that may still be used */
  readonly get: () => Promise<T>;
  /** Never rejects. Concurrent callers share one fetch, and after a failure there is none for a while. */
  readonly renew: () => Promise<void>;
  /** Waits for the fetch that is under way, if there is one. */
  readonly settled: () => Promise<void>;
  readonly latest: () => T | undefined;
  /** Why the latest fetch failed; `undefined` after one that succeeded. */
  readonly failure: () => FederationError | undefined;
};

type CachedDocumentDeps<T> = {
  readonly load: () => Promise<Loaded<T>>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly failures: ProviderFailures;
};

const HOUR_MS = 3_600_000;
/** The share of its freshness after which a copy is renewed in the background. */
const REFRESH_AFTER = 0.8;
/** How long a copy that is no longer fresh keeps working while it cannot be renewed. */
const MAX_STALE_MS = 24 * HOUR_MS;
/** After a failed fetch nobody tries, or waits, again for this long. */
const RETRY_AFTER_MS = 10_000;

type State<T> = {
  current?: Loaded<T> & { readonly fetchedAtMs: number };
  failed?: { readonly error: FederationError; readonly retryAtMs: number };
  fetching?: Promise<void>;
};

/**
 * Keeps a document in memory: renewed in the background after four fifths of its freshness, and for 24 hours beyond it in
 * use while its source cannot be reached; only the first request in 10 s waits for that source.
 */
export function createCachedDocument<T>(deps: CachedDocumentDeps<T>): CachedDocument<T> {
  const state: State<T> = {};
  const renew = (): Promise<void> => refetch(state, deps);
  return {
    get: async () => {
      const age = ageOf(state.current, deps.now());
      if (age === 'aging' || (age === 'stale' && state.failed !== undefined)) void renew();
      else if (age !== 'fresh') await renew();
      if (state.current !== undefined && ageOf(state.current, deps.now()) !== 'gone')
        return state.current.value;
      throw state.failed?.error ?? deps.failures.unreachable('the copy is too old');
    },
    renew,
    settled: async () => {
      await state.fetching;
    },
    latest: () => state.current?.value,
    failure: () => state.failed?.error,
  };
}

function ageOf<T>(current: State<T>['current'], nowMs: number): 'fresh' | 'aging' | 'stale' | 'gone' {
  if (current === undefined) return 'gone';
  const ageMs = nowMs - current.fetchedAtMs;
  if (ageMs < current.freshMs * REFRESH_AFTER) return 'fresh';
  if (ageMs < current.freshMs) return 'aging';
  return ageMs < current.freshMs + MAX_STALE_MS ? 'stale' : 'gone';
}

async function refetch<T>(state: State<T>, deps: CachedDocumentDeps<T>): Promise<void> {
  if (state.failed !== undefined && deps.now() < state.failed.retryAtMs) return;
  state.fetching ??= fetchInto(state, deps).finally(() => {
    delete state.fetching;
  });
  await state.fetching;
}

async function fetchInto<T>(state: State<T>, { load, now, failures }: CachedDocumentDeps<T>): Promise<void> {
  try {
    const loaded = await load();
    state.current = { ...loaded, fetchedAtMs: now() };
    delete state.failed;
  } catch (error) {
    state.failed = { error: failures.from(error), retryAtMs: now() + RETRY_AFTER_MS };
  }
}
