import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketOfKey } from '../../src/domain/session/bucket.ts';
import { publicSubjectOfKey } from '../../src/domain/identity/person.ts';
import { createRedisStore } from '../../src/stores/redis/redis-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { canStartRedis, command, startRedis, until } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { sampleBrowserSession, samplePerson } from '../support/sample-browser-session.ts';
import { sampleOauthRecord, sampleRecordId } from '../support/sample-oauth-record.ts';
import { sampleAccessKeyId, sampleAudit, sampleSession } from '../support/sample-session.ts';
import { describeAuditLog } from './audit-log.contract.ts';
import { describeBrowserSessionStore } from './browser-session-store.contract.ts';
import { describeLoginAttempts } from './login-attempt.contract.ts';
import { describeOauthRecordStore } from './oauth-record-store.contract.ts';
import { describePersonStore } from './person-store.contract.ts';
import { describeSealedKeyStore } from './sealed-key-store.contract.ts';
import { describeSessionStore } from './session-store.contract.ts';
import type { StorePair } from './session-store.contract.ts';

const DAY_MS = 86_400_000;
const WITHIN_MS = 2000;
/** Of all keys but the audit streams: the server's own count, every element measured. */
const SUM_OF_SIZES = `
  local sum = 0
  for _, key in ipairs(redis.call('KEYS', '*')) do
    if not key:find('audit$') then sum = sum + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) end
  end
  return sum`;

const UNLINK_MATCHING = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('UNLINK', key) end`;

/** A server that somebody provides is shared with others: a prefix of their own keeps the tests apart from them. */
async function openPair(): Promise<StorePair> {
  const server = process.env['REDIS_URL'] === undefined ? await startRedis() : undefined;
  const url = server?.url ?? process.env['REDIS_URL'] ?? '';
  const keyPrefix = `test-${randomUUID()}:`;
  const open = (): Store => openStore(url, keyPrefix);
  const [one, two] = [open(), open()];
  return {
    one,
    two,
    close: async () => {
      await Promise.all([one.close(), two.close()]);
      await command(url, 'EVAL', UNLINK_MATCHING, '0', `${keyPrefix}*`);
      await server?.stop();
    },
  };
}

function openStore(url: string, keyPrefix = 'rolebridge:', now = Date.now): Store {
  return createRedisStore({ connection: { url }, now, auditRetainMs: DAY_MS, keyPrefix });
}

describe('Redis', () => {
  describeSessionStore(openPair);
  describeAuditLog(openPair);
  describeLoginAttempts(openPair);
  describeSealedKeyStore(openPair);
  describeBrowserSessionStore(openPair);
  describePersonStore(openPair);
  describeOauthRecordStore(openPair);
});

describe.runIf(canStartRedis())('Redis on its own', () => {
  let server: RedisServer;
  let store: Store;
  beforeAll(async () => {
    server = await startRedis();
    store = openStore(server.url);
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });
  const issue = (): ReturnType<Store['sessions']['issue']> =>
    store.sessions.issue({ session: sampleSession(), audit: sampleAudit() });

  it('issues in one round trip, mark and audit record included, and finds in one', async () => {
    const key = randomUUID();
    const accessKeyId = sampleAccessKeyId(bucketOfKey(key));
    const session = sampleSession({ accessKeyId });
    await issue();
    const seen = await commandsDuring(server, async () => {
      const once = { key, expiresAtMs: Date.now() + DAY_MS };
      expect(await store.sessions.issue({ session, audit: sampleAudit(), once })).toBe('issued');
      expect(await store.sessions.find(accessKeyId)).toBeDefined();
    });
    expect(seen).toEqual(['evalsha', 'get']);
  });

  it('takes one round trip for whatever is done with browser sessions and people', async () => {
    const { browserSessions, people } = store;
    const run = async (): Promise<void> => {
      const [first, next] = [sampleBrowserSession(), sampleBrowserSession()];
      const { id, person } = first;
      await browserSessions.create(first);
      await browserSessions.find(id);
      await browserSessions.touch(id, next);
      await browserSessions.update(id, next.sealed);
      const replaced = { ...next, person, id: next.id.slice(0, -1) + id.slice(-1) };
      expect(await browserSessions.replace(id, replaced)).toBe(true);
      await browserSessions.listOf(person);
      expect(await browserSessions.end(replaced.id)).toBe(true);
      await browserSessions.endAll(person);
      await people.replace(person, { sealed: next.sealed, expected: 0 });
      await people.read(person);
      await people.readBySubject(publicSubjectOfKey(person));
      await browserSessions.listOfSubject(publicSubjectOfKey(person));
      await people.remove(person);
    };
    // Once, so that the server knows the scripts.
    await run();
    const seen = await commandsDuring(server, run);
    const script = 'evalsha';
    expect(seen).toEqual([
      ...[script, 'hmget', script, script, script, script, script, script],
      ...[script, 'hmget'],
      ...['hmget', script, script],
    ]);
  });

  it('asks nothing for a subject that is none', async () => {
    const seen = await commandsDuring(server, async () => {
      for (const subject of ['', '{}', `${'{'.repeat(28)}A`, `${'a'.repeat(28)}1`, 'A'.repeat(100_000)]) {
        expect(await store.people.readBySubject(subject)).toBeUndefined();
        expect(await store.browserSessions.listOfSubject(subject)).toEqual([]);
      }
    });
    expect(seen).toEqual([]);
  });

  it('leaves nothing of a person who is removed', async () => {
    await command(server.url, 'FLUSHALL');
    const person = samplePerson();
    await store.people.replace(person, { sealed: Buffer.from('x'), expected: 0 });
    expect(await store.people.remove(person)).toBe(true);
    expect(await command(server.url, 'KEYS', '*')).toBe('');
  });

  it('asks nothing for the id of a browser session that nobody was given', async () => {
    const { browserSessions } = store;
    const next = sampleBrowserSession();
    const seen = await commandsDuring(server, async () => {
      for (const id of ['', `${next.id}1`, 'A}', 'A'.repeat(100_000)]) {
        expect(await browserSessions.find(id)).toBeUndefined();
        expect(await browserSessions.touch(id, next)).toBe(false);
        expect(await browserSessions.update(id, next.sealed)).toBe(false);
        expect(await browserSessions.replace(id, next)).toBe(false);
        expect(await browserSessions.end(id)).toBe(false);
      }
    });
    expect(seen).toEqual([]);
  });

  it('finds, saves and consumes an OAuth record in one round trip, its alias and its grant written beside it', async () => {
    const { oauthRecords } = store;
    const [bare, whole] = [
      sampleOauthRecord(),
      sampleOauthRecord({ grantId: sampleRecordId(), alias: sampleRecordId() }),
    ];
    const run = async (): Promise<void> => {
      await oauthRecords.save(bare);
      await oauthRecords.find(bare);
      await oauthRecords.consume(bare, 7);
      await oauthRecords.remove(bare);
      await oauthRecords.save(whole);
      await oauthRecords.findByAlias(whole.kind, whole.alias ?? '');
    };
    // Once, so that the server knows the scripts.
    await run();
    const script = 'evalsha';
    expect(await commandsDuring(server, run)).toEqual([
      ...[script, 'get', script, 'unlink'],
      ...[script, script, 'set'],
      ...['get', 'get'],
    ]);
  });

  it('asks nothing for the name of an OAuth record that nobody was given', async () => {
    const { oauthRecords } = store;
    const seen = await commandsDuring(server, async () => {
      for (const id of ['', 'A}', 'A'.repeat(42), `${'A'.repeat(43)}\n`, 'A'.repeat(100_000)]) {
        const key = { kind: 'Session', id } as const;
        expect(await oauthRecords.find(key)).toBeUndefined();
        expect(await oauthRecords.findByAlias('Session', id)).toBeUndefined();
        expect(await oauthRecords.consume(key, 7)).toBe('gone');
        await oauthRecords.remove(key);
        await oauthRecords.revokeGrant(id);
        await expect(oauthRecords.save(sampleOauthRecord({ id }))).rejects.toThrow('no hash');
      }
    });
    expect(seen).toEqual([]);
  });

  it('shows no more of an OAuth record than its hashes and times to who reads the store', async () => {
    await command(server.url, 'FLUSHALL');
    const record = sampleOauthRecord({ sealed: Buffer.from('sealed'), expiresAtMs: Date.now() + 60_000 });
    await store.oauthRecords.save(record);
    const [key = ''] = (await command(server.url, 'KEYS', '*')).split(',');
    expect(key).toMatch(/^rolebridge:\{[A-Z2-7]\}t:r[\w-]{43}$/);
    expect(await command(server.url, 'GET', key)).toBe(
      `1000${record.expiresAtMs}----------------` + '--sealed',
    );
  });

  it('takes at most 1.3 kB for a refresh token of 600 sealed bytes, its share of the grant included', async () => {
    await command(server.url, 'FLUSHALL');
    const count = 2000;
    const grants = Array.from({ length: count / 100 }, sampleRecordId);
    for (const grantId of grants) {
      const records = Array.from({ length: 100 }, () => sampleOauthRecord({ grantId }));
      await Promise.all(records.map((record) => store.oauthRecords.save(record)));
    }
    const perRecord = Number(await command(server.url, 'EVAL', SUM_OF_SIZES, '0')) / count;
    expect(perRecord).toBeLessThanOrEqual(1300);
  });

  it('drops from a grant what expired when more comes', async () => {
    await command(server.url, 'FLUSHALL');
    const grantId = sampleRecordId();
    const old = Array.from({ length: 10 }, () =>
      sampleOauthRecord({ grantId, expiresAtMs: Date.now() + 100 }),
    );
    for (const record of old) await store.oauthRecords.save(record);
    await until(() => Promise.resolve(Date.now() > (old.at(-1)?.expiresAtMs ?? Infinity)));
    for (let at = 0; at < 5; at += 1) await store.oauthRecords.save(sampleOauthRecord({ grantId }));
    const [key = ''] = (await command(server.url, 'KEYS', '*g:*')).split(',');
    expect(await command(server.url, 'ZCARD', key)).toBe('5');
  });

  it('goes on revoking a grant where somebody was stopped halfway', async () => {
    await command(server.url, 'FLUSHALL');
    const grantId = sampleRecordId();
    const records = Array.from({ length: 3 }, () => sampleOauthRecord({ grantId }));
    for (const record of records) await store.oauthRecords.save(record);
    await store.oauthRecords.remove(records[0] ?? sampleOauthRecord());
    await store.oauthRecords.revokeGrant(grantId);
    expect(await command(server.url, 'DBSIZE')).toBe('0');
  });

  it('keeps a session with all of GitHub’s claims in at most 1.2 kB, its shares of the indexes included', async () => {
    await command(server.url, 'FLUSHALL');
    const count = 10_000;
    const roles = ['deploy-service', 'publish-package'].map(
      (name) => `arn:aws:iam::123456789012:role/ci/${name}`,
    );
    const sessions = Array.from({ length: count }, (_, at) =>
      sampleSession({ issuerArn: roles[at % 2] ?? '' }),
    );
    while (sessions.length > 0) {
      const batch = sessions.splice(0, 100);
      await Promise.all(batch.map((session) => store.sessions.issue({ session, audit: sampleAudit() })));
    }
    const perSession = Number(await command(server.url, 'EVAL', SUM_OF_SIZES, '0')) / count;
    expect(perSession).toBeLessThanOrEqual(1200);
  });

  it('lets nothing without an end stay behind', async () => {
    await command(server.url, 'FLUSHALL');
    await issue();
    await store.sessions.claim({ key: randomUUID(), expiresAtMs: Date.now() + DAY_MS });
    await store.sessions.countAttempt(randomUUID(), DAY_MS);
    await store.audit.record(sampleAudit({ reference: 'AAAA-AAAA', outcome: 'denied' }));
    const [untouched, touched] = [sampleBrowserSession(), sampleBrowserSession()];
    for (const record of [untouched, touched]) await store.browserSessions.create(record);
    await store.browserSessions.touch(touched.id, touched);
    await store.browserSessions.update(touched.id, Buffer.from('x'));
    const granted = sampleOauthRecord({ grantId: sampleRecordId(), alias: sampleRecordId() });
    for (const record of [granted, { ...granted, sealed: Buffer.from('x') }])
      await store.oauthRecords.save(record);
    await store.oauthRecords.consume(granted, Date.now());
    await store.oauthRecords.save(granted);
    for (const key of (await command(server.url, 'KEYS', '*')).split(',')) {
      // Streams are the exception: they are trimmed by age.
      if (!key.endsWith('audit'))
        expect(Number(await command(server.url, 'PTTL', key)), key).toBeGreaterThan(0);
    }
  });

  it('goes on after the server forgot its scripts', async () => {
    await issue();
    await command(server.url, 'SCRIPT', 'FLUSH');
    expect(await Promise.all([issue(), issue(), issue()])).toEqual(['issued', 'issued', 'issued']);
  });

  it.each(['', '\x02', 'not a session', '\x01'.repeat(200)])(
    'refuses the corrupt record %j',
    async (record) => {
      const { accessKeyId } = sampleSession();
      await command(server.url, 'SET', `rolebridge:{${accessKeyId.slice(-1)}}s:${accessKeyId}`, record);
      await expect(store.sessions.find(accessKeyId)).rejects.toThrow('cannot be read');
    },
  );

  it.each([
    ['nothing', ''],
    ['a head without an end', `1${'0'.repeat(15)}`],
    ['another version', `2${'9'.repeat(16)}${'-'.repeat(16)}--x`],
    ['half a time of its use', `1${'9'.repeat(16)}${'-'.repeat(8)}${'0'.repeat(8)}--x`],
    ['half a grant', `1${'9'.repeat(16)}${'-'.repeat(16)}gAAA`],
    ['no word of an alias', `1${'9'.repeat(16)}${'-'.repeat(16)}-`],
  ])('refuses the corrupt OAuth record of %s', async (_name, value) => {
    const { oauthRecords } = store;
    const record = sampleOauthRecord();
    await oauthRecords.save(record);
    const key = `rolebridge:{${bucketOfKey(`r${record.id}`)}}t:r${record.id}`;
    await command(server.url, 'SET', key, value);
    await expect(oauthRecords.find(record)).rejects.toThrow('the stored RefreshToken cannot be read');
    // What cannot be read can still be removed.
    await oauthRecords.remove(record);
    expect(await oauthRecords.find(record)).toBeUndefined();
  });

  it('refuses to consume half an OAuth record', async () => {
    const record = sampleOauthRecord();
    await command(
      server.url,
      'SET',
      `rolebridge:{${bucketOfKey(`r${record.id}`)}}t:r${record.id}`,
      `1${'9'.repeat(16)}`,
    );
    await expect(store.oauthRecords.consume(record, 7)).rejects.toThrow('cannot be read');
  });

  it('judges an OAuth record by the caller’s clock where that is ahead of Redis’s', async () => {
    const late = openStore(server.url, 'rolebridge:', () => Date.now() + DAY_MS).oauthRecords;
    const record = sampleOauthRecord({ alias: sampleRecordId() });
    await store.oauthRecords.save(record);
    await store.oauthRecords.consume(record, 7);
    expect(await late.find(record)).toBeUndefined();
    expect(await late.findByAlias(record.kind, record.alias ?? '')).toBeUndefined();
    expect(await late.consume(record, 8)).toBe('gone');
    // Of what has expired nothing is kept: not that it was used, either.
    await late.save({ ...record, expiresAtMs: Date.now() + 2 * DAY_MS });
    expect((await late.find(record))?.consumedAtMs).toBeUndefined();
    expect(await late.consume(record, 9)).toBe('consumed');
  });

  it('leaves nothing of an OAuth record that is over by Redis’s clock when it is saved', async () => {
    await command(server.url, 'FLUSHALL');
    const early = openStore(server.url, 'rolebridge:', () => Date.now() - DAY_MS).oauthRecords;
    const names = { grantId: sampleRecordId(), alias: sampleRecordId() };
    const record = sampleOauthRecord({ ...names, expiresAtMs: Date.now() - 1000 });
    await early.save(record);
    expect(await early.find(record)).toBeUndefined();
    expect(await command(server.url, 'KEYS', '*')).toBe('');
  });

  it('revokes and removes OAuth records while the server is full, and neither saves nor consumes any', async () => {
    const { oauthRecords } = store;
    const grantId = sampleRecordId();
    const [granted, removed] = [sampleOauthRecord({ grantId }), sampleOauthRecord()];
    for (const record of [granted, removed]) await oauthRecords.save(record);
    await command(server.url, 'CONFIG', 'SET', 'maxmemory', '1');
    try {
      await expectUnavailable(() => oauthRecords.save(sampleOauthRecord()));
      await expectUnavailable(() => oauthRecords.consume(granted, 7));
      expect(await oauthRecords.find(granted)).toBeDefined();
      await oauthRecords.revokeGrant(grantId);
      await oauthRecords.remove(removed);
      for (const record of [granted, removed]) expect(await oauthRecords.find(record)).toBeUndefined();
    } finally {
      await command(server.url, 'CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  it('refuses a record that was copied under another session’s key', async () => {
    const [mine, theirs] = [sampleSession(), sampleSession()];
    await store.sessions.issue({ session: theirs, audit: sampleAudit() });
    const key = (id: string): string => `rolebridge:{${id.slice(-1)}}s:${id}`;
    await command(server.url, 'COPY', key(theirs.accessKeyId), key(mine.accessKeyId));
    await expect(store.sessions.find(mine.accessKeyId)).rejects.toThrow('cannot be read');
  });

  it('lets everything of a person’s sessions go with the last of them, and the person stay', async () => {
    await command(server.url, 'FLUSHALL');
    const record = sampleBrowserSession({ expiresAtMs: Date.now() + 150 });
    await store.people.replace(record.person, { sealed: record.sealed, expected: 0 });
    const kept = await command(server.url, 'DBSIZE');
    await store.browserSessions.create(record);
    await store.browserSessions.touch(record.id, { lastSeenAtMs: Date.now(), expiresAtMs: Date.now() + 250 });
    await until(async () => (await command(server.url, 'DBSIZE')) === kept);
    expect(Date.now()).toBeGreaterThan(record.expiresAtMs);
    expect(await store.people.read(record.person)).toBeDefined();
  });

  it('keeps of a person’s sessions at most what 200 take, however many began', async () => {
    await command(server.url, 'FLUSHALL');
    const person = samplePerson();
    for (let at = 0; at < 450; at += 1)
      await store.browserSessions.create(sampleBrowserSession({ person, sealed: Buffer.from('x') }));
    expect(await command(server.url, 'DBSIZE')).toBe('201');
  });

  it('refuses half a browser session and half a person, and still ends all of the person’s', async () => {
    const record = sampleBrowserSession();
    await store.browserSessions.create(record);
    await command(server.url, 'HDEL', `rolebridge:{${record.id.slice(-1)}}b:${record.id}`, 'sealed');
    await expect(store.browserSessions.find(record.id)).rejects.toThrow('cannot be read');
    await expect(store.browserSessions.listOf(record.person)).rejects.toThrow('cannot be read');
    expect(await store.browserSessions.endAll(record.person)).toBe(1);
    expect(await store.browserSessions.find(record.id)).toBeUndefined();
    await store.people.replace(record.person, { sealed: record.sealed, expected: 0 });
    const [key = ''] = (await command(server.url, 'KEYS', 'rolebridge:{*}p:*')).split(',');
    await command(server.url, 'HDEL', key, 'sealed');
    await expect(store.people.read(record.person)).rejects.toThrow('cannot be read');
    await expect(store.people.list({ limit: 1000 })).rejects.toThrow('cannot be read');
    expect(await store.people.remove(record.person)).toBe(true);
    expect((await store.people.list({ limit: 1000 })).people).toEqual([]);
    await command(server.url, 'FLUSHALL');
  });

  it('refuses the id of a browser session whose bucket is not that of its person', async () => {
    const [old, other] = [sampleBrowserSession(), sampleBrowserSession()];
    const stray = { ...other, id: `${other.id.slice(0, -1)}${other.id.endsWith('A') ? 'B' : 'A'}` };
    await store.browserSessions.create(old);
    await expect(store.browserSessions.create(stray)).rejects.toThrow('bucket');
    await expect(store.browserSessions.replace(old.id, stray)).rejects.toThrow('bucket');
    expect(await store.browserSessions.find(old.id)).toBeDefined();
  });

  it('judges a browser session by the caller’s clock where that is ahead of Redis’s', async () => {
    const late = openStore(server.url, 'rolebridge:', () => Date.now() + DAY_MS);
    const record = sampleBrowserSession();
    const later = { lastSeenAtMs: Date.now(), expiresAtMs: Date.now() + 2 * DAY_MS };
    await store.browserSessions.create(record);
    const next = { ...record, id: `n${record.id.slice(1)}` };
    expect(await late.browserSessions.find(record.id)).toBeUndefined();
    expect(await late.browserSessions.listOf(record.person)).toEqual([]);
    expect(await late.browserSessions.touch(record.id, later)).toBe(false);
    expect(await late.browserSessions.update(record.id, record.sealed)).toBe(false);
    expect(await late.browserSessions.replace(record.id, next)).toBe(false);
    expect(await late.browserSessions.end(record.id)).toBe(false);
    expect(await late.browserSessions.endAll(record.person)).toBe(0);
    await late.close();
  });

  it('leaves nothing of a browser session that is touched when it is over by Redis’s clock', async () => {
    await command(server.url, 'FLUSHALL');
    const early = openStore(server.url, 'rolebridge:', () => Date.now() - DAY_MS);
    const record = sampleBrowserSession();
    await early.browserSessions.create(record);
    const times = { lastSeenAtMs: Date.now() - DAY_MS, expiresAtMs: Date.now() - 1000 };
    expect(await early.browserSessions.touch(record.id, times)).toBe(false);
    expect(await command(server.url, 'KEYS', '*b:*')).toBe('');
    await early.close();
  });

  it('lets people who are signed in go on and out while the server is full, and nobody in', async () => {
    const [record, other] = [sampleBrowserSession(), sampleBrowserSession()];
    const { id, person } = record;
    for (const session of [record, other]) await store.browserSessions.create(session);
    await store.people.replace(other.person, { sealed: other.sealed, expected: 0 });
    await command(server.url, 'CONFIG', 'SET', 'maxmemory', '1');
    try {
      expect(await store.browserSessions.touch(id, sampleBrowserSession())).toBe(true);
      expect(await store.browserSessions.find(id)).toBeDefined();
      await expectUnavailable(() => store.browserSessions.create(sampleBrowserSession({ person })));
      await expectUnavailable(() => store.browserSessions.update(id, Buffer.alloc(9)));
      await expectUnavailable(() => store.people.replace(person, { sealed: Buffer.alloc(9), expected: 0 }));
      expect(await store.browserSessions.replace(id, sampleBrowserSession({ person }))).toBe(true);
      expect(await store.browserSessions.endAll(person)).toBe(1);
      expect(await store.browserSessions.end(other.id)).toBe(true);
      expect(await store.people.remove(other.person)).toBe(true);
    } finally {
      await command(server.url, 'CONFIG', 'SET', 'maxmemory', '0');
    }
    expect(await store.people.read(person)).toBeUndefined();
  });

  it('refuses an access key id whose bucket is not that of its mark', async () => {
    const key = randomUUID();
    const other = bucketOfKey(key) === 'A' ? 'B' : 'A';
    const session = sampleSession({ accessKeyId: sampleAccessKeyId(other) });
    const once = { key, expiresAtMs: Date.now() + DAY_MS };
    await expect(store.sessions.issue({ session, audit: sampleAudit(), once })).rejects.toThrow('bucket');
  });

  it.each([
    ['is full', ['maxmemory', '1'], ['maxmemory', '0']],
    ['lacks the replicas that it needs', ['min-replicas-to-write', '1'], ['min-replicas-to-write', '0']],
  ] as const)('answers store-unavailable when the server %s, and recovers', async (_name, fault, remedy) => {
    const key = randomUUID();
    const session = sampleSession({ accessKeyId: sampleAccessKeyId(bucketOfKey(key)) });
    const once = { key, expiresAtMs: Date.now() + DAY_MS };
    await command(server.url, 'CONFIG', 'SET', ...fault);
    await expectUnavailable(() => store.sessions.issue({ session, audit: sampleAudit(), once }));
    await expectUnavailable(() => store.audit.record(sampleAudit()));
    await expectUnavailable(() => store.ping());
    await command(server.url, 'CONFIG', 'SET', ...remedy);
    // All or nothing: the refused call took no mark.
    expect(await store.sessions.issue({ session, audit: sampleAudit(), once })).toBe('issued');
  });

  it('answers store-unavailable while the server is read-only, and recovers', async () => {
    const master = await startRedis();
    await command(server.url, 'REPLICAOF', '127.0.0.1', String(master.port));
    await expectUnavailable(issue);
    const { oauthRecords } = store;
    const record = sampleOauthRecord({ grantId: sampleRecordId() });
    for (const write of [
      () => oauthRecords.save(record),
      () => oauthRecords.consume(record, 7),
      () => oauthRecords.remove(record),
      () => oauthRecords.revokeGrant(sampleRecordId()),
    ])
      await expectUnavailable(write);
    await command(server.url, 'REPLICAOF', 'NO', 'ONE');
    await until(async () => (await issue()) === 'issued');
    await master.stop();
  });

  it('answers within two seconds while the server hangs, and carries out nothing afterwards', async () => {
    await issue();
    process.kill(server.pid(), 'SIGSTOP');
    try {
      const calls = [issue, () => store.sessions.find('ASIAAAAA'), ...otherCalls(store)];
      await Promise.all(calls.map(expectUnavailable));
      await expectUnavailable(issue);
    } finally {
      process.kill(server.pid(), 'SIGCONT');
    }
    await until(async () => (await issue()) === 'issued');
  });

  it('answers at once while the server is down, and recovers by itself', async () => {
    await issue();
    await server.kill();
    const list = (): Promise<unknown> => store.sessions.list({ by: 'all' }, { limit: 9 });
    for (const call of [issue, () => store.ping(), list, ...otherCalls(store)]) await expectUnavailable(call);
    await server.restart();
    await until(async () => (await issue()) === 'issued');
  });

  it('answers store-unavailable from the start where no server is, and finds it when it comes', async () => {
    const own = await startRedis();
    await own.halt();
    const early = openStore(own.url);
    await expectUnavailable(() => early.ping());
    await own.restart();
    await until(async () => early.ping().then(() => true));
    await early.close();
    await own.stop();
  });
});

/** Everything that can be asked about browser sessions, people and OAuth records. */
function otherCalls(store: Store): (() => Promise<unknown>)[] {
  return [...browserCalls(store), ...oauthCalls(store)];
}

function oauthCalls({ oauthRecords }: Store): (() => Promise<unknown>)[] {
  const record = sampleOauthRecord({ grantId: sampleRecordId(), alias: sampleRecordId() });
  const { kind, id, grantId = '', alias = '' } = record;
  return [
    () => oauthRecords.save(record),
    () => oauthRecords.save(sampleOauthRecord()),
    () => oauthRecords.find({ kind, id }),
    () => oauthRecords.findByAlias(kind, alias),
    () => oauthRecords.consume({ kind, id }, 7),
    () => oauthRecords.remove({ kind, id }),
    () => oauthRecords.revokeGrant(grantId),
  ];
}

function browserCalls({ browserSessions, people }: Store): (() => Promise<unknown>)[] {
  const record = sampleBrowserSession();
  const { id, person, sealed } = record;
  return [
    () => browserSessions.create(record),
    () => browserSessions.find(id),
    () => browserSessions.touch(id, record),
    () => browserSessions.update(id, sealed),
    () => browserSessions.replace(id, record),
    () => browserSessions.listOf(person),
    () => browserSessions.end(id),
    () => browserSessions.endAll(person),
    () => people.read(person),
    () => people.replace(person, { sealed, expected: 0 }),
    () => people.readBySubject(publicSubjectOfKey(person)),
    () => people.remove(person),
    () => people.list({ limit: 10 }),
    () => browserSessions.listOfSubject(publicSubjectOfKey(person)),
  ];
}

async function expectUnavailable(call: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await expect(call()).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(performance.now() - start).toBeLessThan(WITHIN_MS);
}

/** What clients sent meanwhile, as the server saw it; commands inside scripts are no round trips. */
async function commandsDuring(server: RedisServer, work: () => Promise<void>): Promise<string[]> {
  const client = new Redis(server.url, { protocol: 2 });
  const monitor = await client.monitor();
  const seen: string[] = [];
  monitor.on('monitor', (_time: string, [name]: string[], source: string) => {
    if (source !== 'lua') seen.push(name?.toLowerCase() ?? '');
  });
  await work();
  // Once the server shows this, it has shown all that came before.
  await client.echo('end');
  await until(() => Promise.resolve(seen.includes('echo')));
  monitor.disconnect();
  client.disconnect();
  return seen.slice(0, seen.indexOf('echo'));
}

describe.runIf(canStartRedis())('Redis with a password', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    await command(server.url, 'ACL', 'SETUSER', 'bridge', 'on', '>secret', '~*', '&*', '+@all');
    await command(server.url, 'ACL', 'SETUSER', 'default', 'off');
  });
  afterAll(async () => {
    await server.stop();
  });
  const pingAs = async (credentials: { readonly username?: string; readonly password?: string }) => {
    const connection = { url: server.url };
    const store = createRedisStore({ connection, credentials, now: Date.now, auditRetainMs: DAY_MS });
    try {
      await store.ping();
    } finally {
      await store.close();
    }
  };

  it('opens to the user and password of the configuration, and to nobody else', async () => {
    await expect(pingAs({ username: 'bridge', password: 'secret' })).resolves.toBeUndefined();
    await expectUnavailable(() => pingAs({ username: 'bridge', password: 'wrong' }));
    await expectUnavailable(() => pingAs({}));
  });
});
