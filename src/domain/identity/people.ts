import { FederationError } from '../errors.ts';
import { decodePerson, encodePerson } from './person-record.ts';
import { personKeyOf, type Person, type PersonId } from './person.ts';
import type { PersonPage, PersonRecord, PersonStore } from './person-store.ts';

export type PeopleDeps = {
  readonly store: PersonStore;
  readonly seal: (plaintext: string, context: string) => Uint8Array;
  readonly openSecret: (sealed: Uint8Array, context: string) => string;
};

/** The people who signed in here, their factors and what they marked. All throw FederationError `store-unavailable`. */
export type People = {
  readonly find: (id: PersonId) => Promise<Person | undefined>;
  /** The person behind {@link publicSubjectOf}; nobody, where no key opens their record. */
  readonly findBySubject: (publicSubject: string) => Promise<Person | undefined>;
  /**
   * Changes a person, as they are at that moment: `change` may run again, when somebody else was quicker. It throws to change
   * nothing.
   *
   * @returns the person as they are now
   */
  readonly update: (id: PersonId, change: (person: Person | undefined) => Person) => Promise<Person>;
  /** Whether there is a record, be it one that no key opens. */
  readonly isKnown: (id: PersonId) => Promise<boolean>;
  /** Forgets a person, factors and all: who signs in again is somebody new. Whether there was one. */
  readonly remove: (id: PersonId) => Promise<boolean>;
  readonly list: (page: {
    readonly limit: number;
    readonly cursor?: string;
  }) => Promise<Pick<PersonPage, 'cursor'> & { readonly people: readonly Person[] }>;
};

/** More would be a loop of two nodes that undo each other's work. */
const MAX_TRIES = 10;

export function createPeople({ store, seal, openSecret }: PeopleDeps): People {
  const open = ({ person, sealed }: PersonRecord): Person =>
    decodePerson(openSecret(sealed, sealContextOfPerson(person)));
  const find = async (id: PersonId): Promise<Person | undefined> => {
    const record = await store.read(personKeyOf(id));
    return record && open(record);
  };
  return {
    find,
    findBySubject: async (publicSubject) => {
      const record = await store.readBySubject(publicSubject);
      return record && openIfReadable(record, open);
    },
    update: async (id, change) => {
      const key = personKeyOf(id);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const record = await store.read(key);
        const changed = change(record && open(record));
        const sealed = seal(encodePerson(changed), sealContextOfPerson(key));
        if (await store.replace(key, { sealed, expected: record?.revision ?? 0 })) return changed;
      }
      throw new FederationError('store-unavailable', 'the person is changed from too many places at once');
    },
    isKnown: async (id) => (await store.read(personKeyOf(id))) !== undefined,
    remove: (id) => store.remove(personKeyOf(id)),
    list: async (page) => {
      const { people, ...rest } = await store.list(page);
      return { people: people.map(open), ...rest };
    },
  };
}

// What was given to somebody is void where nobody can say any more who that was.
function openIfReadable(record: PersonRecord, open: (record: PersonRecord) => Person): Person | undefined {
  try {
    return open(record);
  } catch {
    return undefined;
  }
}

/** One person's record opens as nobody else's. */
export function sealContextOfPerson(personKey: string): string {
  return `person:${personKey}`;
}
