import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE32 } from '../../src/domain/session/bucket.ts';
import { createRedisStore } from '../../src/stores/redis/redis-store.ts';
import type { RedisStoreOptions } from '../../src/stores/redis/redis-store.ts';
import type { Store } from '../../src/stores/store.ts';
import {
  canStartRedis,
  command,
  startRedisCluster,
  startRedisSentinel,
  until,
} from '../support/redis-server.ts';
import type { RedisGroup } from '../support/redis-server.ts';
import { sampleBrowserSession } from '../support/sample-browser-session.ts';
import { sampleAccessKeyId, sampleAudit, sampleSession } from '../support/sample-session.ts';
import { describeAuditLog } from './audit-log.contract.ts';
import { describeBrowserSessionStore } from './browser-session-store.contract.ts';
import { describeLoginAttempts } from './login-attempt.contract.ts';
import { describeOauthRecordStore } from './oauth-record-store.contract.ts';
import { describePersonStore } from './person-store.contract.ts';
import { describeSealedKeyStore } from './sealed-key-store.contract.ts';
import { describeSessionStore } from './session-store.contract.ts';
import type { StorePair } from './session-store.contract.ts';

const WITHIN_MS = 2000;

function openStore(connection: RedisStoreOptions['connection'], keyPrefix = 'rolebridge:'): Store {
  return createRedisStore({ connection, now: Date.now, auditRetainMs: 86_400_000, keyPrefix });
}

describe.runIf(canStartRedis())('Redis Cluster', () => {
  let cluster: RedisGroup;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  const openPair = (): Promise<StorePair> => {
    const keyPrefix = `test-${randomUUID()}:`;
    const open = (): Store => openStore({ cluster: cluster.urls }, keyPrefix);
    const [one, two] = [open(), open()];
    const close = async (): Promise<void> => {
      await Promise.all([one.close(), two.close()]);
    };
    return Promise.resolve({ one, two, close });
  };
  describeSessionStore(openPair);
  describeAuditLog(openPair);
  describeLoginAttempts(openPair);
  describeSealedKeyStore(openPair);
  describeBrowserSessionStore(openPair);
  describePersonStore(openPair);
  describeOauthRecordStore(openPair);

  it('spreads sessions over all nodes', async () => {
    const { one: store, close } = await openPair();
    for (const last of BASE32) {
      const session = sampleSession({ accessKeyId: sampleAccessKeyId(last) });
      await store.sessions.issue({ session, audit: sampleAudit() });
    }
    for (const { url } of cluster.nodes) expect(Number(await command(url, 'DBSIZE'))).toBeGreaterThan(10);
    await close();
  });

  it('answers store-unavailable within two seconds for buckets whose node is down, serves the others, and recovers', async () => {
    const { one: store, close } = await openPair();
    const sessions = Array.from(BASE32, (last) => sampleSession({ accessKeyId: sampleAccessKeyId(last) }));
    for (const session of sessions) await store.sessions.issue({ session, audit: sampleAudit() });
    const browserSessions = Array.from({ length: 64 }, () => sampleBrowserSession());
    for (const record of browserSessions) {
      await store.browserSessions.create(record);
      await store.people.replace(record.person, { sealed: record.sealed, expected: 0 });
    }
    await cluster.nodes[0]?.kill();
    const found = await Promise.all(
      sessions.map(({ accessKeyId }) => outcomeOf(store.sessions.find(accessKeyId))),
    );
    expect(found.filter((outcome) => outcome === 'found').length).toBeGreaterThan(5);
    expect(found.filter((outcome) => outcome === 'store-unavailable').length).toBeGreaterThan(5);
    const lists = await Promise.all(
      browserSessions.map(({ person }) => outcomeOf(store.browserSessions.listOf(person))),
    );
    expect(new Set(lists)).toEqual(new Set(['found', 'store-unavailable']));
    // Half of the people would look like all of them.
    expect(await outcomeOf(store.people.list({ limit: 1000 }))).toBe('store-unavailable');
    await cluster.nodes[0]?.restart();
    await until(async () => {
      for (const last of BASE32) {
        const session = sampleSession({ accessKeyId: sampleAccessKeyId(last) });
        await store.sessions.issue({ session, audit: sampleAudit() });
      }
      return true;
    });
    await close();
  });
});

describe.runIf(canStartRedis())('Redis watched by a sentinel', () => {
  it('answers store-unavailable while the master is lost, and goes on with the one that takes over', async () => {
    const group = await startRedisSentinel('rolebridge');
    const store = openStore({ sentinels: group.urls, master: 'rolebridge' });
    const session = sampleSession();
    await store.sessions.issue({ session, audit: sampleAudit() });
    const [master, replica] = group.nodes;
    await until(async () => Number(await command(replica?.url ?? '', 'DBSIZE')) > 0);
    await master?.kill();
    expect(await outcomeOf(store.sessions.find(session.accessKeyId))).toBe('store-unavailable');
    await until(async () => (await store.sessions.find(session.accessKeyId)) !== undefined);
    await until(
      async () =>
        (await store.sessions.issue({ session: sampleSession(), audit: sampleAudit() })) === 'issued',
    );
    await store.close();
    await group.stop();
  });
});

async function outcomeOf(find: Promise<unknown>): Promise<string> {
  const start = performance.now();
  const outcome = await find.then(
    (session) => (session === undefined ? 'missing' : 'found'),
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
  expect(performance.now() - start).toBeLessThan(WITHIN_MS);
  return outcome;
}
