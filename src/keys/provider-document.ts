import type { z } from 'zod';
import type { FetchedDocument, GuardedFetch } from './guarded-fetch.ts';
import type { ProviderFailures } from './provider-failure.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DEFAULT_FRESH_MS = HOUR_MS;
const MIN_FRESH_MS = 5 * MINUTE_MS;
const MAX_FRESH_MS = 24 * HOUR_MS;

/** Where an issuer describes itself (OpenID Connect Discovery 4). */
export function discoveryUrlOf(issuer: string): string {
  const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
  return `${base}/.well-known/openid-configuration`;
}

/**
 * Fetches a provider's document.
 *
 * @throws FederationError of `failures`, for any answer but a 200
 */
export async function fetchProviderDocument(
  url: string,
  fetch: GuardedFetch,
  { unreachable, unusable }: ProviderFailures,
): Promise<FetchedDocument> {
  const answer = await fetch(url);
  if (answer.status >= 500 || answer.status === 429) throw unreachable(`${url} answered ${answer.status}`);
  if (answer.status !== 200) throw unusable(`${url} answered ${answer.status}`);
  return answer;
}

/** @throws whatever JSON and the schema throw */
export function parseProviderDocument<T>(answer: FetchedDocument, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(answer.body.toString('utf8')));
}

/** `max-age` in milliseconds, within bounds: an issuer can neither make us hammer it nor keep a revoked key for long. */
export function freshnessOf({ headers }: Pick<FetchedDocument, 'headers'>): number {
  const directives = (headers['cache-control'] ?? '').toLowerCase().split(',', 20);
  const maxAge = directives.map((directive) => directive.trim()).find((name) => name.startsWith('max-age='));
  const seconds = Number(maxAge?.slice('max-age='.length));
  if (!Number.isFinite(seconds)) return DEFAULT_FRESH_MS;
  return Math.min(Math.max(seconds * 1000, MIN_FRESH_MS), MAX_FRESH_MS);
}
