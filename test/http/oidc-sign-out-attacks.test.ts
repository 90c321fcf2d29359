import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ORDERS, signedOutOf } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  authorize,
  codeRequest,
  redeem,
  refresh,
  requestToken,
  signInTo,
  TELL_SIGN_IN,
  userinfo,
  type TokenAnswer,
} from '../support/code-flow.ts';
import type { FormBrowser } from '../support/form-browser.ts';
import { logoutUrl } from '../support/logout-flow.ts';
import { enrolTotp } from '../support/second-factor.ts';
import { shiftClock } from '../support/test-clock.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const MFA = 'urn:rolebridge:acr:mfa';
const ESSENTIAL = JSON.stringify({ id_token: { acr: { essential: true, value: MFA } } });

const clock = shiftClock();
let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(async () => {
  await site.stop();
  clock.restore();
});

async function signedIn(person: string): Promise<FormBrowser> {
  const browser = site.browser();
  await signInTo(site, { browser, person }, ['web']);
  return browser;
}

async function isSignedIn(browser: FormBrowser): Promise<boolean> {
  return new URL((await browser.visit(`${site.publicUrl}/roles`)).url).pathname === '/roles';
}

/** What an application hears that asks without any page. */
async function askQuietly(browser: FormBrowser, more: Readonly<Record<string, string>> = {}) {
  const request = await codeRequest(site, 'web', { prompt: 'none', ...more });
  return authorize(site, { browser }, request);
}

describe('a sign-out', () => {
  test.each([{}, { logout: 'yes' }, { logout: 'yes', xsrf: '' }, { logout: 'yes', xsrf: 'x'.repeat(43) }])(
    'needs an answer that was given on our page: not %j',
    async (fields) => {
      const browser = await signedIn('alice-1');
      await browser.visit(logoutUrl(site, { client_id: 'web' }));
      await browser.post(`${site.publicUrl}/oidc/logout/confirm`, fields);
      expect(await isSignedIn(browser)).toBe(true);
    },
  );

  test('cannot be answered with what another browser was shown', async () => {
    const attacker = await signedIn('bob-1');
    const shown = await attacker.visit(logoutUrl(site, { client_id: 'web' }));
    const victim = await signedIn('alice-1');
    await victim.visit(logoutUrl(site, { client_id: 'web' }));
    await victim.post(`${site.publicUrl}/oidc/logout/confirm`, { ...shown.fields, logout: 'yes' });
    expect(await isSignedIn(victim)).toBe(true);
  });

  test.each([
    ['a longer path', (uri: string) => `${uri}/more`],
    ['a query', (uri: string) => `${uri}?x=1`],
    ['a user name', (uri: string) => uri.replace('//', '//x@')],
    ['another host', () => 'https://evil.example/'],
    ['another application', () => signedOutOf('partner', site.server.url)],
    ['a script', () => 'javascript:alert(1)'],
    ['no scheme', () => '//evil.example/'],
  ])('leads nowhere but where it is registered: not to %s', async (_, change) => {
    const target = change(signedOutOf('web', site.server.url));
    const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
    for (const browser of [site.browser(), await signedIn('alice-1')])
      for (const who of [{ client_id: 'web' }, { id_token_hint: body.id_token }, {}]) {
        const page = await browser.visit(logoutUrl(site, { ...who, post_logout_redirect_uri: target }));
        expect(new URL(page.url).origin).toBe(site.publicUrl);
        expect(page.html).not.toContain('evil.example');
      }
  });

  test('is of one application, not of two', async () => {
    const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
    const target = signedOutOf('partner', site.server.url);
    const query = { id_token_hint: body.id_token, client_id: 'partner', post_logout_redirect_uri: target };
    expect(await site.browser().visit(logoutUrl(site, query))).toMatchObject({ status: 400 });
  });

  test('puts no line break of a state into an address', async () => {
    const target = signedOutOf('web', site.server.url);
    const query = {
      client_id: 'web',
      post_logout_redirect_uri: target,
      state: 'a\r\nSet-Cookie: x=1&code=2',
    };
    const page = await site.browser().visit(logoutUrl(site, query));
    expect([...new URL(page.url).searchParams.keys()]).toEqual(['state']);
  });

  test('voids a code that was on its way, and all that came before', async () => {
    const browser = site.browser();
    const tokens = await signInTo(site, { browser, person: 'dave-1' }, ['web']);
    const code = await authorize(site, { browser }, await codeRequest(site, 'web'));
    await browser.submit(await browser.visit(`${site.publicUrl}/signout`), {}, '/signout');
    expect((await redeem(site, code)).body.error).toBe('invalid_grant');
    await expectVoid(tokens);
  });
});

/** Of what an application got, nothing opens anything. */
async function expectVoid({ body }: TokenAnswer): Promise<void> {
  expect((await userinfo(site, body.access_token)).status).toBe(401);
  expect((await refresh(site, 'web', body.refresh_token)).status).toBeGreaterThanOrEqual(400);
  const introspect = { path: '/oidc/introspect' };
  for (const token of [body.access_token, body.refresh_token]) {
    const { body: told } = await requestToken(site, 'web', { token }, introspect);
    expect(told['active']).not.toBe(true);
  }
  for (const [type, token] of [
    ['access_token', body.access_token],
    ['id_token', body.id_token],
  ] as const) {
    const exchanged = await requestToken(site, 'web', {
      grant_type: TOKEN_EXCHANGE,
      subject_token: token,
      subject_token_type: `urn:ietf:params:oauth:token-type:${type}`,
      resource: ORDERS,
    });
    expect(exchanged.status).toBeGreaterThanOrEqual(400);
    expect(exchanged.status).toBeLessThan(500);
  }
}

describe('how well somebody is known', () => {
  test('is not what a page view makes it', async () => {
    const browser = site.browser();
    const first = await signInTo(site, { browser, person: 'erin-1' }, ['web', { claims: TELL_SIGN_IN }]);
    clock.advance(300_000);
    await browser.visit(`${site.publicUrl}/roles`);
    const later = await signInTo(site, { browser }, ['web', { claims: TELL_SIGN_IN }]);
    expect(later.claims['auth_time']).toBe(first.claims['auth_time']);
    expect((await askQuietly(browser, { max_age: '60' })).answer.get('error')).toBe('login_required');
    expect((await askQuietly(browser, { max_age: '0' })).answer.get('error')).toBe('login_required');
  });

  test('is not better without a second factor, whichever way back somebody takes', async () => {
    const browser = await signedIn('frank-1');
    expect((await askQuietly(browser, { claims: ESSENTIAL })).answer.get('error')).not.toBeNull();
    const asked = await authorize(site, { browser }, await codeRequest(site, 'web', { claims: ESSENTIAL }));
    const back = new URL(asked.page.url).searchParams.get('return_to') ?? '';
    expect(back).toMatch(/^\/oidc\/interaction\//);
    for (const path of [back, back.replace('interaction', 'authorize'), back]) {
      const page = await browser.visit(site.publicUrl + path);
      expect(new URL(page.url).searchParams.get('code')).toBeNull();
    }
    const wish = await askQuietly(browser, { acr_values: MFA, claims: TELL_SIGN_IN });
    const { body } = await redeem(site, wish);
    expect(payloadOf(body.id_token)['acr']).toBe('urn:rolebridge:acr:sign-in');
  });

  test('is of one sign-in: a second factor in another browser counts for nothing here', async () => {
    const here = await signedIn('grace-1');
    const there = await signedIn('grace-1');
    await enrolTotp(there, await there.visit(`${site.publicUrl}/mfa/add`));
    const proved = await askQuietly(there, { claims: ESSENTIAL });
    expect(proved.answer.get('code')).not.toBeNull();
    expect((await askQuietly(here, { claims: ESSENTIAL })).answer.get('code')).toBeNull();
  });

  test('is asked of the person that the application means', async () => {
    const { body } = await signInTo(site, { browser: site.browser(), person: 'heidi-1' }, ['web']);
    const other = await signedIn('ivan-1');
    const hinted = await askQuietly(other, { id_token_hint: body.id_token });
    expect(hinted.answer.get('error')).toBe('login_required');
    const sub = JSON.stringify({ id_token: { sub: { value: payloadOf(body.id_token)['sub'] } } });
    expect((await askQuietly(other, { claims: sub })).answer.get('error')).toBe('login_required');
  });
});

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
}

test('opens no device without an answer that was given on our page', async () => {
  const begun = await requestToken(
    site,
    'television',
    { scope: 'openid' },
    { path: '/oidc/device_authorization' },
  );
  const browser = await signedIn('alice-1');
  await browser.visit(String(begun.body['verification_uri_complete']));
  const user_code = String(begun.body['user_code']);
  for (const xsrf of [{}, { xsrf: '' }, { xsrf: 'x' }])
    await browser.post(`${site.publicUrl}/device`, { user_code, confirm: 'yes', ...xsrf });
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: String(begun.body['device_code']),
  };
  expect((await requestToken(site, 'television', form)).body.error).toBe('authorization_pending');
  expect((await requestToken(site, 'web', form)).body.error).toBe('invalid_grant');
});

describe('another configuration', () => {
  afterEach(() => site.reconfigure({}));

  const members = z.looseObject({
    oidcProviders: z.array(z.looseObject({ name: z.string() })),
    applications: z.array(z.looseObject({ clientId: z.string() })),
  });
  const configured = () => members.parse(JSON.parse(readFileSync(site.nodes[0]?.configPath ?? '', 'utf8')));
  const OFFLINE = { scope: 'openid offline_access', prompt: 'consent' };

  test('by whose provider nobody signs in any more voids what its people had', async () => {
    const tokens = await signInTo(site, { browser: site.browser(), person: 'judy-1' }, ['web', OFFLINE]);
    const browser = await signedIn('judy-1');
    const code = await authorize(site, { browser }, await codeRequest(site, 'web'));
    const { oidcProviders } = configured();
    await site.reconfigure({
      oidcProviders: oidcProviders.map((provider) => ({ ...provider, signIn: undefined })),
    });
    expect(await isSignedIn(browser)).toBe(false);
    await expectVoid(tokens);
    expect((await redeem(site, code)).status).toBe(400);
    expect((await askQuietly(browser)).answer.get('code')).toBeNull();
  });

  test('without the application voids what it had', async () => {
    const tokens = await signInTo(site, { browser: site.browser() }, ['post', OFFLINE]);
    const { applications } = configured();
    await site.reconfigure({ applications: applications.filter(({ clientId }) => clientId !== 'post') });
    expect((await userinfo(site, tokens.body.access_token)).status).toBe(401);
    expect((await refresh(site, 'post', tokens.body.refresh_token)).body.error).toBe('invalid_client');
    const { url } = await codeRequest(site, 'post');
    expect((await site.browser().visit(url)).status).toBe(400);
  });

  test('with fewer grants and services of an application leaves it no more than those', async () => {
    const tokens = await signInTo(site, { browser: site.browser() }, [
      'web',
      { ...OFFLINE, scope: 'openid offline_access orders:read', resource: ORDERS },
    ]);
    const { applications } = configured();
    const changed = (change: object) =>
      site.reconfigure({
        applications: applications.map((one) => (one.clientId === 'web' ? { ...one, ...change } : one)),
      });
    await changed({ audiences: [] });
    const withoutService = await refresh(site, 'web', tokens.body.refresh_token);
    expect(withoutService.body.error).toBe('invalid_target');
    await changed({ grants: ['authorization_code'] });
    expect((await refresh(site, 'web', tokens.body.refresh_token)).status).toBe(400);
  });

  test('that wants a second factor of everybody wants it at applications', async () => {
    const browser = await signedIn('bob-1');
    await site.reconfigure({ mfa: { required: 'always' } });
    expect((await askQuietly(browser)).answer.get('error')).toBe('interaction_required');
    const asked = await authorize(site, { browser }, await codeRequest(site, 'web'));
    expect(new URL(asked.page.url).pathname).toMatch(/^\/mfa\//);
    const back = new URL(asked.page.url).searchParams.get('return_to') ?? '';
    for (const path of [back, back.replace('interaction', 'authorize')]) {
      const page = await browser.visit(site.publicUrl + path);
      expect(new URL(page.url).searchParams.get('code')).toBeNull();
    }
    const device = await browser.visit(`${site.publicUrl}/device`);
    expect(new URL(device.url).pathname).toMatch(/^\/mfa\//);
  });
});

test('writes no code, token or secret into the audit trail', async () => {
  const browser = site.browser();
  const request = await codeRequest(site, 'web', {
    scope: 'openid offline_access orders:read',
    resource: ORDERS,
  });
  const answer = await authorize(site, { browser }, request);
  const { body } = await redeem(site, answer);
  const next = await refresh(site, 'web', body.refresh_token);
  await refresh(site, 'web', body.refresh_token);
  await redeem(site, answer);
  await browser.visit(logoutUrl(site, { id_token_hint: body.id_token }));
  const begun = await requestToken(
    site,
    'television',
    { scope: 'openid' },
    { path: '/oidc/device_authorization' },
  );
  await requestToken(site, 'web', { token: body.access_token }, { path: '/oidc/revoke' });
  const issued = [
    answer.answer.get('code'),
    request.verifier,
    body.access_token,
    body.id_token,
    body.refresh_token,
    next.body.access_token,
    next.body.refresh_token,
    begun.body['device_code'],
    begun.body['user_code'],
    'secret-of-forty-random-characters',
  ].map(String);
  const trail = (await site.auditLines()).join('\n');
  for (const secret of issued) {
    expect(secret.length).toBeGreaterThan(8);
    expect(trail).not.toContain(secret);
  }
});
