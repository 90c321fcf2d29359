import type { Secret } from '../credentials/secret.ts';
import type { Policy } from '../policy/document.ts';
import type { AccountId, Arn } from './arn.ts';

/** A long-term key. An `Inactive` one is known, but signs nothing. */
export type AccessKey = {
  /** `AKIA` and 16 characters. */
  readonly id: string;
  readonly secret: Secret;
  readonly status: 'Active' | 'Inactive';
};

export type MfaDevice = {
  /** `arn:aws:iam::<account>:mfa/<name>`, or a hardware serial. */
  readonly serial: string;
  /** The TOTP seed, base32 (RFC 4648). */
  readonly totpSecret: Secret;
};

/** Somebody with long-lived keys: an IAM user, or an account's root user. */
export type User = {
  /** `arn:aws:iam::<account>:user/<path><name>`, or `arn:aws:iam::<account>:root`. */
  readonly arn: Arn;
  /** `AIDA` and 17 characters; the account id for a root user (wire-spec 2). */
  readonly id: string;
  readonly account: AccountId;
  readonly name: string;
  readonly isRoot: boolean;
  /** The user's own policies and those of the user's groups. */
  readonly identityPolicies: readonly Policy[];
  readonly permissionsBoundary?: Policy;
  readonly tags: Readonly<Record<string, string>>;
  readonly accessKeys: readonly AccessKey[];
  readonly mfaDevices: readonly MfaDevice[];
};
