import { FederationError } from '../domain/errors.ts';
import type { SamlMetadata, SamlMetadataSource } from '../domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../domain/identity/saml-provider.ts';
import { type GuardedFetch } from './guarded-fetch.ts';
import { createProviderFailures } from './provider-failure.ts';

const { unreachable, unusable, from } = createProviderFailures(
  'The metadata of the specified provider cannot be used',
);

export type SamlMetadataDeps = {
  readonly fetch: GuardedFetch;
  /** Throws an Error for a document that it refuses. */
  readonly parse: (xml: string) => SamlMetadata;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told when a document could not be renewed, with why. */
  readonly onFailure: (url: string, error: Error) => void;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DEFAULT_FRESH_MS = 6 * HOUR_MS;
const MIN_FRESH_MS = 5 * MINUTE_MS;
const MAX_FRESH_MS = 24 * HOUR_MS;
/** The share of its freshness after which a document is renewed in the background. */
const REFRESH_AFTER = 0.8;
/** After a failed fetch nobody tries, or waits, again for this long. */
const RETRY_AFTER_MS = 10_000;

type Fresh = { readonly metadata: SamlMetadata; readonly fetchedAtMs: number; readonly freshMs: number };
type Cached = {
  current?: Fresh;
  failure?: { readonly error: FederationError; readonly retryAtMs: number };
  fetching?: Promise<void>;
};

/**
 * Finds providers' metadata: from the configuration, or fetched and kept in memory.
 *
 * Fetched documents are renewed in the background after four fifths of their `cacheDuration`, or of the time until
 * `validUntil` where that is sooner (5 min to 24 h, default 6 h). While the source does not answer the last good copy
 * goes on working, but none works after its `validUntil`. Concurrent callers share one fetch.
 *
 * @throws FederationError of the source: `identity-provider-unreachable` where a retry could help, else
 *   `invalid-identity-token`
 * @see SAML Metadata 2.3.1, 2.3.2
 */
export function createSamlMetadataSource(deps: SamlMetadataDeps): SamlMetadataSource {
  const documents = new WeakMap<SamlProvider['metadata'], SamlMetadata>();
  const fetched = new Map<string, Cached>();
  return async ({ metadata: source }) => {
    if (source.kind === 'document') {
      const metadata = documents.get(source) ?? parse(source.xml, deps);
      documents.set(source, metadata);
      return requireValid(metadata, deps.now());
    }
    const cached = fetched.get(source.url) ?? {};
    fetched.set(source.url, cached);
    return requireValid(await currentOf(cached, source.url, deps), deps.now());
  };
}

async function currentOf(cached: Cached, url: string, deps: SamlMetadataDeps): Promise<SamlMetadata> {
  const { current } = cached;
  const age = current && ageOf(current, deps.now());
  if (age === 'aging' || (age === 'stale' && cached.failure !== undefined)) void renew(cached, url, deps);
  else if (age !== 'fresh') await renew(cached, url, deps);
  if (cached.current !== undefined) return cached.current.metadata;
  throw cached.failure?.error ?? unreachable('no metadata yet');
}

function ageOf({ fetchedAtMs, freshMs, metadata }: Fresh, nowMs: number): 'fresh' | 'aging' | 'stale' {
  const ageMs = nowMs - fetchedAtMs;
  if (isOver(metadata, nowMs) || ageMs >= freshMs) return 'stale';
  return ageMs < freshMs * REFRESH_AFTER ? 'fresh' : 'aging';
}

/** Never rejects. Concurrent callers share one fetch, and after a failure there is none for a while. */
async function renew(cached: Cached, url: string, deps: SamlMetadataDeps): Promise<void> {
  if (cached.failure !== undefined && deps.now() < cached.failure.retryAtMs) return;
  cached.fetching ??= fetchInto(cached, url, deps).finally(() => {
    delete cached.fetching;
  });
  await cached.fetching;
}

async function fetchInto(cached: Cached, url: string, deps: SamlMetadataDeps): Promise<void> {
  try {
    cached.current = await load(url, deps);
    delete cached.failure;
  } catch (error) {
    const failure = from(error);
    cached.failure = { error: failure, retryAtMs: deps.now() + RETRY_AFTER_MS };
    deps.onFailure(url, failure);
  }
}

async function load(url: string, deps: SamlMetadataDeps): Promise<Fresh> {
  const answer = await deps.fetch(url);
  if (answer.status >= 500 || answer.status === 429) throw unreachable(`${url} answered ${answer.status}`);
  if (answer.status !== 200) throw unusable(`${url} answered ${answer.status}`);
  const metadata = parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body), deps);
  const fetchedAtMs = deps.now();
  // A document that is over already must not take the place of the last good copy.
  requireValid(metadata, fetchedAtMs);
  return { metadata, fetchedAtMs, freshMs: freshnessOf(metadata, fetchedAtMs) };
}

/** Bounded: a provider can neither make us hammer it nor keep a withdrawn key for long. */
function freshnessOf(
  { cacheDurationMs = DEFAULT_FRESH_MS, validUntilMs = Infinity }: SamlMetadata,
  nowMs: number,
) {
  const wanted = Math.min(cacheDurationMs, validUntilMs - nowMs);
  return Math.min(Math.max(wanted, MIN_FRESH_MS), MAX_FRESH_MS);
}

function parse(xml: string, deps: SamlMetadataDeps): SamlMetadata {
  try {
    return deps.parse(xml);
  } catch (error) {
    throw unusable(
      `the metadata was refused: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

function requireValid(metadata: SamlMetadata, nowMs: number): SamlMetadata {
  if (!isOver(metadata, nowMs)) return metadata;
  throw unreachable('the metadata is past its validUntil (SAML Metadata 2.3.1)');
}

function isOver({ validUntilMs = Infinity }: SamlMetadata, nowMs: number): boolean {
  return validUntilMs <= nowMs;
}
