import { BASE32 } from '../../domain/session/bucket.ts';
import type { SessionPage, SessionQuery, SessionStore } from '../../domain/session/session-store.ts';
import type { Session } from '../../domain/session/session.ts';
import { checkLimit } from '../paging.ts';
import { decodeSession } from '../session-record.ts';
import type { Connection } from './connection.ts';
import { indexDigest } from './keys.ts';
import type { Keys } from './keys.ts';
import { formatCursor, parseCursor } from './session-cursor.ts';
import type { Place } from './session-cursor.ts';

export type SessionPagesDeps = {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly now: () => number;
};

type Entry = { readonly id: string; readonly score: number };

/**
 * Lists go through the buckets one after the other, and in each through one index: that of the value asked for or, for
 * "all", that of each issuer. A place is a bucket, an index and an entry in it, so pages hold when sessions come and go.
 */
export function createSessionPages(deps: SessionPagesDeps): SessionStore['list'] {
  return async (query, { limit, cursor }) => {
    checkLimit(limit);
    let place = cursor === undefined ? undefined : parseCursor(cursor, query);
    const sessions: Session[] = [];
    for await (const index of indexesFrom(deps, query, place)) {
      place = samePlace(place, index) ? place : index;
      for (;;) {
        const entries = await entriesAfter(deps, place, limit - sessions.length);
        sessions.push(...(await living(deps, entries)));
        place = { ...place, ...entries.at(-1) };
        if (sessions.length >= limit) return { sessions, cursor: formatCursor(place, query) };
        if (entries.length === 0) break;
      }
    }
    return { sessions } satisfies SessionPage;
  };
}

function samePlace(place: Place | undefined, index: Place): place is Place {
  return place?.bucket === index.bucket && place.digest === index.digest;
}

/** The indexes that the query covers, from the one on in which the place is. */
async function* indexesFrom(
  deps: SessionPagesDeps,
  query: SessionQuery,
  place?: Place,
): AsyncGenerator<Place> {
  for (const bucket of BASE32.slice(place === undefined ? 0 : BASE32.indexOf(place.bucket))) {
    for (const digest of await digestsIn(deps, query, bucket)) {
      // Digests are taken in their own order: an issuer that comes meanwhile shifts no other.
      if (place?.bucket === bucket && digest < place.digest) continue;
      yield { bucket, digest, id: '', score: 0 };
    }
  }
}

async function digestsIn(deps: SessionPagesDeps, query: SessionQuery, bucket: string): Promise<string[]> {
  if (query.by !== 'all') return [indexDigest(query.by, query.value)];
  const issuers = await deps.connection.run((client) => client.zrange(deps.keys.issuers(bucket), '0', '-1'));
  return issuers.sort();
}

/** The next entries after the place, by expiry and then by id, which is how Redis orders equal scores. */
async function entriesAfter(deps: SessionPagesDeps, place: Place, count: number): Promise<Entry[]> {
  const key = deps.keys.index(place.bucket, place.digest);
  const from = Math.max(place.score, deps.now());
  for (let skip = 0; ; skip += count) {
    const entries = toEntries(
      await deps.connection.run((client) =>
        client.zrange(key, from, '+inf', 'BYSCORE', 'LIMIT', skip, count, 'WITHSCORES'),
      ),
    );
    const next = entries.filter(({ id, score }) => score > place.score || id > place.id);
    // All of them may share the place's expiry and come before it.
    if (next.length > 0 || entries.length < count) return next;
  }
}

function toEntries(reply: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < reply.length; at += 2)
    entries.push({ id: reply[at] ?? '', score: Number(reply[at + 1]) });
  return entries;
}

/** Revoked sessions leave their index entries behind: what has no record is left out. */
async function living(
  { connection, keys, now }: SessionPagesDeps,
  entries: readonly Entry[],
): Promise<Session[]> {
  if (entries.length === 0) return [];
  const records = await connection.run((client) =>
    client.mgetBuffer(entries.map(({ id }) => keys.session(id))),
  );
  const sessions = entries.flatMap(({ id }, at) => {
    const record = records[at];
    return record ? [decodeSession(id, record)] : [];
  });
  return sessions.filter(({ expiresAtMs }) => expiresAtMs > now());
}
