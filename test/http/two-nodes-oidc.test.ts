import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PUBLISH_AHEAD_MS } from '../../src/domain/token/key-schedule.ts';
import { applicationEnv, DEPLOY, ORDERS, REPORTS, type ClientName } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  answered,
  authorize,
  codeRequest,
  passPages,
  proofOf,
  redeem,
  refresh,
  requestToken,
  signInTo,
  userinfo,
  verifyToken,
  type CodeAnswer,
  type TokenAnswer,
} from '../support/code-flow.ts';
import type { FormBrowser, Page } from '../support/form-browser.ts';
import { runClient } from '../support/foreign-client.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { shiftClock } from '../support/test-clock.ts';

const A = 0;
const B = 1;
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const OFFLINE = { scope: 'openid offline_access' };
const REFUSED = { status: 400, body: { error: 'invalid_grant' } };

const ROLEBRIDGE = join(import.meta.dirname, '../../bin/rolebridge');

const clock = shiftClock();
let redis: RedisServer;
let site: ApplicationSite;
beforeAll(async () => {
  redis = await startRedis();
  site = await startApplicationSite({ nodes: 2, extra: { store: { redis: { url: redis.url } } } });
});
afterAll(async () => {
  await site.stop();
  await redis.stop();
  clock.restore();
});

/** A code that somebody got by way of node A. */
async function codeAtA(
  client: ClientName = 'web',
  more: Readonly<Record<string, string>> = {},
): Promise<CodeAnswer> {
  return authorize(site, { browser: browserAt(A) }, await codeRequest(site, client, more));
}

async function isAlive(accessToken: string, node: number): Promise<boolean> {
  return (await userinfo(site, accessToken, { node })).status === 200;
}

function statuses(answers: readonly TokenAnswer[]): readonly number[] {
  return answers.map(({ status }) => status).toSorted();
}

function browserAt(node: number): FormBrowser {
  return site.browser(() => node);
}

/** A browser that the load balancer sends now here, now there. */
function wanderingBrowser(): { readonly browser: FormBrowser; readonly goTo: (node: number) => void } {
  let current = A;
  const browser = site.browser(() => current);
  return {
    browser,
    goTo: (node) => {
      current = node;
    },
  };
}

describe('two nodes on one Redis', () => {
  it('redeem at one a code of the other, and it is the same sign-in there', async () => {
    const callback = await codeAtA();
    const tokens = await redeem(site, callback, { node: B });
    expect(tokens.status).toBe(200);
    for (const node of [A, B]) {
      const { payload } = await verifyToken(site, tokens.body.id_token, { audience: 'web', node });
      expect(payload['nonce']).toBe(callback.request.nonce);
      expect(await isAlive(tokens.body.access_token, node)).toBe(true);
    }
  });

  it('see at one that a code was redeemed at the other, and take back what it gave (RFC 6749 4.1.2)', async () => {
    const callback = await codeAtA('web', OFFLINE);
    const { body } = await redeem(site, callback, { node: A });
    expect(await redeem(site, callback, { node: B })).toMatchObject(REFUSED);
    for (const node of [A, B]) expect(await isAlive(body.access_token, node)).toBe(false);
    for (const node of [A, B])
      expect(await refresh(site, 'web', body.refresh_token, { node })).toMatchObject(REFUSED);
  });

  it('give one of many at once tokens for a code, at most', async () => {
    for (let round = 0; round < 3; round += 1) {
      const callback = await codeAtA('web', OFFLINE);
      const answers = await Promise.all([A, B, A, B].map((node) => redeem(site, callback, { node })));
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
      for (const { body } of answers.filter(({ status }) => status === 200)) {
        expect(await isAlive(body.access_token, A)).toBe(false);
        expect(await refresh(site, 'web', body.refresh_token, { node: B })).toMatchObject(REFUSED);
      }
    }
  });

  it('lead a browser from one to the other in the middle of a sign-in', async () => {
    const { browser, goTo } = wanderingBrowser();
    const request = await codeRequest(site, 'partner');
    const asked = await browser.visit(request.url);
    goTo(B);
    const page = await passPages(site, { browser }, asked);
    goTo(A);
    expect(await redeem(site, answered(request, page), { node: B })).toMatchObject({ status: 200 });
    const silent = await codeRequest(site, 'partner', { prompt: 'none' });
    goTo(B);
    expect(answered(silent, await browser.visit(silent.url)).answer.has('code')).toBe(true);
  });

  it('refresh at one a token of the other, and see there that it was used (RFC 9700 4.14.2)', async () => {
    const { body } = await redeem(site, await codeAtA('web', OFFLINE), { node: A });
    const second = await refresh(site, 'web', body.refresh_token, { node: B });
    expect(second.status).toBe(200);
    expect(await refresh(site, 'web', body.refresh_token, { node: A })).toMatchObject(REFUSED);
    expect(await refresh(site, 'web', second.body.refresh_token, { node: B })).toMatchObject(REFUSED);
    expect(await isAlive(second.body.access_token, A)).toBe(false);
  });

  it('let one of two parties at most refresh with the same token at once, and neither go on', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { body } = await redeem(site, await codeAtA('web', OFFLINE), { node: A });
      const answers = await Promise.all(
        [A, B].map((node) => refresh(site, 'web', body.refresh_token, { node })),
      );
      expect([
        [200, 400],
        [400, 400],
      ]).toContainEqual(statuses(answers));
      for (const { body: won } of answers.filter(({ status }) => status === 200)) {
        expect(await refresh(site, 'web', won.refresh_token, { node: B })).toMatchObject(REFUSED);
        expect(await isAlive(won.access_token, A)).toBe(false);
      }
    }
  });

  it('poll at one for a device that was allowed at the other (RFC 8628 3.4)', async () => {
    const started = await requestToken(
      site,
      'television',
      { scope: 'openid' },
      {
        node: A,
        path: '/oidc/device_authorization',
      },
    );
    const { device_code, user_code } = deviceSchema.parse(started.body);
    const poll = (node: number): Promise<TokenAnswer> =>
      requestToken(site, 'television', { grant_type: DEVICE_CODE, device_code }, { node });
    expect(await poll(B)).toMatchObject({ body: { error: 'authorization_pending' } });
    await allowDevice(browserAt(A), user_code);
    expect(await poll(B)).toMatchObject({ status: 200 });
    expect(await poll(A)).toMatchObject(REFUSED);
  });

  it('take at one a request that was pushed to the other, once (RFC 9126 2.2)', async () => {
    const request = await codeRequest(site, 'pushed');
    const pushed = await requestToken(site, 'pushed', request.parameters, { node: A, path: '/oidc/par' });
    const { request_uri } = z.looseObject({ request_uri: z.string() }).parse(pushed.body);
    const query = new URLSearchParams({ client_id: 'pushed', request_uri }).toString();
    const url = `${site.publicUrl}/oidc/authorize?${query}`;
    const callback = await authorize(site, { browser: browserAt(B) }, { ...request, url });
    expect(await redeem(site, callback, { node: A })).toMatchObject({ status: 200 });
    const again = await authorize(site, { browser: browserAt(A) }, { ...request, url });
    expect(again.answer.has('code')).toBe(false);
  });

  it('take a proof of possession once, wherever it comes first (RFC 7523 3)', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { fields } = await proofOf(site, 'keys');
      const body = new URLSearchParams({ ...fields, grant_type: 'client_credentials', resource: ORDERS });
      const send = async (node: number): Promise<number> =>
        (await fetch(`${site.nodes[node]?.url ?? ''}/oidc/token`, { method: 'POST', body })).status;
      const taken = (await Promise.all([A, B, A, B].map(send))).filter((status) => status === 200);
      expect(taken.length).toBe(1);
      expect(await send(B)).toBe(401);
    }
  });

  it('end at one the tokens of a sign-in that was ended at the other', async () => {
    const browser = browserAt(A);
    const { body } = await signInTo(site, { browser, person: 'bob-1' }, [
      'web',
      { resource: ORDERS, scope: 'openid orders:read' },
    ]);
    const bound = await signInTo(site, { browser, person: 'bob-1' }, ['web']);
    expect(await isAlive(bound.body.access_token, B)).toBe(true);
    const page = await browser.visit(`${site.publicUrl}/signout`);
    await browser.submit(page, {}, '/signout');
    expect(await isAlive(bound.body.access_token, B)).toBe(false);
    expect((await refresh(site, 'web', bound.body.refresh_token, { node: B })).status).toBe(400);
    expect((await exchange(body.access_token, B)).status).toBe(400);
  });

  it('exchange at one a token of the other', async () => {
    const { body, claims } = await signInTo(site, { browser: browserAt(A) }, [
      'web',
      { resource: ORDERS, scope: 'openid orders:read' },
    ]);
    const exchanged = await exchange(body.access_token, B);
    expect(exchanged.status).toBe(200);
    const { payload } = await verifyToken(site, exchanged.body.access_token, {
      audience: REPORTS,
      type: 'at+jwt',
      node: A,
    });
    expect(payload.sub).toBe(claims.sub);
    const credentials = await requestToken(
      site,
      'web',
      {
        grant_type: TOKEN_EXCHANGE,
        subject_token: await site.platformToken(),
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        resource: DEPLOY,
      },
      { node: B },
    );
    expect(credentials.body).toMatchObject({ token_type: 'N_A' });
  });

  it('verify at one what the other signed, before and after the keys were rotated', async () => {
    const before = await signInTo(site, { browser: browserAt(A) }, ['web']);
    await rotateKeys();
    const after = await redeem(site, await codeAtA(), { node: A });
    const kids = [before.body.id_token, after.body.id_token].map((token) => decodeProtectedHeader(token).kid);
    expect(new Set(kids).size).toBe(2);
    for (const token of [before.body.id_token, after.body.id_token])
      expect((await verifyToken(site, token, { audience: 'web', node: B })).payload.aud).toBe('web');
  });
});

function exchange(subject_token: string, node: number): Promise<TokenAnswer> {
  const form = {
    grant_type: TOKEN_EXCHANGE,
    subject_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: REPORTS,
    scope: 'reports:read',
  };
  return requestToken(site, 'web', form, { node });
}

/** As an operator does beside the nodes, which see it by themselves within a minute; then the new keys' time has come. */
async function rotateKeys(): Promise<void> {
  const configPath = site.nodes[A]?.configPath ?? '';
  const env = { ...process.env, ...applicationEnv(site.idp.clientSecret) };
  const run = await runClient([ROLEBRIDGE, 'keys', 'rotate', '--config', configPath], { env });
  expect(run).toMatchObject({ code: 0 });
  await site.reconfigure({});
  clock.advance(PUBLISH_AHEAD_MS + 1000);
}

const deviceSchema = z.looseObject({ device_code: z.string(), user_code: z.string() });

async function allowDevice(browser: FormBrowser, userCode: string): Promise<Page> {
  const form = await passPages(site, { browser }, await browser.visit(`${site.publicUrl}/device`));
  const asked = await passPages(
    site,
    { browser },
    await browser.submit(form, { user_code: userCode }, '/device'),
  );
  const done = await browser.submit(asked, { confirm: 'yes' }, '/device');
  return passPages(site, { browser }, done);
}
