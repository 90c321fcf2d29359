import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callSts, startWorldBridge, userKeys, type WorldBridge } from '../support/world-bridge.ts';

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge();
});
afterAll(async () => {
  await world.stop();
});

const ROLE = 'arn:aws:iam::111122223333:role/';
const management = (path: string): Promise<Response> => fetch(world.bridge.addresses.management + path);

describe('the management port', () => {
  test('tells that the bridge lives and is ready', async () => {
    expect(await (await management('/health/live')).json()).toEqual({ status: 'UP' });
    expect(await (await management('/health/ready')).json()).toMatchObject({ status: 'UP' });
  });

  test('counts requests by closed sets of labels, whatever clients send', async () => {
    await callSts(world, { Action: 'GetCallerIdentity' }, userKeys('alice'));
    await callSts(world, { Action: 'Hostile"}\n' });
    await fetch(`${world.url}/hostile/path`);
    const text = await (await management('/metrics')).text();
    expect(text).toContain(
      'rolebridge_sts_requests_total{action="GetCallerIdentity",outcome="success",reason=""} 1',
    );
    expect(text).toContain(
      'rolebridge_sts_requests_total{action="none",outcome="failure",reason="InvalidAction"} 1',
    );
    expect(text).toContain('http_route="none"');
    expect(text.toLowerCase()).not.toContain('hostile');
  });

  test.each(['/health/live', '/health/ready', '/metrics'])('alone has %s', async (path) => {
    expect((await fetch(world.url + path)).status).toBe(404);
  });
});

describe('a reload', () => {
  const assume = (role: string) =>
    callSts(world, { Action: 'AssumeRole', RoleArn: ROLE + role, RoleSessionName: 's1' }, userKeys('alice'));

  test('takes effect at once', async () => {
    await world.reconfigure({
      roles: (roles) => roles.map((role) => (role.name === 'dev' ? { ...role, name: 'renamed' } : role)),
    });
    expect((await assume('dev')).status).toBe(403);
    expect((await assume('renamed')).status).toBe(200);
    await world.reconfigure({});
    expect((await assume('dev')).status).toBe(200);
  });

  test('of a faulty file keeps the old configuration', async () => {
    await world.reconfigure({ extra: { roles: [{ name: 'broken' }], unknownKey: 1 } });
    expect((await assume('dev')).status).toBe(200);
    const metrics = await (await management('/metrics')).text();
    expect(metrics).toContain('rolebridge_config_reloads_total{outcome="failure"} 1');
  });
});
