import { Redis } from 'ioredis';
import { createRedisStore } from '../src/stores/redis/redis-store.ts';
import { sampleAudit, sampleSession } from '../test/support/sample-session.ts';
import { startRedis } from '../test/support/redis-server.ts';
import type { Report } from './report.ts';

const TARGET_BYTES = 1200;
const BATCH = 200;

/** What a session with all claims of a GitHub token takes in Redis, told by the server itself. */
export async function measureSessionSize(sessions: number, report: Report): Promise<void> {
  const server = await startRedis();
  const client = new Redis(server.url, { protocol: 2 });
  const options = { connection: { url: server.url }, now: Date.now, auditRetainMs: 86_400_000 };
  const store = createRedisStore(options);
  try {
    await store.ping();
    const empty = await usedMemory(client);
    for (let issued = 0; issued < sessions; issued += BATCH)
      await Promise.all(
        Array.from({ length: BATCH }, () =>
          store.sessions.issue({ session: sampleSession(), audit: sampleAudit({ event: AUDIT_EVENT }) }),
        ),
      );
    const full = await usedMemory(client);
    const keys = await memoryByKind(client);
    await removeAudit(client);
    const withoutAudit = (await usedMemory(client)) - empty;
    print({ sessions, keys, total: full - empty, withoutAudit }, report);
  } finally {
    client.disconnect();
    await store.close();
    await server.stop();
  }
}

/** As long as the event of such a session is. */
const AUDIT_EVENT = JSON.stringify({ event: 'x'.repeat(3000) });

async function usedMemory(client: Redis): Promise<number> {
  const info = await client.info('memory');
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

type ByKind = { readonly session: number; readonly audit: number; readonly index: number };

/** Bytes by what the keys are for, as MEMORY USAGE counts them. */
async function memoryByKind(client: Redis): Promise<ByKind> {
  const sums = { session: 0, audit: 0, index: 0 };
  for await (const key of allKeys(client)) {
    const bytes = Number(await client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
    sums[kindOf(await client.type(key))] += bytes;
  }
  return sums;
}

function kindOf(type: string): keyof ByKind {
  if (type === 'string') return 'session';
  return type === 'stream' ? 'audit' : 'index';
}

async function* allKeys(client: Redis): AsyncGenerator<string> {
  for (let cursor = '0'; ;) {
    const [next, keys] = await client.scan(cursor, 'COUNT', 1000);
    yield* keys;
    if (next === '0') return;
    cursor = next;
  }
}

async function removeAudit(client: Redis): Promise<void> {
  for await (const key of allKeys(client)) if ((await client.type(key)) === 'stream') await client.del(key);
  await client.call('MEMORY', 'PURGE');
}

type Measured = {
  readonly sessions: number;
  readonly keys: ByKind;
  readonly total: number;
  readonly withoutAudit: number;
};

function print({ sessions, keys, total, withoutAudit }: Measured, report: Report): void {
  const each = (bytes: number): string => `${(bytes / sessions).toFixed(0)} bytes`;
  const stored = withoutAudit / sessions;
  report.section(`Stored session in Redis, mean of ${sessions.toLocaleString('en')} with GitHub's claims`);
  report.figure({
    name: 'used_memory without the audit trail',
    target: `≤ ${TARGET_BYTES}`,
    measured: each(withoutAudit),
    met: stored <= TARGET_BYTES,
  });
  report.figure({ name: '  the session itself (MEMORY USAGE)', measured: each(keys.session) });
  report.figure({ name: '  its entries in indexes', measured: each(keys.index) });
  report.figure({ name: 'used_memory with its audit record', measured: each(total) });
}
