import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  callSts,
  credentialsIn,
  startWorldBridge,
  userKeys,
  type StsAnswer,
  type WorldBridge,
} from '../support/world-bridge.ts';

let redis: RedisServer;
let world: WorldBridge;
beforeAll(async () => {
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  world = await startWorldBridge({
    store: { redis: { url: redis.url } },
    accounts: [{ id: '111122223333', outboundWebIdentityFederation: true }, { id: '444455556666' }],
  });
});
afterAll(async () => {
  await world.stop();
  await redis.stop();
});

const assume = (): Promise<StsAnswer> =>
  callSts(
    world,
    { Action: 'AssumeRole', RoleArn: 'arn:aws:iam::111122223333:role/dev', RoleSessionName: 's1' },
    userKeys('alice'),
  );
const ready = async (): Promise<number> =>
  (await fetch(`${world.bridge.addresses.management}/health/ready`)).status;

async function within(milliseconds: number, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await isTrue())) if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms`);
}

test('while Redis is down the keys of our tokens are served from memory, and no token is signed', async () => {
  const ask = () => {
    const token = { Action: 'GetWebIdentityToken', 'Audience.member.1': 'a', SigningAlgorithm: 'ES384' };
    return callSts(world, token, userKeys('alice'));
  };
  const read = async (path: string) => {
    const { status, headers } = await fetch(world.url + path);
    return [status, headers.get('etag')];
  };
  expect((await ask()).status).toBe(200);
  const before = await read('/oidc/jwks');
  await redis.kill();
  const start = Date.now();
  expect(await read('/oidc/jwks')).toEqual(before);
  expect(await read('/.well-known/openid-configuration')).toEqual([200, expect.any(String)]);
  expect(Date.now() - start).toBeLessThan(500);
  // It could not be recorded, and what is not in the trail is not given out.
  const refused = await ask();
  expect([refused.status, refused.text('WebIdentityToken')]).toEqual([503, undefined]);
  await redis.restart();
  await within(10_000, async () => (await ready()) === 200);
  expect((await ask()).status).toBe(200);
});

test('while Redis is down every answer is 503 within two seconds, and afterwards all is well again', async () => {
  const before = credentialsIn(await assume());
  await redis.kill();
  const start = Date.now();
  const answers = await Promise.all([
    assume(),
    callSts(world, { Action: 'GetCallerIdentity' }, before),
    callSts(world, { Action: 'GetSessionToken' }, userKeys('alice')),
  ]);
  expect(Date.now() - start).toBeLessThan(2_000);
  for (const answer of answers) {
    expect([answer.status, answer.text('Code'), answer.text('Type')]).toEqual([
      503,
      'ServiceUnavailable',
      'Receiver',
    ]);
  }
  expect(await ready()).toBe(503);
  await redis.restart();
  await within(10_000, async () => (await ready()) === 200);
  expect((await assume()).status).toBe(200);
  expect((await callSts(world, { Action: 'GetCallerIdentity' }, before)).status).toBe(200);
});
