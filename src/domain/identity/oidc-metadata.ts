import type { OidcProvider } from './oidc-provider.ts';

/** What a provider's discovery document says that a sign-in needs, by the specification's names. All addresses are absolute. */
export type OidcMetadata = {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint?: string;
  readonly end_session_endpoint?: string;
  readonly pushed_authorization_request_endpoint?: string;
  readonly require_pushed_authorization_requests?: boolean;
  readonly authorization_response_iss_parameter_supported?: boolean;
  /** Absent: `client_secret_basic` (OpenID Connect Discovery 3). */
  readonly token_endpoint_auth_methods_supported?: readonly string[];
};

/**
 * Port: a provider's metadata, fetched once and kept.
 *
 * @throws FederationError `identity-provider-unreachable` where a retry could help, else `invalid-identity-token`
 */
export type OidcMetadataSource = (provider: Pick<OidcProvider, 'issuer'>) => Promise<OidcMetadata>;
