import type { ClientMetadata } from 'oidc-provider';
import type { Application, ApplicationGrant } from '../../domain/application/application.ts';
import { isNativeApplication } from '../../domain/application/redirect-uri.ts';

/** `grant_type` on the wire. */
export const GRANT_TYPES = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  token_exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  client_credentials: 'client_credentials',
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
} as const satisfies Record<ApplicationGrant, string>;

/**
 * An application as the library knows it. There are no other clients: nobody registers one.
 *
 * @param workloadSecret what our own code shows the library for applications whose platform has proved who they are
 */
export function clientMetadata(application: Application, workloadSecret: string): ClientMetadata {
  const { clientId, grants, redirectUris } = application;
  return {
    client_id: clientId,
    client_name: application.displayName,
    // `native`: any port of a loopback address does (RFC 8252 7.3), and the person is always asked.
    application_type: isNativeApplication(application) ? 'native' : 'web',
    grant_types: grants.map((grant) => GRANT_TYPES[grant]),
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    response_modes: ['query', 'form_post'],
    redirect_uris: [...redirectUris],
    post_logout_redirect_uris: [...application.postLogoutRedirectUris],
    id_token_signed_response_alg: application.idTokenAlgorithm,
    require_auth_time: false,
    require_pushed_authorization_requests: application.requirePushedRequests,
    dpop_bound_access_tokens: application.requireDpop,
    subject_type: 'public',
    ...authentication(application, workloadSecret),
  };
}

function authentication(
  { authentication: proof }: Application,
  workloadSecret: string,
): Partial<ClientMetadata> {
  switch (proof.kind) {
    case 'secret':
      return {
        token_endpoint_auth_method: proof.method === 'basic' ? 'client_secret_basic' : 'client_secret_post',
        client_secret: proof.secret.reveal(),
      };
    case 'keys':
      return { token_endpoint_auth_method: 'private_key_jwt', ...keysOf(proof.keys) };
    case 'workload':
      return { token_endpoint_auth_method: 'client_secret_post', client_secret: workloadSecret };
    case 'public':
      return { token_endpoint_auth_method: 'none' };
  }
}

type KeysProof = Extract<Application['authentication'], { kind: 'keys' }>['keys'];

function keysOf(keys: KeysProof): Partial<ClientMetadata> {
  if ('uri' in keys) return { jwks_uri: keys.uri };
  return { jwks: { keys: keys.jwks.map((key) => ({ ...key })) } };
}
