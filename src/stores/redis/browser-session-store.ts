import { bucketOfId, bucketOfKey } from '../../domain/session/bucket.ts';
import { FederationError } from '../../domain/errors.ts';
import type {
  BrowserSessionRecord,
  BrowserSessionStore,
} from '../../domain/session/browser-session-store.ts';
import { isPublicSubject } from '../../domain/identity/person.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';
import { CREATE, END, END_ALL, LIST, SUCCEED, TOUCH, UPDATE } from './browser-session-scripts.ts';
import type { Connection } from './connection.ts';
import { isStorableId } from './keys.ts';
import type { Keys } from './keys.ts';
import { parseFields, parseHashes } from './parse-hashes.ts';

export type BrowserSessionStoreDeps = {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly now: () => number;
};

export function createRedisBrowserSessions(deps: BrowserSessionStoreDeps): BrowserSessionStore {
  return { ...creating(deps), ...reading(deps), ...changing(deps), ...ending(deps) };
}

function creating(deps: BrowserSessionStoreDeps): Pick<BrowserSessionStore, 'create' | 'replace'> {
  const { connection, keys } = deps;
  return {
    create: async (record) => {
      checkBucket(record);
      const touched = [keys.browserSession(record.id), keys.browserIndex(record.person)];
      isDone(await connection.script(CREATE, touched, valuesOf(record, deps)));
    },
    replace: async (id, next) => {
      checkBucket(next);
      // Of another bucket, and so of another person.
      if (!isStorableId(id) || bucketOfId(id) !== bucketOfId(next.id)) return false;
      const touched = [keys.browserSession(next.id), keys.browserIndex(next.person), keys.browserSession(id)];
      return isDone(await connection.script(SUCCEED, touched, [...valuesOf(next, deps), id]));
    },
  };
}

/** Whoever makes the id makes it end in the bucket of its person; else no one slot could hold all of a person's sessions. */
function checkBucket({ id, person }: BrowserSessionRecord): void {
  if (!isStorableId(id) || bucketOfId(id) !== bucketOfKey(person))
    throw new Error('the id of a browser session is not of the bucket of its person');
}

function valuesOf(
  { id, person, lastSeenAtMs, expiresAtMs, sealed }: BrowserSessionRecord,
  { keys, now }: BrowserSessionStoreDeps,
): (string | number | Buffer)[] {
  const stem = keys.browserSessions(bucketOfId(id));
  return [now(), stem, id, person, keyDigest(person), lastSeenAtMs, expiresAtMs, Buffer.from(sealed)];
}

function isDone(reply: unknown): boolean {
  if (reply === 'taken')
    throw new FederationError('store-unavailable', 'the id of the browser session is taken');
  return reply === 'done';
}

function reading({
  connection,
  keys,
  now,
}: BrowserSessionStoreDeps): Pick<BrowserSessionStore, 'find' | 'listOf' | 'listOfSubject'> {
  const list = async (bucket: string, index: string): Promise<readonly BrowserSessionRecord[]> => {
    const reply = await connection.scriptBytes(LIST, [index], [now(), keys.browserSessions(bucket)]);
    return parseHashes(reply).map(({ name, fields }) => toRecord(name, fields));
  };
  return {
    find: async (id) => {
      if (!isStorableId(id)) return undefined;
      const fields = await connection.run((client) =>
        client.hmgetBuffer(keys.browserSession(id), 'person', 'seen', 'expires', 'sealed'),
      );
      if (fields.every((field) => field === null)) return undefined;
      const record = toRecord(id, parseFields(fields));
      // Redis goes by its own clock, which may be behind ours.
      return record.expiresAtMs > now() ? record : undefined;
    },
    listOf: (person) => list(bucketOfKey(person), keys.browserIndex(person)),
    listOfSubject: async (publicSubject) => {
      if (!isPublicSubject(publicSubject)) return [];
      return list(bucketOfId(publicSubject), keys.browserIndexOfSubject(publicSubject));
    },
  };
}

function toRecord(id: string, fields: readonly Buffer[]): BrowserSessionRecord {
  const [person, seen, expires, sealed] = fields;
  if (!person || !seen || !expires || !sealed) throw new Error('the stored browser session cannot be read');
  const [lastSeenAtMs, expiresAtMs] = [Number(seen.toString()), Number(expires.toString())];
  return { id, person: person.toString(), lastSeenAtMs, expiresAtMs, sealed };
}

function changing({
  connection,
  keys,
  now,
}: BrowserSessionStoreDeps): Pick<BrowserSessionStore, 'touch' | 'update'> {
  return {
    touch: async (id, { lastSeenAtMs, expiresAtMs }) => {
      if (!isStorableId(id)) return false;
      const values = [now(), lastSeenAtMs, expiresAtMs, keys.browserIndexes(bucketOfId(id))];
      return (await connection.script(TOUCH, [keys.browserSession(id)], values)) === 1;
    },
    update: async (id, sealed) => {
      if (!isStorableId(id)) return false;
      const values = [now(), Buffer.from(sealed)];
      return (await connection.script(UPDATE, [keys.browserSession(id)], values)) === 1;
    },
  };
}

function ending({
  connection,
  keys,
  now,
}: BrowserSessionStoreDeps): Pick<BrowserSessionStore, 'end' | 'endAll'> {
  return {
    end: async (id) => {
      if (!isStorableId(id)) return false;
      const values = [now(), id, keys.browserIndexes(bucketOfId(id))];
      return (await connection.script(END, [keys.browserSession(id)], values)) === 1;
    },
    // No id is empty.
    endAll: async (person, except = '') => {
      const values = [now(), keys.browserSessions(bucketOfKey(person)), except];
      return Number(await connection.script(END_ALL, [keys.browserIndex(person)], values));
    },
  };
}
