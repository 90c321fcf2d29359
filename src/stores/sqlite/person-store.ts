import type { SQLOutputValue } from 'node:sqlite';
import type { PersonPage, PersonRecord, PersonStore } from '../../domain/identity/person-store.ts';
import { digestOfSubject, publicSubjectOfKey } from '../../domain/identity/person.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';
import { checkLimit } from '../paging.ts';
import type { Database } from './database.ts';
import { formatRowCursor, parseRowCursor } from './row-cursor.ts';

const CURSOR = 'p';

type Row = Record<string, SQLOutputValue>;

export function createSqlitePeople(db: Database): PersonStore {
  return { ...reading(db), replace: replacing(db), remove: removing(db) };
}

function reading(db: Database): Pick<PersonStore, 'read' | 'readBySubject' | 'list'> {
  const one = db.connection.prepare('SELECT person, revision, sealed FROM people WHERE key = ?');
  const page = db.connection.prepare(
    'SELECT id, person, revision, sealed FROM people WHERE id > ? ORDER BY id LIMIT ?',
  );
  const readKey = (key: string): Promise<PersonRecord | undefined> =>
    db.read(() => {
      const row = one.get(key);
      return row && fromRow(row);
    });
  return {
    read: (person) => readKey(keyDigest(person)),
    readBySubject: async (publicSubject) => {
      const record = await readKey(digestOfSubject(publicSubject));
      // The digest leads to the row; a person has one subject, not one for each character that may follow it.
      return record && publicSubjectOfKey(record.person) === publicSubject ? record : undefined;
    },
    list: async ({ limit, cursor }) => {
      checkLimit(limit);
      const after = cursor === undefined ? 0 : parseRowCursor(CURSOR, cursor);
      // One row more than was asked for tells whether there is a next page.
      return toPage(await db.read(() => page.all(after, limit + 1)), limit);
    },
  };
}

function toPage(rows: readonly Row[], limit: number): PersonPage {
  const shown = rows.slice(0, limit);
  const people = shown.map(fromRow);
  const last = shown.at(-1);
  return rows.length > limit && last !== undefined
    ? { people, cursor: formatRowCursor(CURSOR, Number(last['id'])) }
    : { people };
}

function fromRow({ person, revision, sealed }: Row): PersonRecord {
  if (typeof person !== 'string' || typeof revision !== 'number' || !(sealed instanceof Uint8Array))
    throw new Error('not a row of a person');
  return { person, revision, sealed };
}

function replacing(db: Database): PersonStore['replace'] {
  const insert = db.connection.prepare(
    'INSERT INTO people (key, person, revision, sealed) VALUES (?, ?, 1, ?) ON CONFLICT (key) DO NOTHING',
  );
  const update = db.connection.prepare(
    'UPDATE people SET revision = revision + 1, sealed = ? WHERE key = ? AND revision = ?',
  );
  return (person, { sealed, expected }) =>
    db.write(() => {
      const key = keyDigest(person);
      const written = expected === 0 ? insert.run(key, person, sealed) : update.run(sealed, key, expected);
      return written.changes === 1;
    });
}

function removing(db: Database): PersonStore['remove'] {
  const one = db.connection.prepare('DELETE FROM people WHERE key = ?');
  return (person) => db.write(() => one.run(keyDigest(person)).changes === 1);
}
