/** A browser session as a store keeps it. Times are epoch milliseconds. */
export type BrowserSessionRecord = {
  /** Ends in the bucket of its person's key (`bucketOfKey`), so that all sessions of a person live in one Redis slot. */
  readonly id: string;
  /** As `personKeyOf` makes it. */
  readonly person: string;
  readonly lastSeenAtMs: number;
  /** The earlier of the idle and the absolute end. */
  readonly expiresAtMs: number;
  readonly sealed: Uint8Array;
};

/** Where browser sessions live. Expired ones are gone. Failures are as in `SessionStore`. */
export interface BrowserSessionStore {
  create(record: BrowserSessionRecord): Promise<void>;
  /** One round trip. */
  find(id: string): Promise<BrowserSessionRecord | undefined>;
  /** Moves the idle end; `false` where the session is gone: what was revoked does not wake. */
  touch(id: string, times: Pick<BrowserSessionRecord, 'lastSeenAtMs' | 'expiresAtMs'>): Promise<boolean>;
  /** Replaces the content, and nothing else; `false` where the session is gone. */
  update(id: string, sealed: Uint8Array): Promise<boolean>;
  /** Ends `id` and creates `next`, of the same person, at once; `false`, and nothing written, where `id` is gone. */
  replace(id: string, next: BrowserSessionRecord): Promise<boolean>;
  /** The living sessions of a person, in no promised order, at most 200. */
  listOf(person: string): Promise<readonly BrowserSessionRecord[]>;
  /** As {@link listOf}, for the person behind `publicSubjectOf`. */
  listOfSubject(publicSubject: string): Promise<readonly BrowserSessionRecord[]>;
  /** Whether there was such a living session. */
  end(id: string): Promise<boolean>;
  /** Ends all of a person but `except`. How many ended. */
  endAll(person: string, except?: string): Promise<number>;
}
