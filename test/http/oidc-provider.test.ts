import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ORDERS, signedOutOf } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  authorize,
  codeRequest,
  passPages,
  redeem,
  refresh,
  requestToken,
  signInTo,
  userinfo,
  verifyToken,
} from '../support/code-flow.ts';

let site: ApplicationSite;
const printed = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));

beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(() => site.stop());
// The library says on the console which of its development defaults it runs with.
afterEach(() => {
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
});

test('signs somebody in to an application by a code (OpenID Connect Core 3.1)', async () => {
  const browser = site.browser();
  const { claims, body } = await signInTo(site, { browser }, ['web']);
  expect(claims).toMatchObject({
    name: 'Alice Example',
    email: 'alice@acme.example',
    acr: 'urn:rolebridge:acr:sign-in',
  });
  expect(claims['sid']).toMatch(/^[\w-]{16}$/);
  expect(await userinfo(site, body.access_token)).toMatchObject({ status: 200, body: { sub: claims.sub } });
});

test('gives a service its own access token (RFC 9068)', async () => {
  const { body, claims } = await signInTo(site, { browser: site.browser() }, [
    'web',
    { scope: 'openid orders:read', resource: ORDERS },
  ]);
  const { payload } = await verifyToken(site, body.access_token, { audience: ORDERS, type: 'at+jwt' });
  expect(payload).toMatchObject({
    client_id: 'web',
    scope: 'orders:read',
    sid: claims['sid'],
    sub: claims.sub,
  });
});

test('refuses a code the second time, and ends what came of it (RFC 6749 4.1.2)', async () => {
  const request = await codeRequest(site, 'web');
  const answer = await authorize(site, { browser: site.browser() }, request);
  const { body } = await redeem(site, answer);
  const again = await redeem(site, answer);
  expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(again.headers.get('x-rolebridge-reference')).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
  expect((await userinfo(site, body.access_token)).status).toBe(401);
});

test('rotates refresh tokens, and ends all when an old one comes back (RFC 9700 4.14.2)', async () => {
  const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
  const next = await refresh(site, 'web', body.refresh_token);
  expect(next.status).toBe(200);
  expect((await refresh(site, 'web', body.refresh_token)).body.error).toBe('invalid_grant');
  expect((await refresh(site, 'web', next.body.refresh_token)).body.error).toBe('invalid_grant');
});

test('lets one of two parties refresh at once, and ends what came of it', async () => {
  const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
  const answers = await Promise.all([1, 2, 3].map(() => refresh(site, 'web', body.refresh_token)));
  const good = answers.filter(({ status }) => status === 200);
  expect(good.length).toBeLessThanOrEqual(1);
  for (const {
    body: { refresh_token },
  } of good)
    expect((await refresh(site, 'web', refresh_token)).body.error).toBe('invalid_grant');
});

test('takes pushed requests, once (RFC 9126)', async () => {
  const request = await codeRequest(site, 'pushed');
  const pushed = await requestToken(site, 'pushed', request.parameters, { path: '/oidc/par' });
  expect(pushed.status).toBe(201);
  const url = `${site.publicUrl}/oidc/authorize?${new URLSearchParams({ client_id: 'pushed', request_uri: String(pushed.body['request_uri']) }).toString()}`;
  const browser = site.browser();
  const answer = await authorize(site, { browser }, { ...request, url });
  expect((await redeem(site, answer)).status).toBe(200);
  const again = await browser.visit(url);
  expect(again.status).toBe(400);
  expect((await authorize(site, { browser }, request)).answer.get('error')).toBe('invalid_request');
});

test('takes applications that prove themselves by keys and by their platform (RFC 7523)', async () => {
  expect((await signInTo(site, { browser: site.browser() }, ['keys'])).status).toBe(200);
  const robot = { grant_type: 'client_credentials', resource: ORDERS, scope: 'orders:read' };
  expect(await requestToken(site, 'robot', robot)).toMatchObject({ status: 200 });
});

test('binds tokens to a key (RFC 9449)', async () => {
  const key = await generateKeyPair('ES256');
  const jwk = await exportJWK(key.publicKey);
  const proof = (htm: string, path: string, more: object = {}): Promise<string> =>
    new SignJWT({ htm, htu: `${site.publicUrl}${path}`, jti: randomUUID(), ...more })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(key.privateKey);
  const answer = await authorize(site, { browser: site.browser() }, await codeRequest(site, 'bound'));
  expect((await redeem(site, answer)).body.error).toBe('invalid_dpop_proof');
  const { verifier, parameters } = answer.request;
  const token = await fetch(`${site.publicUrl}/oidc/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa('bound:bound-secret-of-forty-random-characters-00')}`,
      dpop: await proof('POST', '/oidc/token'),
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: answer.answer.get('code') ?? '',
      redirect_uri: parameters['redirect_uri'] ?? '',
      code_verifier: verifier,
    }),
  });
  const body = z
    .object({ access_token: z.string(), token_type: z.literal('DPoP') })
    .parse(await token.json());
  const ath = createHash('sha256').update(body.access_token).digest('base64url');
  const ask = async (dpop: string): Promise<number> =>
    (
      await fetch(`${site.publicUrl}/oidc/userinfo`, {
        headers: { authorization: `DPoP ${body.access_token}`, dpop },
      })
    ).status;
  const good = await proof('GET', '/oidc/userinfo', { ath });
  expect(await ask(good)).toBe(200);
  expect(await ask(good)).toBe(401);
  expect((await userinfo(site, body.access_token)).status).toBe(401);
  expect(await calculateJwkThumbprint(jwk)).toMatch(/^[\w-]{43}$/);
});

test('tells resource servers of tokens, and ends them (RFC 7662, RFC 7009)', async () => {
  const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
  const ask = () => requestToken(site, 'web', { token: body.access_token }, { path: '/oidc/introspect' });
  expect((await ask()).body).toMatchObject({ active: true, client_id: 'web' });
  const ended = await requestToken(site, 'web', { token: body.access_token }, { path: '/oidc/revoke' });
  expect(ended.status).toBe(200);
  expect((await ask()).body).toMatchObject({ active: false });
});

test('ends what is bound to a sign-in with it, and tells the applications', async () => {
  const browser = site.browser();
  const { body, claims } = await signInTo(site, { browser, person: 'bob-1' }, ['web']);
  const before = site.server.logouts('web').length;
  const query = new URLSearchParams({
    id_token_hint: body.id_token,
    post_logout_redirect_uri: signedOutOf('web', site.server.url),
    state: 's',
  });
  const page = await browser.visit(`${site.publicUrl}/oidc/logout?${query.toString()}`);
  expect(page.status).toBe(200);
  expect((await userinfo(site, body.access_token)).status).toBe(200);
  const after = await browser.submit(page, { logout: 'yes' }, '/oidc/logout/confirm');
  expect(after.url).toBe(`${signedOutOf('web', site.server.url)}?state=s`);
  expect((await userinfo(site, body.access_token)).status).toBe(401);
  expect((await browser.visit(`${site.publicUrl}/roles`)).url).not.toContain('/roles');
  const [notice] = site.server.logouts('web').slice(before);
  const { payload } = await verifyToken(site, notice?.get('logout_token') ?? '', {
    audience: 'web',
    type: 'logout+jwt',
  });
  expect(payload).toMatchObject({ sub: claims.sub, sid: claims['sid'] });
});

test('tells the applications when somebody signs out here', async () => {
  const browser = site.browser();
  const { claims, body } = await signInTo(site, { browser, person: 'bob-1' }, ['web']);
  const before = site.server.logouts('web').length;
  await browser.submit(await browser.visit(`${site.publicUrl}/signout`), {}, '/signout');
  expect((await refresh(site, 'web', body.refresh_token)).body.error).toBe('invalid_grant');
  const [notice] = site.server.logouts('web').slice(before);
  expect(decodeJwt(notice?.get('logout_token') ?? '')).toMatchObject({ sid: claims['sid'] });
});

test('refuses an address after sign-out that is not registered', async () => {
  const query = new URLSearchParams({ client_id: 'web', post_logout_redirect_uri: 'https://evil.example/' });
  const page = await site.browser().visit(`${site.publicUrl}/oidc/logout?${query.toString()}`);
  expect(page).toMatchObject({ status: 400 });
});

test('lets a device go on once the person said so (RFC 8628)', async () => {
  const begun = await requestToken(
    site,
    'television',
    { scope: 'openid profile' },
    { path: '/oidc/device_authorization' },
  );
  expect(begun.status).toBe(200);
  expect(begun.body['user_code']).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  const poll = () =>
    requestToken(site, 'television', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: String(begun.body['device_code']),
    });
  expect((await poll()).body.error).toBe('authorization_pending');
  const browser = site.browser();
  const asked = await passPages(
    site,
    { browser },
    await browser.visit(String(begun.body['verification_uri_complete'])),
  );
  expect(asked.fields).toMatchObject({ user_code: begun.body['user_code'] });
  const shown = await browser.submit(asked, {}, '/device');
  expect(shown.html).toContain(String(begun.body['user_code']));
  const done = await passPages(site, { browser }, await browser.submit(shown, { confirm: 'yes' }, '/device'));
  expect(done).toMatchObject({ status: 200 });
  expect(await poll()).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
});

test.each([
  ['an address that is not registered', { redirect_uri: 'https://evil.example/cb' }],
  ['an unknown application', { client_id: 'nobody' }],
])('keeps a browser here that came with %s', async (_, more) => {
  const page = await site.browser().visit((await codeRequest(site, 'web', more)).url);
  expect(page).toMatchObject({ status: 400 });
  expect(page.url).toContain(site.publicUrl);
});

test('wants PKCE with S256 of everybody (RFC 9700 2.1.1)', async () => {
  for (const more of [
    { code_challenge: '', code_challenge_method: '' },
    { code_challenge_method: 'plain' },
  ]) {
    const { answer } = await authorize(
      site,
      { browser: site.browser() },
      await codeRequest(site, 'web', more),
    );
    expect(answer.get('error')).toBe('invalid_request');
  }
});

test('answers prompt=none without asking (OpenID Connect Core 3.1.2.1)', async () => {
  const browser = site.browser();
  const request = await codeRequest(site, 'web', { prompt: 'none' });
  expect((await authorize(site, { browser }, request)).answer.get('error')).toBe('login_required');
  await signInTo(site, { browser }, ['web']);
  const { answer } = await authorize(site, { browser }, await codeRequest(site, 'web', { prompt: 'none' }));
  expect(answer.get('code')).not.toBeNull();
});

test('asks for a second factor where the application wants one (acr_values)', async () => {
  const browser = site.browser();
  const request = await codeRequest(site, 'web', { acr_values: 'urn:rolebridge:acr:mfa' });
  const { page } = await authorize(site, { browser, person: 'carol-1' }, request);
  expect(new URL(page.url).pathname).toBe('/mfa/add');
});

test('signs somebody in anew for prompt=login', async () => {
  const browser = site.browser();
  const first = await signInTo(site, { browser }, ['web']);
  const second = await signInTo(site, { browser }, ['web', { prompt: 'login' }]);
  expect(second.claims['sid']).not.toBe(first.claims['sid']);
  expect((await userinfo(site, first.body.access_token)).status).toBe(401);
});

test('refuses doubled parameters', async () => {
  const response = await fetch(`${site.publicUrl}/oidc/token`, {
    method: 'POST',
    body: 'grant_type=refresh_token&grant_type=authorization_code',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: 'invalid_request' });
});

test('answers by a form that the browser posts (form_post)', async () => {
  const browser = site.browser();
  const { page } = await authorize(
    site,
    { browser },
    await codeRequest(site, 'web', { response_mode: 'form_post' }),
  );
  expect(page.fields).toMatchObject({ iss: site.publicUrl });
  expect(page.fields['code']).toBeDefined();
});
