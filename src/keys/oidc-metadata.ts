import { z } from 'zod';
import type { OidcMetadata, OidcMetadataSource } from '../domain/identity/oidc-metadata.ts';
import { createCachedDocument, type CachedDocument, type Loaded } from './cached-document.ts';
import type { GuardedFetch, GuardedFetchOptions } from './guarded-fetch.ts';
import {
  discoveryUrlOf,
  fetchProviderDocument,
  freshnessOf,
  parseProviderDocument,
} from './provider-document.ts';
import { createProviderFailures } from './provider-failure.ts';

export type OidcMetadataDeps = {
  readonly fetch: GuardedFetch;
  /** Whether endpoints may have plain http addresses. */
  readonly http: GuardedFetchOptions['http'];
  /** Epoch milliseconds. */
  readonly now: () => number;
};

const failures = createProviderFailures('The discovery document of the identity provider cannot be used');
const MAX_URL_CHARS = 2048;
const MAX_METHODS = 50;

/**
 * Finds the metadata of providers, fetched and kept as their keys are: for its `max-age` (5 min to 24 h, default 1 h), and
 * for another 24 h while the provider cannot be reached.
 *
 * @see OpenID Connect Discovery 4
 */
export function createOidcMetadataSource(deps: OidcMetadataDeps): OidcMetadataSource {
  const { now } = deps;
  const documents = new Map<string, CachedDocument<OidcMetadata>>();
  return ({ issuer }) => {
    const load = (): Promise<Loaded<OidcMetadata>> => loadMetadata(issuer, deps);
    const document = documents.get(issuer) ?? createCachedDocument({ load, now, failures });
    documents.set(issuer, document);
    return document.get();
  };
}

async function loadMetadata(
  issuer: string,
  { fetch, http }: OidcMetadataDeps,
): Promise<Loaded<OidcMetadata>> {
  const answer = await fetchProviderDocument(discoveryUrlOf(issuer), fetch, failures);
  const value = parseProviderDocument(answer, metadataSchema(http));
  // Otherwise an issuer could lead people to another's pages, and their codes to its own (OpenID Connect Discovery 4.3).
  if (value.issuer !== issuer) throw failures.unusable('the discovery document names another issuer');
  return { value, freshMs: freshnessOf(answer) };
}

function metadataSchema(http: OidcMetadataDeps['http']): z.ZodType<OidcMetadata> {
  const endpoint = z
    .string()
    .max(MAX_URL_CHARS)
    .refine((text) => isEndpoint(text, http), 'not an address of an endpoint');
  return z.object({
    issuer: z.string(),
    authorization_endpoint: endpoint,
    token_endpoint: endpoint,
    userinfo_endpoint: endpoint.exactOptional(),
    end_session_endpoint: endpoint.exactOptional(),
    pushed_authorization_request_endpoint: endpoint.exactOptional(),
    require_pushed_authorization_requests: z.boolean().exactOptional(),
    authorization_response_iss_parameter_supported: z.boolean().exactOptional(),
    token_endpoint_auth_methods_supported: z.array(z.string()).max(MAX_METHODS).exactOptional(),
  });
}

/** Browsers are sent to some of them, where nothing else looks at the scheme: `javascript:` must not come through. */
function isEndpoint(text: string, http: OidcMetadataDeps['http']): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && http === 'allow');
}
