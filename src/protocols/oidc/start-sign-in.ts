import { hash } from 'node:crypto';
import { buildAuthorizationUrl, buildAuthorizationUrlWithPAR, type CustomFetch } from 'openid-client';
import type { OidcMetadataSource } from '../../domain/identity/oidc-metadata.ts';
import { type OidcSignInProvider, PRESET_RULES } from './presets.ts';
import { fetchJson } from './provider-answer.ts';
import { toFailure } from './provider-refusal.ts';
import { createRelyingParty } from './relying-party.ts';

export type OidcSignInStart = {
  readonly provider: OidcSignInProvider;
  /** An absolute address of ours, as it is registered at the provider. */
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** 43 to 128 unreserved characters (RFC 7636 4.1). */
  readonly codeVerifier: string;
  readonly loginHint?: string;
  readonly prompt?: 'login' | 'select_account' | 'consent' | 'none';
  /** Any of which will do; empty: whatever the provider has. */
  readonly acrValues: readonly string[];
  readonly maxAgeSeconds?: number;
  /** BCP 47 tags, the preferred one first. */
  readonly uiLocales?: readonly string[];
};

export type OidcSignInStartDeps = {
  readonly metadataOf: OidcMetadataSource;
  /** Goes past the guard; never follows a redirect. */
  readonly fetch: CustomFetch;
};

/**
 * The address at the provider where a sign-in begins: code flow with PKCE, state and nonce. PKCE is used whatever the
 * metadata says of it, as Cognito and Entra ID do it without saying so. Where pushed requests are offered, the parameters
 * go to the provider directly and the address names them only.
 *
 * @throws FederationError `identity-provider-unreachable`, `invalid-identity-token`, `provider-refused`
 * @see OpenID Connect Core 3.1.2.1, RFC 7636, RFC 9126
 */
export async function startOidcSignIn(start: OidcSignInStart, deps: OidcSignInStartDeps): Promise<URL> {
  const metadata = await deps.metadataOf(start.provider);
  const fetch = fetchJson(deps.fetch, (answer) => answer);
  const party = createRelyingParty(start.provider.signIn, metadata, fetch);
  const parameters = parametersOf(start);
  if (metadata.pushed_authorization_request_endpoint === undefined)
    return buildAuthorizationUrl(party, parameters);
  return buildAuthorizationUrlWithPAR(party, parameters).catch((error: unknown) => {
    throw toFailure(error);
  });
}

function parametersOf(start: OidcSignInStart): Record<string, string> {
  const { provider, loginHint, prompt, acrValues, maxAgeSeconds, uiLocales = [] } = start;
  const { signIn } = provider;
  const { authorizationParameters, promptForLogin } = PRESET_RULES[signIn.preset];
  return {
    ...authorizationParameters(signIn),
    response_type: 'code',
    redirect_uri: start.redirectUri,
    scope: signIn.scopes.join(' '),
    state: start.state,
    nonce: start.nonce,
    code_challenge: hash('sha256', start.codeVerifier, 'base64url'),
    code_challenge_method: 'S256',
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...(prompt === undefined ? {} : { prompt: prompt === 'login' ? promptForLogin : prompt }),
    ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
    ...(maxAgeSeconds === undefined ? {} : { max_age: String(maxAgeSeconds) }),
    ...(uiLocales.length === 0 ? {} : { ui_locales: uiLocales.join(' ') }),
  };
}
