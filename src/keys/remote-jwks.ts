import { z } from 'zod';
import { FederationError } from '../domain/errors.ts';
import type { KeySource, OidcProvider } from '../domain/identity/oidc-provider.ts';
import type { ProviderKeys, WantedKey } from '../domain/identity/provider-keys.ts';
import { type FetchedDocument, type GuardedFetch } from './guarded-fetch.ts';
import { createProviderFailures } from './provider-failure.ts';
import { createJwkSet, type JwkSet } from './jwk-set.ts';

export type KeySourceDeps = {
  readonly fetch: GuardedFetch;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DEFAULT_FRESH_MS = HOUR_MS;
const MIN_FRESH_MS = 5 * MINUTE_MS;
const MAX_FRESH_MS = 24 * HOUR_MS;
/** The share of its freshness after which a set is renewed in the background. */
const REFRESH_AFTER = 0.8;
/** How long keys that are no longer fresh keep working while they cannot be renewed. */
const MAX_STALE_MS = 24 * HOUR_MS;
/** Between two fetches for an unknown `kid`: tokens with invented ones must not become a load on the issuer. */
const UNKNOWN_KEY_INTERVAL_MS = 10_000;
/** After a failed fetch nobody tries, or waits, again for this long. */
const RETRY_AFTER_MS = 10_000;

const TEXT =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const { unreachable, unusable, from } = createProviderFailures(TEXT);

/** What AWS requires of a discovery document (wire-spec 3.1). */
const discoveryDocument = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  response_types_supported: z.array(z.string()),
  subject_types_supported: z.array(z.string()),
  id_token_signing_alg_values_supported: z.array(z.string()),
});
const jwksDocument = z.object({ keys: z.array(z.unknown()) });

type FreshKeys = { readonly keys: JwkSet; readonly fetchedAtMs: number; readonly freshMs: number };
type CachedKeys = {
  readonly load: () => Promise<FreshKeys>;
  current?: FreshKeys;
  /** Why the latest fetch failed; absent after one that succeeded. */
  failure?: { readonly error: FederationError; readonly retryAtMs: number };
  unknownKeyAtMs: number;
  fetching?: Promise<void>;
};

/**
 * Finds providers' keys: pinned ones, or fetched and kept in memory for their `max-age` (5 min to 24 h, default 1 h).
 *
 * Renewed in the background after four fifths of that time, and at most every 10 s for an unknown `kid`; while an
 * issuer cannot be reached, known keys work for another 24 h and only the first request in 10 s waits for it.
 *
 * @see OpenID Connect Discovery 4, wire-spec 3.1 and 3.2
 */
export function createKeySource(deps: KeySourceDeps): ProviderKeys {
  const pinned = new WeakMap<KeySource, JwkSet>();
  // Providers of several accounts may share an issuer, and then its keys.
  const remote = new Map<string, CachedKeys>();
  return async (provider, wanted) => {
    const { jwks } = provider;
    const key =
      jwks.kind === 'pinned'
        ? await pinnedSet(pinned, jwks, jwks.keys).find(wanted)
        : await findRemoteKey(cacheOf(remote, provider, deps), wanted, deps.now);
    if (key === undefined) throw unusable('the provider has no such key');
    return key;
  };
}

function pinnedSet(known: WeakMap<KeySource, JwkSet>, source: KeySource, keys: readonly unknown[]): JwkSet {
  const set = known.get(source) ?? createJwkSet(keys);
  known.set(source, set);
  return set;
}

function cacheOf(remote: Map<string, CachedKeys>, provider: OidcProvider, deps: KeySourceDeps): CachedKeys {
  const { issuer, jwks } = provider;
  const id = jwks.kind === 'uri' ? `uri ${jwks.uri}` : `issuer ${issuer}`;
  const cache = remote.get(id) ?? {
    load: async () => loadKeys(jwks.kind === 'uri' ? jwks.uri : await discoverKeys(issuer, deps.fetch), deps),
    unknownKeyAtMs: -Infinity,
  };
  remote.set(id, cache);
  return cache;
}

async function findRemoteKey(cache: CachedKeys, wanted: WantedKey, now: () => number) {
  const known = await currentKeys(cache, now);
  const key = await known.find(wanted);
  if (key !== undefined) return key;
  await refetchForUnknownKey(cache, now);
  const renewed = await cache.current?.keys.find(wanted);
  // Perhaps the key is new: an issuer that cannot be asked is worth another try, one that was asked is not.
  if (renewed === undefined && cache.failure !== undefined) throw cache.failure.error;
  return renewed;
}

async function currentKeys(cache: CachedKeys, now: () => number): Promise<JwkSet> {
  const age = ageOf(cache.current, now());
  if (age === 'aging' || (age === 'stale' && cache.failure !== undefined)) void refetch(cache, now);
  else if (age !== 'fresh') await refetch(cache, now);
  if (cache.current !== undefined && ageOf(cache.current, now()) !== 'gone') return cache.current.keys;
  throw cache.failure?.error ?? unreachable('the keys are too old');
}

function ageOf(current: FreshKeys | undefined, nowMs: number): 'fresh' | 'aging' | 'stale' | 'gone' {
  if (current === undefined) return 'gone';
  const ageMs = nowMs - current.fetchedAtMs;
  if (ageMs < current.freshMs * REFRESH_AFTER) return 'fresh';
  if (ageMs < current.freshMs) return 'aging';
  return ageMs < current.freshMs + MAX_STALE_MS ? 'stale' : 'gone';
}

async function refetchForUnknownKey(cache: CachedKeys, now: () => number): Promise<void> {
  const nowMs = now();
  if (nowMs - cache.unknownKeyAtMs >= UNKNOWN_KEY_INTERVAL_MS) {
    cache.unknownKeyAtMs = nowMs;
    await refetch(cache, now);
  } else {
    await cache.fetching;
  }
}

/** Never rejects. Concurrent callers share one fetch, and after a failure there is none for a while. */
async function refetch(cache: CachedKeys, now: () => number): Promise<void> {
  if (cache.failure !== undefined && now() < cache.failure.retryAtMs) return;
  cache.fetching ??= fetchInto(cache, now).finally(() => {
    delete cache.fetching;
  });
  await cache.fetching;
}

async function fetchInto(cache: CachedKeys, now: () => number): Promise<void> {
  try {
    cache.current = await cache.load();
    delete cache.failure;
  } catch (error) {
    cache.failure = { error: from(error), retryAtMs: now() + RETRY_AFTER_MS };
  }
}

async function discoverKeys(issuer: string, fetch: GuardedFetch): Promise<string> {
  const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
  const answer = await fetchDocument(`${base}/.well-known/openid-configuration`, fetch);
  const document = parseDocument(answer, discoveryDocument);
  // Otherwise an issuer could pass another's keys off as its own (OpenID Connect Discovery 4.3).
  if (document.issuer !== issuer) throw unusable('the discovery document names another issuer');
  return document.jwks_uri;
}

async function loadKeys(uri: string, { fetch, now }: KeySourceDeps): Promise<FreshKeys> {
  const answer = await fetchDocument(uri, fetch);
  const { keys } = parseDocument(answer, jwksDocument);
  return {
    keys: createJwkSet(keys),
    fetchedAtMs: now(),
    freshMs: readFreshness(answer.headers['cache-control']),
  };
}

async function fetchDocument(url: string, fetch: GuardedFetch): Promise<FetchedDocument> {
  const answer = await fetch(url);
  if (answer.status >= 500 || answer.status === 429) throw unreachable(`${url} answered ${answer.status}`);
  if (answer.status !== 200) throw unusable(`${url} answered ${answer.status}`);
  return answer;
}

function parseDocument<T>(answer: FetchedDocument, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(answer.body.toString('utf8')));
}

/** `max-age` in milliseconds, within bounds: an issuer can neither make us hammer it nor keep a revoked key for long. */
function readFreshness(cacheControl = ''): number {
  const directives = cacheControl.toLowerCase().split(',', 20);
  const maxAge = directives.map((directive) => directive.trim()).find((name) => name.startsWith('max-age='));
  const seconds = Number(maxAge?.slice('max-age='.length));
  if (!Number.isFinite(seconds)) return DEFAULT_FRESH_MS;
  return Math.min(Math.max(seconds * 1000, MIN_FRESH_MS), MAX_FRESH_MS);
}
