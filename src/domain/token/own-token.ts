/** Who acts for the subject, the last one first. @see RFC 8693 4.1 */
export type Actor = {
  readonly iss: string;
  readonly sub: string;
  readonly act?: Actor;
};

/** Of nested actors, and of exchanges one after the other. */
export const MAX_CHAIN = 4;

/** A token that we issued, once its signature, or its record, was checked. It may have expired, or its sign-in ended: see who asks. */
export type OwnToken = {
  readonly kind: 'access-token' | 'id-token';
  /** A person's {@link publicSubjectOf}, a role's ARN, a client id, or the hash of a workload's identity. */
  readonly subject: string;
  /** `sid`: the sign-in behind it; absent where there is none. */
  readonly signInId?: string;
  /** Who asked for it. */
  readonly clientId: string;
  /** Empty for an access token of userinfo alone. */
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
  /** `jti`. */
  readonly tokenId: string;
  readonly act?: Actor;
  /** Audiences of the tokens that it was exchanged from, the first one first: an exchange never comes back to one of them. */
  readonly via: readonly string[];
};
