import type { SQLOutputValue } from 'node:sqlite';
import type { AuditLog, AuditPage, AuditQuery } from '../../domain/audit/audit-log.ts';
import type { AuditRecord } from '../../domain/audit/audit-event.ts';
import { checkLimit } from '../paging.ts';
import { parseOutcome } from '../parse-outcome.ts';
import type { Database } from './database.ts';
import { formatRowCursor, parseRowCursor } from './row-cursor.ts';

const CURSOR = 'a';
/** Records are numbered when they are written, which may be a little after the time that they carry. */
const LATENESS_MS = 60_000;

type Row = Record<string, SQLOutputValue>;

/** `insert` is for the transaction that issues a session. */
export type SqliteAuditLog = AuditLog & { readonly insert: (record: AuditRecord) => void };

export function createSqliteAuditLog(db: Database): SqliteAuditLog {
  const statement = db.connection.prepare(
    'INSERT INTO audit (time_ms, outcome, reference, role_arn, event) VALUES (?, ?, ?, ?, ?)',
  );
  const insert = ({ timeMs, outcome, reference, roleArn, event }: AuditRecord): void => {
    statement.run(timeMs, outcome, reference ?? null, roleArn ?? null, event);
  };
  return {
    insert,
    record: (record) =>
      db.write(() => {
        insert(record);
      }),
    find: finding(db),
  };
}

function finding(db: Database): AuditLog['find'] {
  const select = prepareSelects(db);
  return async (query, { limit, cursor }) => {
    checkLimit(limit);
    const given = cursor === undefined ? undefined : parseRowCursor(CURSOR, cursor);
    return db.read(() => {
      // Asked first: a record that comes while this reads belongs to the next page, so the cursor skips none.
      const newest = Number(select.newest.get()?.['id'] ?? 0);
      const after = given ?? select.start(query.sinceMs ?? 0);
      const rows = select.rows(query, { after, upTo: newest, limit: limit + 1 });
      return toPage(rows, limit, Math.max(newest, after));
    });
  };
}

type Span = { readonly after: number; readonly upTo: number; readonly limit: number };

type Selects = {
  readonly newest: { get(): Row | undefined };
  /** The number before the first record that may be as young as this time. */
  start(sinceMs: number): number;
  rows(query: AuditQuery, span: Span): Row[];
};

function prepareSelects({ connection }: Database): Selects {
  const columns = 'id, time_ms, outcome, reference, role_arn, event';
  // The plus keeps SQLite from reading by time and sorting: the order is that of writing.
  const filters = `id > :after AND id <= :upTo AND +time_ms >= :since
     AND (:role IS NULL OR role_arn = :role) AND (:outcome IS NULL OR outcome = :outcome)`;
  const prepare = (where: string) =>
    connection.prepare(`SELECT ${columns} FROM audit WHERE ${where} ${filters} ORDER BY id LIMIT :limit`);
  const [any, referenced] = [prepare(''), prepare('reference = :reference AND')];
  // Of two processes one may number first what carries the later time: so the lowest number near the first time counts.
  const first = connection.prepare(
    `SELECT min(id) AS id FROM audit WHERE time_ms >= :from
       AND time_ms <= (SELECT min(time_ms) FROM audit WHERE time_ms >= :from) + ${LATENESS_MS}`,
  );
  return {
    newest: connection.prepare('SELECT max(id) AS id FROM audit'),
    start: (sinceMs) => Number(first.get({ from: sinceMs - LATENESS_MS })?.['id'] ?? 1) - 1,
    rows: ({ reference, roleArn, outcome, sinceMs }, span) => {
      const values = { ...span, since: sinceMs ?? 0, role: roleArn ?? null, outcome: outcome ?? null };
      return reference === undefined ? any.all(values) : referenced.all({ ...values, reference });
    },
  };
}

function toPage(rows: readonly Row[], limit: number, end: number): AuditPage {
  const shown = rows.slice(0, limit);
  const more = rows.length > limit;
  const next = more ? Number(shown.at(-1)?.['id']) : end;
  return { records: shown.map(fromRow), cursor: formatRowCursor(CURSOR, next), more };
}

function fromRow(row: Row): AuditRecord {
  const { time_ms: timeMs, outcome, reference, role_arn: roleArn, event } = row;
  if (typeof timeMs !== 'number' || typeof event !== 'string') throw new Error('not an audit row');
  return {
    timeMs,
    outcome: parseOutcome(outcome),
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(typeof roleArn === 'string' ? { roleArn } : {}),
    event,
  };
}
