import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import type { AuditRecord } from '../../domain/audit/audit-event.ts';
import { FederationError } from '../../domain/errors.ts';
import type {
  SessionIndex,
  SessionPage,
  SessionQuery,
  SessionStore,
  SingleUse,
} from '../../domain/session/session-store.ts';
import type { Session } from '../../domain/session/session.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';
import { checkLimit } from '../paging.ts';
import { decodeSession, encodeSession } from '../session-record.ts';
import type { Database } from './database.ts';
import { BATCH, removeAll } from './remove-all.ts';
import { formatRowCursor, parseRowCursor } from './row-cursor.ts';

const CURSOR = 's';
/** Tables whose rows go when their time has come, and their keys; sessions first: they are what is counted. */
const EXPIRING = {
  sessions: 'id',
  browser_sessions: 'rowid',
  marks: 'key',
  attempts: 'key',
  login_attempts: 'key',
  oauth_records: 'rowid',
} as const;

export type SessionStoreDeps = {
  readonly db: Database;
  readonly now: () => number;
  /** Adds an audit record inside the transaction that is open. */
  readonly insertAudit: (record: AuditRecord) => void;
};

type Row = Record<string, SQLOutputValue>;

export function createSqliteSessionStore(deps: SessionStoreDeps): SessionStore {
  return { ...issuing(deps), ...listing(deps), ...revoking(deps), ...counting(deps), sweep: sweeping(deps) };
}

function issuing({ db, now, insertAudit }: SessionStoreDeps): Pick<SessionStore, 'issue' | 'find' | 'claim'> {
  const { connection } = db;
  // A row that has expired but was not swept yet gives way; a living one never does.
  const insert = connection.prepare(
    `INSERT INTO sessions (access_key_id, expires_at, person, role, provider, record)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (access_key_id) DO UPDATE SET expires_at = excluded.expires_at, person = excluded.person,
       role = excluded.role, provider = excluded.provider, record = excluded.record
     WHERE sessions.expires_at <= ?`,
  );
  const mark = connection.prepare(
    `INSERT INTO marks (key, expires_at) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE marks.expires_at <= ?`,
  );
  const select = connection.prepare('SELECT access_key_id, record FROM sessions WHERE access_key_id = ?');
  const take = (once: SingleUse): boolean =>
    mark.run(keyDigest(once.key), once.expiresAtMs, now()).changes === 1;
  return {
    issue: async ({ session, audit, once }) => {
      const columns = toColumns(session);
      return db.write(() => {
        if (once !== undefined && !take(once)) return 'already-used';
        if (insert.run(...columns, now()).changes === 0) throw takenId(session.accessKeyId);
        insertAudit(audit);
        return 'issued';
      });
    },
    find: (accessKeyId) =>
      db.read(() => {
        const row = select.get(accessKeyId);
        const session = row === undefined ? undefined : fromRow(row);
        return session !== undefined && session.expiresAtMs > now() ? session : undefined;
      }),
    claim: (once) => db.write(() => take(once)),
  };
}

function toColumns(session: Session): [string, number, string, string, string | null, Buffer] {
  const provider = session.providerArn === undefined ? null : keyDigest(session.providerArn);
  const [person, role] = [keyDigest(session.person), keyDigest(session.issuerArn)];
  return [session.accessKeyId, session.expiresAtMs, person, role, provider, encodeSession(session)];
}

/** Access key ids carry few random bits, so two may meet once in millions; the client's retry gets another. */
function takenId(accessKeyId: string): FederationError {
  return new FederationError('store-unavailable', `access key id ${accessKeyId} is taken`);
}

function fromRow(row: Row): Session {
  const { access_key_id: accessKeyId, record } = row;
  if (typeof accessKeyId !== 'string' || !(record instanceof Uint8Array))
    throw new Error('not a session row');
  return decodeSession(accessKeyId, record);
}

function listing({ db, now }: SessionStoreDeps): Pick<SessionStore, 'list'> {
  const select = (where: string): StatementSync =>
    db.connection.prepare(
      `SELECT id, access_key_id, record FROM sessions
       WHERE ${where} AND expires_at > ? AND id > ? ORDER BY id LIMIT ?`,
    );
  const all = select('true');
  const by = perIndex((index) => select(`${index} = ?`));
  const rowsOf = (query: SessionQuery, after: number, limit: number): Row[] =>
    query.by === 'all'
      ? all.all(now(), after, limit)
      : by[query.by].all(keyDigest(query.value), now(), after, limit);
  return {
    list: async (query, { limit, cursor }) => {
      const after = cursor === undefined ? 0 : parseRowCursor(CURSOR, cursor);
      // One row more than was asked for tells whether there is a next page.
      const rows = await db.read(() => rowsOf(query, after, checkLimit(limit) + 1));
      return toPage(rows, limit);
    },
  };
}

function perIndex<T>(make: (index: SessionIndex) => T): Readonly<Record<SessionIndex, T>> {
  return { person: make('person'), role: make('role'), provider: make('provider') };
}

function toPage(rows: readonly Row[], limit: number): SessionPage {
  const shown = rows.slice(0, limit);
  const sessions = shown.map(fromRow);
  const last = shown.at(-1);
  return rows.length > limit && last !== undefined
    ? { sessions, cursor: formatRowCursor(CURSOR, Number(last['id'])) }
    : { sessions };
}

function revoking({
  db,
  now,
}: SessionStoreDeps): Pick<SessionStore, 'revoke' | 'revokeAll' | 'revokeOrphans'> {
  const one = db.connection.prepare('DELETE FROM sessions WHERE access_key_id = ? AND expires_at > ?');
  const by = perIndex((index) => {
    const living = `SELECT id FROM sessions WHERE ${index} = ? AND expires_at > ? LIMIT ${BATCH}`;
    return db.connection.prepare(`DELETE FROM sessions WHERE id IN (${living})`);
  });
  const issuers = db.connection.prepare('SELECT DISTINCT role FROM sessions');
  return {
    revoke: (accessKeyId) => db.write(() => one.run(accessKeyId, now()).changes === 1),
    revokeAll: ({ by: index, value }) => removeAll(db, by[index], keyDigest(value), now()),
    revokeOrphans: async (issuerArns) => {
      const known = new Set(issuerArns.map(keyDigest));
      const rows = await db.read(() => issuers.all());
      let ended = 0;
      for (const { role } of rows)
        if (typeof role === 'string' && !known.has(role)) ended += await removeAll(db, by.role, role, now());
      return ended;
    },
  };
}

function counting({ db, now }: SessionStoreDeps): Pick<SessionStore, 'countAttempt' | 'attempts'> {
  // The window begins with the first attempt and is not moved by later ones.
  const count = db.connection.prepare(
    `INSERT INTO attempts (key, count, expires_at) VALUES (:key, 1, :now + :window)
     ON CONFLICT (key) DO UPDATE SET
       count = CASE WHEN expires_at <= :now THEN 1 ELSE count + 1 END,
       expires_at = CASE WHEN expires_at <= :now THEN excluded.expires_at ELSE expires_at END
     RETURNING count`,
  );
  const select = db.connection.prepare('SELECT count FROM attempts WHERE key = ? AND expires_at > ?');
  return {
    countAttempt: (key, windowMs) =>
      db.write(() => Number(count.get({ key: keyDigest(key), now: now(), window: windowMs })?.['count'])),
    attempts: (key) => db.read(() => Number(select.get(keyDigest(key), now())?.['count'] ?? 0)),
  };
}

function sweeping({ db, now }: SessionStoreDeps): SessionStore['sweep'] {
  const expired = Object.entries(EXPIRING).map(([table, key]) => {
    const due = `SELECT ${key} FROM ${table} WHERE expires_at <= ? LIMIT ${BATCH}`;
    return db.connection.prepare(`DELETE FROM ${table} WHERE ${key} IN (${due})`);
  });
  const old = db.connection.prepare(
    `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE time_ms < ? LIMIT ${BATCH})`,
  );
  return async (auditBeforeMs) => {
    const counts: number[] = [];
    for (const statement of expired) counts.push(await removeAll(db, statement, now()));
    await removeAll(db, old, auditBeforeMs);
    return counts[0] ?? 0;
  };
}
