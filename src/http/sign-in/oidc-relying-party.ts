import { hash } from 'node:crypto';
import type { SignIn } from '../../domain/session/browser-session.ts';
import type { ExpectedSignIn, OidcSignInFinish } from '../../protocols/oidc/finish-sign-in.ts';
import type { ProviderLogoutInput } from '../../protocols/oidc/provider-logout-url.ts';
import type { OidcSignInStart } from '../../protocols/oidc/start-sign-in.ts';
import type { BoundAttempt } from '../login-attempt-cookie.ts';

/** OpenID Connect as the pages need it: a request, its answer, and the way to sign out. */
export type OidcRelyingParty = {
  readonly start: (request: OidcSignInStart) => Promise<URL>;
  readonly finish: (answer: OidcSignInFinish & { readonly nowMs: number }) => Promise<SignIn>;
  /** `undefined`: the provider has no such place. */
  readonly logoutUrl: (request: ProviderLogoutInput) => Promise<string | undefined>;
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
}: BoundAttempt): Omit<ExpectedSignIn, 'redirectUri' | 'startedAtMs'> {
  return {
    state: attempt.handle,
    nonce: hash('sha256', `nonce ${secret}`, 'base64url'),
    codeVerifier: hash('sha256', `pkce ${secret}`, 'base64url'),
    acrValues: attempt.authnContextClassRefs,
    ...(attempt.forceAuthn ? { maxAgeSeconds: 0 } : {}),
  };
}
