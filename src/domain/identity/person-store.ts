/** A person as a store keeps them. */
export type PersonRecord = {
  /** As `personKeyOf` makes it. */
  readonly person: string;
  /** How often the record was replaced, from 1. */
  readonly revision: number;
  readonly sealed: Uint8Array;
};

export type PersonPage = {
  readonly people: readonly PersonRecord[];
  /** Opaque; present while there is more. */
  readonly cursor?: string;
};

/** Where people live: they do not expire, for a lost factor must stay lost. Failures are as in `SessionStore`. */
export interface PersonStore {
  read(person: string): Promise<PersonRecord | undefined>;
  /** The person behind `publicSubjectOf`. One round trip. */
  readBySubject(publicSubject: string): Promise<PersonRecord | undefined>;
  /**
   * Puts `sealed` in the place of revision `expected` (0: there is none yet); `false`, and nothing written, where somebody was
   * quicker. So of two changes at once none is lost, and no factor that was removed comes back.
   */
  replace(person: string, next: { readonly sealed: Uint8Array; readonly expected: number }): Promise<boolean>;
  /** Whether there was one: factors and all. */
  remove(person: string): Promise<boolean>;
  /** All people in no promised order, at most `limit` (1–1000). */
  list(page: { readonly limit: number; readonly cursor?: string }): Promise<PersonPage>;
}
