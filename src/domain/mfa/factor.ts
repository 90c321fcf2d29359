/** A second factor that a person has enrolled. Times are epoch milliseconds. */
export type Factor = TotpFactor | PasskeyFactor;

type Enrolled = {
  /** 128 random bits, base64url. */
  readonly id: string;
  /** The person's own name for it, 1–64 characters. */
  readonly name: string;
  readonly addedAtMs: number;
  readonly lastUsedAtMs?: number;
};

/** An authenticator app (RFC 6238: SHA-1, six digits, 30 s). */
export type TotpFactor = Enrolled & {
  readonly kind: 'totp';
  /** Base32. */
  readonly secret: string;
};

/** A passkey or security key (WebAuthn Level 3). */
export type PasskeyFactor = Enrolled & {
  readonly kind: 'passkey';
  /** Base64url. */
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  /** The signature counter of the last use; authenticators that do not count say 0 for ever. */
  readonly counter: number;
  readonly transports: readonly string[];
};

/** SHA-256, hex, of one of ten codes; the code itself was shown once. */
export type RecoveryCode = { readonly hash: string; readonly usedAtMs?: number };

export type MfaMethod = 'passkey' | 'totp' | 'recovery-code';

/** A second factor that was proved. `provider`: the identity provider said so, and is configured to be believed. */
export type MfaProof = {
  readonly authenticatedAtMs: number;
  readonly method: MfaMethod | 'provider';
};
