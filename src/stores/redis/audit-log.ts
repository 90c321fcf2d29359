import type { AuditLog, AuditPage, AuditQuery } from '../../domain/audit/audit-log.ts';
import type { AuditRecord } from '../../domain/audit/audit-event.ts';
import { BASE32, bucketOfId } from '../../domain/session/bucket.ts';
import { checkLimit } from '../paging.ts';
import { parseOutcome } from '../parse-outcome.ts';
import { formatAuditCursor, parseAuditCursor } from './audit-cursor.ts';
import type { Connection } from './connection.ts';
import { BUCKETS, isStorableId } from './keys.ts';
import type { Keys } from './keys.ts';
import { RECORD } from './scripts.ts';

/** The seven values that the scripts' `note` takes. */
export type AuditValues = (record: AuditRecord) => (string | number)[];

export type AuditLogDeps = {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly auditValues: AuditValues;
};

/** Stream ids are the server's time of writing: a little after a record's own time, and by another clock. */
const LATENESS_MS = 60_000;
/** A page that finds little stops here, so that no answer takes long; the cursor leads on. */
const MOST_READ_PER_PAGE = 10_000;

/** A record and its id in the stream. */
type Entry = { readonly id: string; readonly record: AuditRecord };

/** How far one bucket's stream was read: behind `position`, with `ahead` read but not yet passed on. */
type Stream = { readonly bucket: string; position: string; ahead: Entry[]; ended: boolean };

export function createAuditValues(deps: {
  readonly now: () => number;
  readonly retainMs: number;
}): AuditValues {
  return ({ timeMs, outcome, reference, roleArn, event }) => {
    const oldest = Math.max(deps.now() - deps.retainMs, 0);
    return [oldest, deps.retainMs, timeMs, outcome, reference ?? '', roleArn ?? '', event];
  };
}

export function createRedisAuditLog(deps: AuditLogDeps): AuditLog {
  let turn = 0;
  // Records without a reference go round, so that no one slot takes them all.
  const nextBucket = (): string => BASE32.charAt((turn = (turn + 1) % BASE32.length));
  return {
    record: async (record) => {
      const bucket = record.reference === undefined ? nextBucket() : bucketOfId(record.reference);
      const stream = deps.keys.audit(bucket);
      const reference = record.reference === undefined ? stream : deps.keys.reference(record.reference);
      await deps.connection.script(RECORD, [stream, reference], deps.auditValues(record));
    },
    find: async (query, { limit, cursor }) => {
      checkLimit(limit);
      const positions = parseAuditCursor(cursor);
      return query.reference === undefined
        ? findInAll(deps, query, { limit, positions })
        : findByReference(deps, query, { reference: query.reference, limit, positions });
    },
  };
}

type Page = { readonly limit: number; readonly positions: readonly string[] };

/** Merges the buckets' streams in the order of writing. */
async function findInAll(
  deps: AuditLogDeps,
  query: AuditQuery,
  { limit, positions }: Page,
): Promise<AuditPage> {
  const streams = BUCKETS.map((bucket, at) => createStream(bucket, positions[at] ?? ''));
  const chunk = Math.max(8, Math.ceil(limit / 8));
  const since = Math.max((query.sinceMs ?? 0) - LATENESS_MS, 0);
  const records: AuditRecord[] = [];
  for (let read = 0; ; read += 1) {
    await Promise.all(streams.map((stream) => readAhead(deps, stream, { since, chunk })));
    const oldest = oldestOf(streams);
    if (oldest === undefined || records.length === limit || read === MOST_READ_PER_PAGE) break;
    const entry = oldest.ahead.shift();
    if (entry === undefined) break;
    oldest.position = entry.id;
    if (matches(entry.record, query)) records.push(entry.record);
  }
  const more = oldestOf(streams) !== undefined;
  return { records, cursor: formatAuditCursor(streams.map(({ position }) => position)), more };
}

function createStream(bucket: string, position: string): Stream {
  return { bucket, position, ahead: [], ended: false };
}

async function readAhead(
  { connection, keys }: AuditLogDeps,
  stream: Stream,
  { since, chunk }: { readonly since: number; readonly chunk: number },
): Promise<void> {
  if (stream.ended || stream.ahead.length > 0) return;
  const from = stream.position === '' ? String(since) : `(${stream.position}`;
  const reply = await connection.run((client) =>
    client.xrange(keys.audit(stream.bucket), from, '+', 'COUNT', chunk),
  );
  stream.ahead = reply.map(toEntry);
  stream.ended = reply.length < chunk;
}

function oldestOf(streams: readonly Stream[]): Stream | undefined {
  let oldest: Stream | undefined;
  for (const stream of streams) {
    const [entry, rival] = [stream.ahead[0], oldest?.ahead[0]];
    if (entry !== undefined && (rival === undefined || isOlder(entry, rival))) oldest = stream;
  }
  return oldest;
}

/** By the time of writing, which is the order inside each stream; within a millisecond by the record's own time. */
function isOlder(left: Entry, right: Entry): boolean {
  const [written, rival] = [Number.parseInt(left.id), Number.parseInt(right.id)];
  return written === rival ? left.record.timeMs < right.record.timeMs : written < rival;
}

/** Reads the one bucket that the reference names. There is nothing to follow: the first page holds all there is. */
async function findByReference(
  { connection, keys }: AuditLogDeps,
  query: AuditQuery,
  { reference, limit, positions }: Page & { readonly reference: string },
): Promise<AuditPage> {
  const page = { cursor: formatAuditCursor(positions), more: false };
  if (!isStorableId(reference)) return { ...page, records: [] };
  const ids = await connection.run((client) => client.get(keys.reference(reference)));
  const stream = keys.audit(bucketOfId(reference));
  const found = await Promise.all(
    (ids ?? '')
      .split(' ', limit)
      .filter((id) => id !== '')
      .map((id) => connection.run((client) => client.xrange(stream, id, id))),
  );
  const records = found.flat().map((reply) => toEntry(reply).record);
  return { ...page, records: records.filter((record) => matches(record, query)) };
}

function matches(record: AuditRecord, { roleArn, outcome, sinceMs }: AuditQuery): boolean {
  if (roleArn !== undefined && record.roleArn !== roleArn) return false;
  if (outcome !== undefined && record.outcome !== outcome) return false;
  return record.timeMs >= (sinceMs ?? 0);
}

/** The scripts write the fields in one order: time, outcome, reference, role, event. */
function toEntry([id, fields]: readonly [string, readonly string[]]): Entry {
  const [, time, , outcome, , reference, , roleArn, , event] = fields;
  if (event === undefined) throw new Error('the stored audit record is cut');
  const record = {
    timeMs: Number(time),
    outcome: parseOutcome(outcome),
    ...(reference ? { reference } : {}),
    ...(roleArn ? { roleArn } : {}),
    event,
  };
  return { id, record };
}
