/** The kinds of things that the provider remembers. */
export const OAUTH_RECORD_KINDS = [
  'AccessToken',
  'AuthorizationCode',
  'ClientCredentials',
  'DeviceCode',
  'ExchangedToken',
  'Grant',
  'Interaction',
  'PushedAuthorizationRequest',
  'RefreshToken',
  'ReplayDetection',
  'Session',
] as const;

export type OauthRecordKind = (typeof OAUTH_RECORD_KINDS)[number];

/** One thing that the provider remembers. Names are hashes: whoever reads the store learns no code and no token. */
export type OauthRecord = {
  readonly kind: OauthRecordKind;
  /** SHA-256 of the code, token or id, base64url: 43 characters. */
  readonly id: string;
  readonly sealed: Uint8Array;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
  /** The grant that it came from, as a hash like `id`. What is revoked with it. */
  readonly grantId?: string;
  /** A second name by which it is found: of a session its uid, of a device code its user code; as a hash like `id`. */
  readonly alias?: string;
  /** When it was used up, epoch milliseconds. Kept: a second use must be seen. */
  readonly consumedAtMs?: number;
};

/** A record's name. */
export type OauthRecordKey = Pick<OauthRecord, 'kind' | 'id'>;

/**
 * Where the provider keeps codes, tokens, grants, sessions and interactions until they expire. Expired ones are gone. Failures
 * are as in `SessionStore`.
 */
export interface OauthRecordStore {
  /** Writes a record, in the place of an older one of its name. One round trip. `consumedAtMs` of an older one stays. */
  save(record: Omit<OauthRecord, 'consumedAtMs'>): Promise<void>;
  /** One round trip. */
  find(key: OauthRecordKey): Promise<OauthRecord | undefined>;
  /** The living record of a kind with this alias. */
  findByAlias(kind: OauthRecordKind, alias: string): Promise<OauthRecord | undefined>;
  /**
   * Marks a record as used: of any number of calls at once, on all nodes together, one gets `consumed`. `gone`: there is no such
   * record any more.
   */
  consume(key: OauthRecordKey, atMs: number): Promise<'consumed' | 'already-consumed' | 'gone'>;
  /** Also frees its alias. */
  remove(key: OauthRecordKey): Promise<void>;
  /** Removes the grant's own record and, in whatever order, all that came from it. */
  revokeGrant(grantId: string): Promise<void>;
}
