import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ORDERS } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  authorize,
  codeRequest,
  redeem,
  refresh,
  requestToken,
  signInTo,
  type CodeAnswer,
} from '../support/code-flow.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';

let redis: RedisServer;
let site: ApplicationSite;
beforeAll(async () => {
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  site = await startApplicationSite({ extra: { store: { redis: { url: redis.url } } } });
}, 60_000);
afterAll(async () => {
  await site.stop();
  await redis.stop();
});

async function isReady(): Promise<boolean> {
  return (await fetch(`${site.nodes[0]?.bridge.addresses.management ?? ''}/health/ready`)).status === 200;
}
afterEach(async () => {
  await redis.restart();
  await vi.waitUntil(isReady, { timeout: 10_000 });
});

async function aCode(): Promise<CodeAnswer> {
  return authorize(site, { browser: site.browser() }, await codeRequest(site, 'web'));
}

describe('while the store is down', () => {
  test('an application gets 503 temporarily_unavailable everywhere, and what it had is still good', async () => {
    const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
    const code = await aCode();
    const { parameters } = await codeRequest(site, 'web');
    const ask = (form: Readonly<Record<string, string>>, path?: string) =>
      requestToken(site, 'web', form, path === undefined ? {} : { path });
    await redis.kill();
    const answers = await Promise.all([
      refresh(site, 'web', body.refresh_token),
      redeem(site, code),
      ask({ grant_type: 'client_credentials', resource: ORDERS, scope: 'orders:read' }),
      ask({ token: body.access_token }, '/oidc/introspect'),
      ask({ token: body.refresh_token }, '/oidc/revoke'),
      ask({ ...parameters }, '/oidc/par'),
      ask({ scope: 'openid' }, '/oidc/device_authorization'),
    ]);
    for (const { status, headers, body: told } of answers) {
      expect([status, told.error]).toEqual([503, 'temporarily_unavailable']);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
      expect([told.access_token, told.refresh_token, told.id_token]).toEqual(['', '', '']);
    }
    const info = await fetch(`${site.publicUrl}/oidc/userinfo`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(info.status).toBe(503);
    expect(await info.json()).toMatchObject({ error: 'temporarily_unavailable' });
    await redis.restart();
    await vi.waitUntil(isReady, { timeout: 10_000 });
    expect((await refresh(site, 'web', body.refresh_token)).status).toBe(200);
    expect((await redeem(site, code)).status).toBe(200);
  });

  test('a browser sees a page that says so, goes nowhere and gets nothing', async () => {
    const browser = site.browser();
    await signInTo(site, { browser }, ['web']);
    const [cookie = ''] = browser.cookies().map(({ name, value }) => `${name}=${value}`);
    const { url } = await codeRequest(site, 'web');
    await redis.kill();
    for (const headers of [{}, { cookie }]) {
      const answer = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html', ...headers } });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(answer.headers.get('location')).toBeNull();
      expect(answer.headers.getSetCookie().join()).not.toMatch(/interaction|resume/);
      expect(await answer.text()).not.toContain('<script>');
    }
  });
});
