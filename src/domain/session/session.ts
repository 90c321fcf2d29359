import type { ContextValue } from '../policy/request.ts';

/** How the credentials came about: AssumeRole*, GetSessionToken, GetFederationToken. */
export type SessionKind = 'assumed-role' | 'session-token' | 'federated-user';

/** Session policies that were passed in one call: together one layer, of which any document may allow. */
export type SessionPolicyLayer = {
  /** JSON text as the caller sent it. */
  readonly inline?: string;
  /** Managed policies, by reference: they are looked up at every decision (wire-spec 5). */
  readonly managedArns: readonly string[];
};

/** Issued credentials as the store keeps them: token only as a hash, secret only sealed. Times are epoch milliseconds. */
export type Session = {
  /** `ASIA…`, 20 characters. */
  readonly accessKeyId: string;
  /** SHA-256 of the session token, 32 bytes. */
  readonly tokenHash: Uint8Array;
  /** The secret access key, sealed with the master key and bound to `accessKeyId`. */
  readonly sealedSecret: Uint8Array;
  readonly kind: SessionKind;
  readonly account: string;
  /** `…:assumed-role/<role>/<session>`, the user's ARN, or `…:federated-user/<name>`. */
  readonly principalArn: string;
  /** `AROA…:<session>`, `AIDA…`, or `<account>:<name>`. */
  readonly userId: string;
  /** The role or user whose policies the session lives on, and its unique id when it was issued. */
  readonly issuerArn: string;
  readonly issuerId: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** End of the sign-in that a chain of roles began with; no session of the chain outlives it. */
  readonly signInExpiresAtMs?: number;
  /** Who stands behind it: `<provider ARN> <subject>`, or the ARN of the user with long-term keys. */
  readonly person: string;
  /** The identity provider of the sign-in; absent for long-term keys. */
  readonly providerArn?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string;
  /** The parent's layers first: every layer must allow, so a child never may what its parent may not. */
  readonly sessionPolicies: readonly SessionPolicyLayer[];
  readonly mfaAuthenticatedAtMs?: number;
  /** The browser sign-in that it came from, `BrowserSession.signInId`; absent for proofs that tools brought. */
  readonly signInId?: string;
  /** The verified proof's condition keys, kept for later decisions and audit. */
  readonly claims: Readonly<Record<string, ContextValue>>;
};
