import * as oidc from 'openid-client';
import type { OidcMetadata } from '../../domain/identity/oidc-metadata.ts';
import type { OidcSignIn } from '../../domain/identity/sign-in-settings.ts';
import { providerRefused } from './provider-refusal.ts';

/** How a client says who it is. */
type ClientAuthentication = 'client_secret_basic' | 'client_secret_post';

/**
 * Our registration at a provider, as openid-client wants it, for requests that go out by `fetch` alone.
 *
 * @throws FederationError `provider-refused` where the provider takes no client secret
 */
export function createRelyingParty(
  { clientId, clientSecret }: OidcSignIn,
  metadata: OidcMetadata,
  fetch: oidc.CustomFetch,
): oidc.Configuration {
  const authentication =
    clientSecret === undefined
      ? oidc.None()
      : authenticationBy(chooseAuthentication(metadata), clientSecret.reveal());
  const party = new oidc.Configuration(serverOf(metadata), clientId, {}, authentication);
  party[oidc.customFetch] = fetch;
  // The guard behind `fetch` has the time limit, for a request as a whole.
  party.timeout = 0;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to stand out; the guard and the reader of the metadata decide which schemes may be
  oidc.allowInsecureRequests(party);
  return party;
}

function serverOf({
  token_endpoint_auth_methods_supported: methods,
  ...endpoints
}: OidcMetadata): oidc.ServerMetadata {
  return {
    ...endpoints,
    ...(methods === undefined ? {} : { token_endpoint_auth_methods_supported: [...methods] }),
  };
}

function chooseAuthentication({
  token_endpoint_auth_methods_supported: methods = ['client_secret_basic'],
}: OidcMetadata): ClientAuthentication {
  if (methods.includes('client_secret_basic')) return 'client_secret_basic';
  if (methods.includes('client_secret_post')) return 'client_secret_post';
  throw providerRefused('other', `the provider takes no client secret, only ${methods.join(', ')}`);
}

function authenticationBy(method: ClientAuthentication, secret: string): oidc.ClientAuth {
  return method === 'client_secret_post' ? oidc.ClientSecretPost(secret) : clientSecretBasic(secret);
}

/**
 * HTTP Basic, with letters, digits and `-_.~` as they are. The library writes `-` and `_` as `%2D` and `%5F`, which is right
 * too, but many providers do not decode what they get, and such characters are in most ids and secrets.
 *
 * @see RFC 6749 2.3.1 and Appendix B
 */
function clientSecretBasic(secret: string): oidc.ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const credentials = `${formEncode(client_id)}:${formEncode(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
}

function formEncode(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}
