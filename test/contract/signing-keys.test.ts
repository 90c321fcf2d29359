import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PUBLISH_AHEAD_MS } from '../../src/domain/token/key-schedule.ts';
import { SIGNING_ALGORITHMS } from '../../src/domain/token/token-signer.ts';
import { parseMasterKeyRing } from '../../src/keys/master-key.ts';
import { createSealer } from '../../src/keys/seal.ts';
import { createSigningKeys, type SigningKeyDeps } from '../../src/keys/signing-keys.ts';
import { listSigningKeys, replaceSigningKeys, rotateSigningKeys } from '../../src/keys/signing-ring.ts';
import { createRedisStore } from '../../src/stores/redis/redis-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';

const DAY_MS = 86_400_000;
let server: RedisServer | undefined;
const stores: Store[] = [];
let nowMs = Date.UTC(2026, 5, 1);

beforeAll(async () => {
  server = process.env['REDIS_URL'] === undefined ? await startRedis() : undefined;
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await server?.stop();
});

/** Nodes with connections of their own to one Redis. */
function nodes(count: number): readonly SigningKeyDeps[] {
  const url = server?.url ?? process.env['REDIS_URL'] ?? '';
  const keyPrefix = `test-${randomUUID()}:`;
  const sealer = createSealer(parseMasterKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`));
  return Array.from({ length: count }, () => {
    const store = createRedisStore({ connection: { url }, now: Date.now, auditRetainMs: DAY_MS, keyPrefix });
    stores.push(store);
    return { store: store.sealedKeys, sealer, now: () => nowMs, rotationMs: 90 * DAY_MS };
  });
}

test('nodes that start at once on one Redis have one key of each algorithm', async () => {
  const deps = nodes(4);
  const keys = deps.map((node) => createSigningKeys(node));
  await Promise.all(keys.map((node) => node.prepare(SIGNING_ALGORITHMS)));
  const sets = await Promise.all(keys.map((node) => node.publicKeys()));
  for (const set of sets) expect(set).toEqual(sets[0]);
  expect(sets[0]?.keys).toHaveLength(SIGNING_ALGORITHMS.length);
});

test('two nodes that rotate at once, by command or by the clock, make one rotation', async () => {
  const deps = nodes(3);
  const [first] = deps;
  if (first === undefined) throw new Error('no node');
  await createSigningKeys(first).prepare(['ES256', 'EdDSA']);
  await Promise.all([...deps, ...deps].map((node) => rotateSigningKeys(node)));
  const phases = (await listSigningKeys(first)).map(({ phase }) => phase);
  expect(phases).toEqual(['signing', 'signing', 'published', 'published']);
  nowMs += 90 * DAY_MS + PUBLISH_AHEAD_MS;
  const maintained = await Promise.all(deps.map((node) => createSigningKeys(node).maintain()));
  expect(maintained.flatMap(({ made }) => made)).toHaveLength(2);
});

test('nodes that withdraw all keys at once end with one new key', async () => {
  const deps = nodes(3);
  const [first] = deps;
  if (first === undefined) throw new Error('no node');
  await createSigningKeys(first).prepare(['ES256']);
  const [before] = await listSigningKeys(first);
  await Promise.all(deps.map((node) => replaceSigningKeys(node)));
  const after = await listSigningKeys(first);
  expect(after).toHaveLength(1);
  expect(after[0]?.kid).not.toBe(before?.kid);
});
