import { z } from 'zod';
import type { KeySource, OidcProvider } from '../domain/identity/oidc-provider.ts';
import type { ProviderKeys, WantedKey } from '../domain/identity/provider-keys.ts';
import { createCachedDocument, type CachedDocument, type Loaded } from './cached-document.ts';
import type { GuardedFetch } from './guarded-fetch.ts';
import { createProviderFailures } from './provider-failure.ts';
import { createJwkSet, type JwkSet } from './jwk-set.ts';
import {
  discoveryUrlOf,
  fetchProviderDocument,
  freshnessOf,
  parseProviderDocument,
} from './provider-document.ts';

export type KeySourceDeps = {
  readonly fetch: GuardedFetch;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

/** Between two fetches for an unknown `kid`: tokens with invented ones must not become a load on the issuer. */
const UNKNOWN_KEY_INTERVAL_MS = 10_000;

const TEXT =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const failures = createProviderFailures(TEXT);
const { unusable } = failures;

/** What AWS requires of a discovery document (wire-spec 3.1). */
const discoveryDocument = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  response_types_supported: z.array(z.string()),
  subject_types_supported: z.array(z.string()),
  id_token_signing_alg_values_supported: z.array(z.string()),
});
const jwksDocument = z.object({ keys: z.array(z.unknown()) });

type CachedKeys = { readonly document: CachedDocument<JwkSet>; unknownKeyAtMs: number };

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
  const load = async () =>
    loadKeys(jwks.kind === 'uri' ? jwks.uri : await discoverKeys(issuer, deps.fetch), deps.fetch);
  const cache = remote.get(id) ?? {
    document: createCachedDocument({ load, now: deps.now, failures }),
    unknownKeyAtMs: -Infinity,
  };
  remote.set(id, cache);
  return cache;
}

async function findRemoteKey(cache: CachedKeys, wanted: WantedKey, now: () => number) {
  const known = await cache.document.get();
  const key = await known.find(wanted);
  if (key !== undefined) return key;
  await renewForUnknownKey(cache, now);
  const renewed = await cache.document.latest()?.find(wanted);
  // Perhaps the key is new: an issuer that cannot be asked is worth another try, one that was asked is not.
  const failure = cache.document.failure();
  if (renewed === undefined && failure !== undefined) throw failure;
  return renewed;
}

async function renewForUnknownKey(cache: CachedKeys, now: () => number): Promise<void> {
  const nowMs = now();
  if (nowMs - cache.unknownKeyAtMs >= UNKNOWN_KEY_INTERVAL_MS) {
    cache.unknownKeyAtMs = nowMs;
    await cache.document.renew();
  } else {
    await cache.document.settled();
  }
}

async function discoverKeys(issuer: string, fetch: GuardedFetch): Promise<string> {
  const answer = await fetchProviderDocument(discoveryUrlOf(issuer), fetch, failures);
  const document = parseProviderDocument(answer, discoveryDocument);
  // Otherwise an issuer could pass another's keys off as its own (OpenID Connect Discovery 4.3).
  if (document.issuer !== issuer) throw unusable('the discovery document names another issuer');
  return document.jwks_uri;
}

async function loadKeys(uri: string, fetch: GuardedFetch): Promise<Loaded<JwkSet>> {
  const answer = await fetchProviderDocument(uri, fetch, failures);
  const { keys } = parseProviderDocument(answer, jwksDocument);
  return { value: createJwkSet(keys), freshMs: freshnessOf(answer) };
}
