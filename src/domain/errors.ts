/**
 * Every way in which a request can fail. A surface (STS, OAuth, pages) maps each code to its own answer with
 * `satisfies Record<FailureCode, …>`, so a new code without an answer does not compile.
 */
export type FailureCode =
  // the request's form
  | 'invalid-action'
  | 'malformed-input'
  | 'validation-failed'
  | 'invalid-parameter-value'
  | 'request-too-large'
  | 'request-timeout'
  // who signed
  | 'missing-credentials'
  | 'incomplete-signature'
  | 'unknown-credentials'
  | 'expired-credentials'
  | 'signature-mismatch'
  // the proof
  | 'invalid-identity-token'
  | 'expired-identity-token'
  | 'identity-provider-unreachable'
  // the decision
  | 'caller-denied'
  | 'federation-denied'
  | 'action-denied'
  | 'root-may-not-assume'
  | 'session-credentials-refused'
  | 'mfa-incomplete'
  | 'mfa-device-unknown'
  | 'mfa-code-wrong'
  // what was asked for
  | 'duration-exceeds-role'
  | 'duration-exceeds-chaining'
  | 'malformed-policy'
  | 'packed-policy-too-large'
  | 'invalid-authorization-message'
  | 'expired-trade-in-token'
  | 'outbound-federation-disabled'
  | 'session-duration-escalation'
  | 'token-payload-too-large'
  // people in browsers
  | 'sign-in-required'
  /** The answer of a provider fits no attempt of this browser: replayed, forged, too late, or another browser's. */
  | 'login-attempt-unknown'
  /** The provider answered with an error (`error`: its code, cut to what is known). */
  | 'provider-refused'
  /** A form that did not come from a page of ours. */
  | 'request-forged'
  | 'mfa-required'
  /** A code or passkey that was not accepted (`attemptsLeft`). */
  | 'factor-refused'
  /** Too many wrong codes (`retryAfterSeconds`). */
  | 'factor-locked'
  | 'not-found'
  // applications
  /** The client is not who it says, or is not known. */
  | 'client-refused'
  /** The client may not use the grant, or not on this token. */
  | 'client-unauthorized'
  /** No policy allows the exchange, or nothing of that name can be asked for. */
  | 'exchange-denied'
  /** A scope that the target has not, or that is more than the subject token has. */
  | 'scope-refused'
  /** Back to where the token has been, or one exchange too many. */
  | 'exchange-loop'
  /** What the provider's own protocol refused (`error`: its OAuth code). */
  | 'oauth-refused'
  // us
  | 'store-unavailable';

export type FailureDetails = {
  /** Values that the answer may name: the caller's own input or facts of the protocol, never policy content. */
  readonly params?: Readonly<Record<string, string | number>>;
  /** For our logs only. */
  readonly cause?: unknown;
};

/** What a refused caller is told beside the generic text, so that an operator can find and explain the refusal. */
export type Refusal = {
  /** `7F3K-Q2MD`: the audit log's key for this refusal. */
  readonly reference: string;
  /** The decision, sealed; DecodeAuthorizationMessage opens it. Absent where no policy was asked. */
  readonly encodedMessage?: string;
};

/** A failed request. `message`, `cause` and the stack are for our logs; the surface words its own answer from `code` and `params`. */
export class FederationError extends Error {
  readonly code: FailureCode;
  readonly params: Readonly<Record<string, string | number>>;
  /** Set once, when the failure is recorded. */
  refusal?: Refusal;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = 'FederationError';
    this.code = code;
    this.params = details.params ?? {};
  }
}
