import type { Application } from '../../domain/application/application.ts';
import type { Service } from '../../domain/application/service.ts';
import { ACR } from '../../domain/session/authentication.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../domain/token/token-signer.ts';
import { claimsByScope, OIDC_SCOPES } from './claims-by-scope.ts';
import { GRANT_TYPES } from './client-metadata.ts';
import { OIDC_PATHS } from './oidc-paths.ts';
import { CLIENT_ALGORITHMS, CLIENT_AUTHENTICATION, DPOP_ALGORITHMS } from './provider-algorithms.ts';

export type DiscoveryParts = {
  /** Our origin. */
  readonly issuer: string;
  /** Of the services, beside those of the provider. */
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
};

/** What a configuration adds to the document. */
export function discoveryPartsOf({
  publicUrl,
  applications,
  services,
}: {
  readonly publicUrl: string;
  readonly applications: readonly Application[];
  readonly services: readonly Service[];
}): DiscoveryParts {
  return {
    issuer: publicUrl,
    scopes: [...new Set(services.flatMap(({ scopes }) => scopes))],
    claims: [...new Set(['iss', 'aud', 'iat', 'exp', ...Object.values(claimsByScope(applications)).flat()])],
  };
}

const PLACES = {
  authorization_endpoint: OIDC_PATHS.authorization,
  token_endpoint: OIDC_PATHS.token,
  userinfo_endpoint: OIDC_PATHS.userinfo,
  jwks_uri: OIDC_PATHS.jwks,
  introspection_endpoint: OIDC_PATHS.introspection,
  revocation_endpoint: OIDC_PATHS.revocation,
  pushed_authorization_request_endpoint: OIDC_PATHS.pushedAuthorization,
  device_authorization_endpoint: OIDC_PATHS.deviceAuthorization,
  end_session_endpoint: OIDC_PATHS.endSession,
} as const;

const ALGORITHMS: readonly SigningAlgorithm[] = SIGNING_ALGORITHMS;

/**
 * What the issuer can do, and nothing that it cannot: a member that is there makes clients use it.
 *
 * @see OpenID Connect Discovery 3, RFC 8414 2
 */
export function discoveryDocument({ issuer, scopes, claims }: DiscoveryParts) {
  const places = Object.entries(PLACES).map(([name, path]) => [name, `${issuer}${path}`] as const);
  return {
    issuer,
    ...Object.fromEntries(places),
    response_types_supported: ['code'],
    response_modes_supported: ['form_post', 'query'],
    grant_types_supported: Object.values(GRANT_TYPES),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ALGORITHMS,
    scopes_supported: [...OIDC_SCOPES, ...scopes],
    claim_types_supported: ['normal'],
    claims_supported: claims,
    claims_parameter_supported: true,
    acr_values_supported: Object.values(ACR),
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    introspection_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    introspection_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    request_object_signing_alg_values_supported: CLIENT_ALGORITHMS,
    require_pushed_authorization_requests: false,
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  };
}
