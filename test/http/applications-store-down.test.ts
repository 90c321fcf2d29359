import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ORDERS } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { authorize, codeRequest, redeem, refresh, requestToken, signInTo } from '../support/code-flow.ts';
import type { FormBrowser } from '../support/form-browser.ts';
import { startRedis, until, type RedisServer } from '../support/redis-server.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

let redis: RedisServer;
let site: ApplicationSite;
const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(async () => {
  process.on('unhandledRejection', note);
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  site = await startApplicationSite({ extra: { store: { redis: { url: redis.url } } } });
}, 60_000);
afterAll(async () => {
  await site.stop();
  await redis.stop();
  process.off('unhandledRejection', note);
});
afterEach(() => {
  expect(unhandled).toEqual([]);
});

const isReady = async (): Promise<boolean> => {
  const [node] = site.nodes;
  return (await fetch(`${node?.bridge.addresses.management ?? ''}/health/ready`)).ok;
};

/** What programs ask, each with something good in its hand. */
async function questions(): Promise<
  Readonly<Record<string, () => Promise<{ status: number; text: string }>>>
> {
  const browser = site.browser();
  const { body } = await signInTo(site, { browser }, ['web']);
  const code = await authorize(site, { browser }, await codeRequest(site, 'web'));
  const subject_token = await site.platformToken();
  const told = (answer: Awaited<ReturnType<typeof redeem>>) => ({
    status: answer.status,
    text: answer.body.error,
  });
  const asked = (form: Readonly<Record<string, string>>, path?: string) => async () =>
    told(await requestToken(site, 'web', form, path === undefined ? {} : { path }));
  const exchange = { grant_type: EXCHANGE, subject_token, subject_token_type: JWT, audience: ORDERS };
  const at = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', response_type: 'code' };
  return {
    code: async () => told(await redeem(site, code)),
    refresh: async () => told(await refresh(site, 'web', body.refresh_token)),
    exchange: asked(exchange),
    'exchange of an opaque token': asked({
      ...exchange,
      subject_token: body.access_token,
      subject_token_type: JWT.replace('jwt', 'access_token'),
    }),
    'client credentials': asked({ grant_type: 'client_credentials', resource: ORDERS }),
    introspection: asked({ token: body.access_token }, '/oidc/introspect'),
    revocation: asked({ token: body.access_token }, '/oidc/revoke'),
    'pushed request': asked(
      { ...at, redirect_uri: code.request.parameters['redirect_uri'] ?? '', scope: 'openid' },
      '/oidc/par',
    ),
    device: asked({ scope: 'openid' }, '/oidc/device_authorization'),
    workload: async () =>
      told(await requestToken(site, 'robot', { grant_type: 'client_credentials', resource: ORDERS })),
    userinfo: async () => {
      const headers = { authorization: `Bearer ${body.access_token}` };
      const response = await fetch(`${site.publicUrl}/oidc/userinfo`, { headers });
      const text = z.looseObject({ error: z.string().default('') }).parse(await response.json()).error;
      return { status: response.status, text };
    },
  };
}

async function pages(browser: FormBrowser): Promise<readonly string[]> {
  const { url } = await codeRequest(site, 'web');
  const addresses = [
    url,
    `${site.publicUrl}/device`,
    `${site.publicUrl}/oidc/interaction/abcdefghijklmnopqrstu`,
    `${site.publicUrl}/oidc/logout`,
  ];
  return Promise.all(
    addresses.map(async (address) => {
      const { status, url: at } = await browser.visit(address);
      return `${new URL(at).pathname} ${status}`;
    }),
  );
}

test.each(['dead', 'hung'])(
  'while Redis is %s programs are told to come again and browsers so, within seconds, and afterwards all is well',
  async (how) => {
    const asked = await questions();
    const browser = site.browser();
    await signInTo(site, { browser }, ['web']);
    if (how === 'dead') await redis.kill();
    else process.kill(redis.pid(), 'SIGSTOP');
    const start = Date.now();
    const answers = Object.fromEntries(
      await Promise.all(
        Object.entries(asked).map(async ([name, ask]) => {
          const { status, text } = await ask();
          return [name, `${status} ${text}`] as const;
        }),
      ),
    );
    expect(answers).toEqual(
      Object.fromEntries(Object.keys(asked).map((name) => [name, '503 temporarily_unavailable'])),
    );
    for (const seen of await pages(browser)) expect(seen).toMatch(/ 503$/);
    expect(Date.now() - start).toBeLessThan(10_000);
    if (how === 'dead') await redis.restart();
    else process.kill(redis.pid(), 'SIGCONT');
    await until(isReady);
    expect((await signInTo(site, { browser: site.browser() }, ['web'])).status).toBe(200);
  },
  60_000,
);
