/**
 * A redirect to an identity provider that waits for its answer: what binds the answer to our request and to the browser
 * that asked. Times are epoch milliseconds.
 */
export type LoginAttempt = {
  /** 256 random bits, base64url: RelayState or `state`, and the only name that the outside has for the attempt. */
  readonly handle: string;
  /** An answer to a sign-out signs nobody in, and the other way round. */
  readonly purpose: 'sign-in' | 'sign-out';
  readonly providerArn: string;
  /** SAML: the ID that the answer's InResponseTo must have. OpenID Connect has none: its nonce comes from the browser's secret. */
  readonly requestId?: string;
  /** SHA-256, hex, of the secret in the browser's cookie. */
  readonly browserHash: string;
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
  /** Whether the person had to authenticate anew (ForceAuthn, `max_age=0`). */
  readonly forceAuthn: boolean;
  /** The authentication contexts that were asked for (AuthnContextClassRef, `acr_values`), any of which will do; empty: all. */
  readonly authnContextClassRefs: readonly string[];
  /** Where to go afterwards: a path of our own. */
  readonly returnTo?: string;
  /** The browser session that a sign-in ends when it succeeds: SAML's answer comes without the cookie that would tell. */
  readonly replaces?: string;
};

/** How long an identity provider may take, pages and second factor included. */
export const LOGIN_ATTEMPT_MS = 600_000;

/** Where attempts wait. Failures are as in `SessionStore`. */
export interface LoginAttemptStore {
  save(attempt: LoginAttempt): Promise<void>;
  /** Gives an attempt out once, on whichever node; unknown, taken and expired ones are `undefined`. */
  take(handle: string): Promise<LoginAttempt | undefined>;
}
