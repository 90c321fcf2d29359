import { describe, expect, it } from 'vitest';
import { startDemoWorld, type DemoWorld } from '../support/demo-world.ts';
import { startRedis, until } from '../support/redis-server.ts';
import { signRequest, type SigningCredentials } from '../support/sign-request.ts';

const CLIENTS = 16;
const ISSUED_BEFORE_KILL = 150;

/** Clients that ask for credentials until the bridge is gone; each keeps what it received whole. */
function startLoad(url: string, token: string) {
  const received: Required<SigningCredentials>[] = [];
  const client = async (): Promise<void> => {
    for (;;) {
      const body = await assumeRole(url, token).catch(() => undefined);
      if (body === undefined) return;
      received.push(credentialsOf(body));
    }
  };
  return { received, ended: Promise.all(Array.from({ length: CLIENTS }, client)) };
}

async function assumeRole(url: string, token: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::123456789012:role/deploy',
      RoleSessionName: 'load',
      WebIdentityToken: token,
    }),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(body);
  return body;
}

function credentialsOf(body: string): Required<SigningCredentials> {
  const text = (element: string): string => new RegExp(`<${element}>([^<]+)<`).exec(body)?.[1] ?? '';
  return {
    accessKeyId: text('AccessKeyId'),
    secretAccessKey: text('SecretAccessKey'),
    sessionToken: text('SessionToken'),
  };
}

async function whoIs(url: string, credentials: SigningCredentials): Promise<number> {
  const { headers, body } = signRequest({
    method: 'POST',
    url: `${url}/`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
    credentials,
    at: new Date(),
  });
  return (await fetch(`${url}/`, { method: 'POST', headers, body })).status;
}

async function killUnderLoad({ bridge, mint }: DemoWorld): Promise<void> {
  const token = await mint('github/token?repository=acme/app&ref=refs/heads/main');
  const { received, ended } = startLoad(bridge.url, token);
  await until(() => Promise.resolve(received.length >= ISSUED_BEFORE_KILL));
  await bridge.end('SIGKILL');
  await ended;
  await bridge.restart();
  const statuses = new Set<number>();
  for (const credentials of received) statuses.add(await whoIs(bridge.url, credentials));
  expect([...statuses]).toEqual([200]);
  expect(new Set(received.map(({ accessKeyId }) => accessKeyId)).size).toBe(received.length);
  // And it goes on issuing.
  expect(credentialsOf(await assumeRole(bridge.url, token)).accessKeyId).toMatch(/^ASIA/);
}

describe('kill -9 during load loses no credentials that a client received', () => {
  it('on SQLite, twice on the same file', { timeout: 60_000 }, async () => {
    const world = await startDemoWorld();
    try {
      await killUnderLoad(world);
      await killUnderLoad(world);
    } finally {
      await world.stop();
    }
  });

  it('on Redis', { timeout: 60_000 }, async () => {
    const redis = await startRedis();
    const world = await startDemoWorld({ store: { redis: { url: redis.url } } });
    try {
      await killUnderLoad(world);
    } finally {
      await world.stop();
      await redis.stop();
    }
  });
});
