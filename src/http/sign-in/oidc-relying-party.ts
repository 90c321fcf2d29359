import { hash } from 'node:crypto';
import type { SignInProvider } from '../../domain/identity/sign-in-provider.ts';
import type { SignIn } from '../../domain/session/browser-session.ts';
import type { BoundAttempt } from '../login-attempt-cookie.ts';

export type OidcSignInProvider = Extract<SignInProvider, { kind: 'oidc' }>['provider'];

export type OidcRequest = {
  readonly provider: OidcSignInProvider;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly loginHint?: string;
  readonly prompt?: 'login' | 'select_account';
  readonly acrValues: readonly string[];
  readonly maxAgeSeconds?: number;
  /** The preferred first. */
  readonly uiLocales?: readonly string[];
};

export type OidcAnswer = {
  readonly provider: OidcSignInProvider;
  /** The address at which the browser came back. */
  readonly callback: URL;
  readonly expected: Pick<OidcRequest, 'state' | 'nonce' | 'codeVerifier' | 'redirectUri' | 'acrValues'> & {
    readonly maxAgeSeconds?: number;
    readonly startedAtMs: number;
  };
  readonly nowMs: number;
};

/** OpenID Connect as the pages need it: a request, its answer, and the way to sign out. */
export type OidcRelyingParty = {
  readonly start: (request: OidcRequest) => Promise<URL>;
  readonly finish: (answer: OidcAnswer) => Promise<SignIn>;
  /** `undefined`: the provider has no such place, or cannot be asked where it is. */
  readonly logoutUrl: (request: {
    readonly provider: OidcSignInProvider;
    readonly idToken?: string;
    readonly returnTo: string;
    readonly state?: string;
  }) => Promise<string | undefined>;
};

/**
 * What a request sends, and its answer must fit. Code verifier and nonce are derived from the secret in the browser's cookie,
 * so whoever reads the store can finish nobody's sign-in: an intercepted code is worth nothing without them.
 *
 * @see RFC 7636 4.1, OpenID Connect Core 3.1.2.1
 */
export function bindingOf({
  attempt,
  secret,
}: BoundAttempt): Pick<
  OidcAnswer['expected'],
  'state' | 'nonce' | 'codeVerifier' | 'acrValues' | 'maxAgeSeconds'
> {
  return {
    state: attempt.handle,
    nonce: hash('sha256', `nonce ${secret}`, 'base64url'),
    codeVerifier: hash('sha256', `pkce ${secret}`, 'base64url'),
    acrValues: attempt.authnContextClassRefs,
    ...(attempt.forceAuthn ? { maxAgeSeconds: 0 } : {}),
  };
}
