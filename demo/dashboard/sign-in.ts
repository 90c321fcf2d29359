import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  discovery,
  enableNonRepudiationChecks,
  randomNonce,
  randomPKCECodeVerifier,
  refreshTokenGrant,
  type Configuration,
  type IDToken,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import { dashboardClient, MFA } from './dashboard-client.ts';

/** What the application holds for somebody. None of the tokens ever stands in a page. */
export type Tokens = {
  readonly claims: IDToken;
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
};

/** A sign-in that was begun: only the browser that began it may end it. */
export type Attempt = {
  readonly visitor: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly wantsMfa: 'yes' | 'no';
};

/** Reads the bridge's discovery document. @see OpenID Connect Discovery 4 */
export async function discover(issuer: string): Promise<Configuration> {
  const authentication = ClientSecretBasic(dashboardClient.secret);
  // Only because all of it is on one machine; in earnest the bridge is at https.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to stand out
  const settings = { execute: [allowInsecureRequests, enableNonRepudiationChecks] };
  return discovery(new URL(issuer), dashboardClient.id, undefined, authentication, settings);
}

export function createAttempt(visitor: string, wantsMfa: Attempt['wantsMfa']): Attempt {
  return { visitor, nonce: randomNonce(), verifier: randomPKCECodeVerifier(), wantsMfa };
}

/** Where the browser goes to sign in; `acr_values` asks for the second factor (RFC 9470 4). */
export async function signInUrl(
  config: Configuration,
  { nonce, verifier, wantsMfa }: Attempt,
  { url, state }: { readonly url: string; readonly state: string },
): Promise<string> {
  const parameters = {
    redirect_uri: `${url}/callback`,
    scope: 'openid profile email roles',
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(wantsMfa === 'yes' && { acr_values: MFA }),
  };
  return buildAuthorizationUrl(config, parameters).href;
}

/** Takes the code that the browser came back with, and checks all that the answer says. @see OpenID Connect Core 3.1.3.7 */
export async function finishSignIn(
  config: Configuration,
  current: URL,
  { attempt, state }: { readonly attempt: Attempt; readonly state: string },
): Promise<Tokens> {
  const answer = await authorizationCodeGrant(config, current, {
    expectedState: state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.verifier,
    idTokenExpected: true,
  });
  return tokensOf(answer, { refreshToken: undefined });
}

/** Gets new tokens; the refresh token of before is worth nothing from here on. */
export async function refresh(config: Configuration, tokens: Tokens): Promise<Tokens> {
  return tokensOf(await refreshTokenGrant(config, tokens.refreshToken ?? ''), tokens);
}

function tokensOf(
  answer: TokenEndpointResponse & TokenEndpointResponseHelpers,
  before: Pick<Tokens, 'refreshToken'> & Partial<Tokens>,
): Tokens {
  const claims = answer.claims() ?? before.claims;
  const idToken = answer.id_token ?? before.idToken;
  if (claims === undefined || idToken === undefined) throw new Error('the bridge sent no ID token');
  return {
    claims,
    idToken,
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? before.refreshToken,
    expiresAtMs: Date.now() + (answer.expires_in ?? 0) * 1000,
  };
}

/** Where the browser goes to sign out of everything. @see OpenID Connect RP-Initiated Logout 2 */
export function signOutUrl(config: Configuration, { idToken }: Tokens, url: string): string {
  return buildEndSessionUrl(config, {
    id_token_hint: idToken,
    post_logout_redirect_uri: `${url}/signed-out`,
  }).href;
}
