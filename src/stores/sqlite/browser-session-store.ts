import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import { FederationError } from '../../domain/errors.ts';
import type {
  BrowserSessionRecord,
  BrowserSessionStore,
} from '../../domain/session/browser-session-store.ts';
import { digestOfSubject, publicSubjectOfKey } from '../../domain/identity/person.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';
import { MOST_BROWSER_SESSIONS } from '../most-browser-sessions.ts';
import type { Database } from './database.ts';

const COLUMNS = 'id, person, last_seen_at, expires_at, sealed';

export function createSqliteBrowserSessions(db: Database, now: () => number): BrowserSessionStore {
  return { ...creating(db, now), ...reading(db, now), ...changing(db, now), ...ending(db, now) };
}

function creating(db: Database, now: () => number): Pick<BrowserSessionStore, 'create' | 'replace'> {
  const add = prepareAdd(db, now);
  // Nobody ends another person's session by stepping up.
  const remove = db.connection.prepare(
    'DELETE FROM browser_sessions WHERE id = ? AND person_key = ? AND expires_at > ?',
  );
  return {
    create: (record) =>
      db.write(() => {
        add(record);
      }),
    replace: (id, next) =>
      db.write(() => {
        if (remove.run(id, keyDigest(next.person), now()).changes === 0) return false;
        add(next);
        return true;
      }),
  };
}

/** Makes room, then inserts; inside a transaction. */
function prepareAdd({ connection }: Database, now: () => number): (record: BrowserSessionRecord) => void {
  const makeRoom = connection.prepare(
    `DELETE FROM browser_sessions WHERE rowid IN (
       SELECT rowid FROM browser_sessions WHERE person_key = ? AND expires_at > ?
       ORDER BY last_seen_at DESC LIMIT -1 OFFSET ${MOST_BROWSER_SESSIONS - 1})`,
  );
  // A row that has expired but was not swept yet gives way; a living one never does.
  const insert = connection.prepare(
    `INSERT INTO browser_sessions (person_key, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET person_key = excluded.person_key, person = excluded.person,
       last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at, sealed = excluded.sealed
     WHERE browser_sessions.expires_at <= ?`,
  );
  return ({ id, person, lastSeenAtMs, expiresAtMs, sealed }) => {
    const key = keyDigest(person);
    makeRoom.run(key, now());
    if (insert.run(key, id, person, lastSeenAtMs, expiresAtMs, sealed, now()).changes === 0)
      throw new FederationError('store-unavailable', 'the id of the browser session is taken');
  };
}

function reading(
  db: Database,
  now: () => number,
): Pick<BrowserSessionStore, 'find' | 'listOf' | 'listOfSubject'> {
  const select = (where: string): StatementSync =>
    db.connection.prepare(`SELECT ${COLUMNS} FROM browser_sessions WHERE ${where} AND expires_at > ?`);
  const one = select('id = ?');
  const ofPerson = select('person_key = ?');
  const listKey = (key: string): Promise<readonly BrowserSessionRecord[]> =>
    db.read(() => ofPerson.all(key, now()).slice(0, MOST_BROWSER_SESSIONS).map(fromRow));
  return {
    find: (id) =>
      db.read(() => {
        const row = one.get(id, now());
        return row && fromRow(row);
      }),
    listOf: (person) => listKey(keyDigest(person)),
    listOfSubject: async (publicSubject) => {
      const records = await listKey(digestOfSubject(publicSubject));
      // As for people: the digest alone is not the subject.
      return records.filter(({ person }) => publicSubjectOfKey(person) === publicSubject);
    },
  };
}

function fromRow(row: Record<string, SQLOutputValue>): BrowserSessionRecord {
  const { id, person, last_seen_at: lastSeenAtMs, expires_at: expiresAtMs, sealed } = row;
  if (
    typeof id !== 'string' ||
    typeof person !== 'string' ||
    typeof lastSeenAtMs !== 'number' ||
    typeof expiresAtMs !== 'number' ||
    !(sealed instanceof Uint8Array)
  )
    throw new Error('not a row of a browser session');
  return { id, person, lastSeenAtMs, expiresAtMs, sealed };
}

/** Only what lives is changed: an update that comes after the end, from whichever process, wakes nothing. */
function changing(db: Database, now: () => number): Pick<BrowserSessionStore, 'touch' | 'update'> {
  const update = (change: string): StatementSync =>
    db.connection.prepare(`UPDATE browser_sessions SET ${change} WHERE id = ? AND expires_at > ?`);
  const times = update('last_seen_at = ?, expires_at = ?');
  const content = update('sealed = ?');
  return {
    touch: (id, { lastSeenAtMs, expiresAtMs }) =>
      db.write(() => times.run(lastSeenAtMs, expiresAtMs, id, now()).changes === 1),
    update: (id, sealed) => db.write(() => content.run(sealed, id, now()).changes === 1),
  };
}

function ending(db: Database, now: () => number): Pick<BrowserSessionStore, 'end' | 'endAll'> {
  const one = db.connection.prepare('DELETE FROM browser_sessions WHERE id = ? AND expires_at > ?');
  const all = db.connection.prepare(
    'DELETE FROM browser_sessions WHERE person_key = ? AND expires_at > ? AND id <> ?',
  );
  return {
    end: (id) => db.write(() => one.run(id, now()).changes === 1),
    // No id is empty.
    endAll: (person, except = '') =>
      db.write(() => Number(all.run(keyDigest(person), now(), except).changes)),
  };
}
