import { BASE32, bucketOfKey } from '../../domain/session/bucket.ts';
import type { PersonPage, PersonRecord, PersonStore } from '../../domain/identity/person-store.ts';
import { isPublicSubject } from '../../domain/identity/person.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';
import { checkLimit } from '../paging.ts';
import type { Connection } from './connection.ts';
import { BUCKETS } from './keys.ts';
import type { Keys } from './keys.ts';
import { parseFields, parseHashes } from './parse-hashes.ts';
import { formatPersonCursor, parsePersonCursor } from './person-cursor.ts';
import type { PersonPlace } from './person-cursor.ts';
import { LIST_PEOPLE, REMOVE_PERSON, REPLACE_PERSON } from './person-scripts.ts';

export type PersonStoreDeps = { readonly connection: Connection; readonly keys: Keys };

export function createRedisPeople(deps: PersonStoreDeps): PersonStore {
  const { connection, keys } = deps;
  const readKey = async (key: string): Promise<PersonRecord | undefined> => {
    const fields = await connection.run((client) => client.hmgetBuffer(key, 'person', 'revision', 'sealed'));
    return fields.every((field) => field === null) ? undefined : toRecord(parseFields(fields));
  };
  return {
    read: (person) => readKey(keys.person(person)),
    readBySubject: async (publicSubject) =>
      isPublicSubject(publicSubject) ? readKey(keys.personBySubject(publicSubject)) : undefined,
    replace: async (person, { sealed, expected }) => {
      const touched = [keys.person(person), keys.peopleIndex(bucketOfKey(person))];
      const values = [expected, Buffer.from(sealed), person, keyDigest(person)];
      return (await connection.script(REPLACE_PERSON, touched, values)) === 1;
    },
    remove: async (person) => {
      const touched = [keys.person(person), keys.peopleIndex(bucketOfKey(person))];
      return (await connection.script(REMOVE_PERSON, touched, [keyDigest(person)])) === 1;
    },
    list: async ({ limit, cursor }) => {
      checkLimit(limit);
      return listPeople(deps, limit, cursor === undefined ? START : parsePersonCursor(cursor));
    },
  };
}

const START: PersonPlace = { bucket: BASE32.charAt(0), digest: '' };

type Found = PersonPlace & { readonly record: PersonRecord };

/** Goes through the buckets one after the other, and in each through its people in the order of their digests. */
async function listPeople(deps: PersonStoreDeps, limit: number, from: PersonPlace): Promise<PersonPage> {
  const found: Found[] = [];
  for (const bucket of BUCKETS.slice(BUCKETS.indexOf(from.bucket))) {
    const place = bucket === from.bucket ? from : { bucket, digest: '' };
    // One more than was asked for tells whether there is a next page.
    found.push(...(await peopleAfter(deps, place, limit + 1 - found.length)));
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const people = shown.map(({ record }) => record);
  const last = shown.at(-1);
  return found.length > limit && last !== undefined
    ? { people, cursor: formatPersonCursor(last) }
    : { people };
}

async function peopleAfter(
  { connection, keys }: PersonStoreDeps,
  { bucket, digest }: PersonPlace,
  count: number,
): Promise<Found[]> {
  const start = digest === '' ? '-' : `(${digest}`;
  const values = [start, count, keys.people(bucket)];
  const reply = await connection.scriptBytes(LIST_PEOPLE, [keys.peopleIndex(bucket)], values);
  return parseHashes(reply).map(({ name, fields }) => ({ bucket, digest: name, record: toRecord(fields) }));
}

function toRecord([person, revision, sealed]: readonly Buffer[]): PersonRecord {
  if (!person || !revision || !sealed) throw new Error('the stored person cannot be read');
  return { person: person.toString(), revision: Number(revision.toString()), sealed };
}
