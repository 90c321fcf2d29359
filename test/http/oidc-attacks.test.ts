import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callbackOf, ORDERS } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  authorize,
  codeRequest,
  passPages,
  refresh,
  requestToken,
  signInTo,
  userinfo,
} from '../support/code-flow.ts';
import type { FormBrowser, Page } from '../support/form-browser.ts';
import { shiftClock } from '../support/test-clock.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

const clock = shiftClock();
let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(async () => {
  await site.stop();
  clock.restore();
});

/** Somebody's browser, signed in by way of an application that asks nothing. */
async function signedIn(person: string): Promise<FormBrowser> {
  const browser = site.browser();
  await signInTo(site, { browser, person }, ['web']);
  return browser;
}

async function visit(url: string, browser: FormBrowser = site.browser()): Promise<Page> {
  return browser.visit(url);
}

/** An authorization request with its query as it is written. */
async function rawRequest(change: (query: string) => string): Promise<string> {
  const { url } = await codeRequest(site, 'web');
  const [path = '', query = ''] = url.split('?');
  return `${path}?${change(query)}`;
}

describe('redirect URIs are those of the configuration, letter by letter (RFC 9700 2.1)', () => {
  const callback = (): URL => new URL(callbackOf('web', site.server.url));
  test.each([
    ['a longer path', () => `${callback().href}/more`],
    ['a shorter path', () => callback().href.slice(0, -1)],
    ['another case', () => callback().href.replace('/callback', '/Callback')],
    ['an encoded letter', () => callback().href.replace('/callback/w', '/callback/%77')],
    ['a way up and down again', () => callback().href.replace('/callback', '/x/../callback')],
    ['an encoded way up', () => `${callback().href}/%2e%2e/web`],
    ['a backslash', () => callback().href.replace('/callback/', '/callback\\')],
    ['a query', () => `${callback().href}?next=x`],
    ['an empty query', () => `${callback().href}?`],
    ['a fragment', () => `${callback().href}#x`],
    ['an empty fragment', () => `${callback().href}#`],
    ['a user name', () => callback().href.replace('//', '//web@')],
    ['a host that begins alike', () => callback().href.replace('127.0.0.1', '127.0.0.1.evil.example')],
    ['a host behind a user name', () => callback().href.replace('//', '//127.0.0.1@evil.example/')],
    ['another port', () => callback().href.replace(`:${callback().port}`, ':1')],
    ['another name of the same machine', () => callback().href.replace('127.0.0.1', 'localhost')],
    ['another scheme', () => callback().href.replace('http:', 'https:')],
    ['a space at its end', () => `${callback().href} `],
    ['a line break', () => `${callback().href}\r\nx-evil: 1`],
    ['that of another application', () => callbackOf('partner', site.server.url)],
    ['a script', () => 'javascript:alert(1)'],
  ])('refuses %s', async (_, uri) => {
    const browser = await signedIn('alice-1');
    for (const response_mode of ['query', 'form_post']) {
      const { url } = await codeRequest(site, 'web', { redirect_uri: uri(), response_mode });
      const page = await visit(url, browser);
      expect(page.status).toBe(400);
      expect(new URL(page.url).origin).toBe(site.publicUrl);
      expect(page.html).not.toContain('callback');
      expect(page.html).not.toContain('evil.example');
    }
  });

  test.each([
    ['a user name', (uri: string) => uri.replace('//', '//spa@')],
    ['another path', (uri: string) => `${uri}/x`],
    ['another name', (uri: string) => uri.replace('127.0.0.1', 'localhost')],
    ['a host that begins alike', (uri: string) => uri.replace('127.0.0.1', '127.0.0.1.evil.example')],
    ['a query', (uri: string) => `${uri}?x=1`],
    ['a fragment', (uri: string) => `${uri}#x`],
  ])(
    'leaves nothing but the port to an app on a loopback address: not %s (RFC 8252 7.3)',
    async (_, change) => {
      const { url } = await codeRequest(site, 'spa', {
        redirect_uri: change(callbackOf('spa', site.server.url)),
      });
      const page = await visit(url);
      expect(page.status).toBe(400);
      expect(new URL(page.url).origin).toBe(site.publicUrl);
    },
  );

  test.each(['redirect_uri', 'client_id', 'state', 'response_mode', 'code_challenge', 'prompt'])(
    'refuses a doubled %s (RFC 6749 3.1)',
    async (name) => {
      const url = await rawRequest((query) => {
        const value = new URLSearchParams(query).get(name) ?? 'query';
        return `${name}=${encodeURIComponent(value)}&${query}&${name}=${encodeURIComponent('https://evil.example/')}`;
      });
      const page = await visit(url);
      expect(new URL(page.url).host).not.toContain('evil.example');
      expect(new URL(page.url).searchParams.get('code')).toBeNull();
      expect(page.html).not.toContain('evil.example');
    },
  );

  test.each(['redirect_uri[]', 'redirect_uri%00', ' redirect_uri'])(
    'does not read %s as one',
    async (name) => {
      const url = await rawRequest((query) => query.replace('redirect_uri', name));
      expect((await visit(url)).status).toBe(400);
    },
  );
});

describe('responses', () => {
  test.each([
    ['fragment', {}],
    ['jwt', {}],
    ['form_post.jwt', {}],
    ['web_message', {}],
    ['query', { response_type: 'code token' }],
    ['query', { response_type: 'id_token' }],
    ['query', { response_type: 'none' }],
  ])('come by no other way: %s %j', async (response_mode, more) => {
    const browser = await signedIn('alice-1');
    const { url } = await codeRequest(site, 'web', { response_mode, ...more });
    const page = await visit(url, browser);
    expect(page.url + page.html).not.toMatch(/code=|access_token=|id_token=[^"]/);
  });

  test('name their issuer, refusals as well (RFC 9207 2)', async () => {
    const browser = site.browser();
    const refused = await authorize(site, { browser }, await codeRequest(site, 'web', { prompt: 'none' }));
    const good = await authorize(site, { browser }, await codeRequest(site, 'web'));
    for (const { answer } of [refused, good]) expect(answer.get('iss')).toBe(site.publicUrl);
  });
});

describe('codes', () => {
  const form = async (more: Readonly<Record<string, string>> = {}) => {
    const request = await codeRequest(site, 'web');
    const { answer } = await authorize(site, { browser: await signedIn('bob-1') }, request);
    const good = {
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      redirect_uri: request.parameters['redirect_uri'] ?? '',
      code_verifier: request.verifier,
    };
    return { ...good, ...more };
  };

  test('are of no use to another application (RFC 6749 10.5)', async () => {
    const stolen = await form();
    expect((await requestToken(site, 'partner', stolen)).body.error).toBe('invalid_grant');
    const forged = { ...stolen, client_id: 'web' };
    expect((await requestToken(site, 'partner', forged)).status).not.toBe(200);
  });

  test.each([
    ['no verifier', { code_verifier: '' }],
    ['a guessed verifier', { code_verifier: 'A'.repeat(43) }],
    ['another redirect URI', { redirect_uri: 'https://evil.example/' }],
    ['no redirect URI', { redirect_uri: '' }],
  ])('are of no use with %s (RFC 7636 4.6)', async (_, more) => {
    const filled = Object.entries(await form(more)).filter(([, value]) => value !== '');
    expect((await requestToken(site, 'web', Object.fromEntries(filled))).status).toBe(400);
  });

  test('of a request whose challenge is its verifier are not made', async () => {
    const challenge = 'B'.repeat(43);
    const more = { code_challenge: challenge, code_challenge_method: '' };
    const { answer } = await authorize(
      site,
      { browser: await signedIn('bob-1') },
      await codeRequest(site, 'web', more),
    );
    expect(answer.get('error')).toBe('invalid_request');
  });
});

describe('pushed requests', () => {
  const push = async (): Promise<string> => {
    const { parameters } = await codeRequest(site, 'pushed');
    const { body } = await requestToken(site, 'pushed', parameters, { path: '/oidc/par' });
    return String(body['request_uri']);
  };

  test('are of the application that pushed them (RFC 9126 2.1)', async () => {
    const query = new URLSearchParams({ client_id: 'web', request_uri: await push() });
    const page = await visit(`${site.publicUrl}/oidc/authorize?${query.toString()}`, await signedIn('bob-1'));
    expect(new URL(page.url).searchParams.get('code')).toBeNull();
  });

  test('outweigh what stands beside them in the query (RFC 9126 4)', async () => {
    const query = new URLSearchParams({
      client_id: 'pushed',
      request_uri: await push(),
      redirect_uri: 'https://evil.example/',
      scope: 'openid offline_access',
      response_mode: 'form_post',
    });
    const page = await visit(`${site.publicUrl}/oidc/authorize?${query.toString()}`, await signedIn('bob-1'));
    expect(page.url).not.toContain('evil.example');
    expect(page.html).not.toContain('evil.example');
  });

  test('are refused with an address that is not registered', async () => {
    const { parameters } = await codeRequest(site, 'pushed', { redirect_uri: 'https://evil.example/' });
    expect((await requestToken(site, 'pushed', parameters, { path: '/oidc/par' })).status).toBe(400);
  });

  test.each(['https://evil.example/request', 'urn:ietf:params:oauth:request_uri:', 'urn:example:x'])(
    'cannot be had from %s',
    async (request_uri) => {
      const { url } = await codeRequest(site, 'web', { request_uri });
      const page = await visit(url, await signedIn('bob-1'));
      expect(new URL(page.url).searchParams.get('code')).toBeNull();
    },
  );
});

describe('interactions', () => {
  const begin = async (browser: FormBrowser, client: 'web' | 'partner' = 'partner'): Promise<Page> => {
    return browser.visit((await codeRequest(site, client)).url);
  };

  test('are of the browser that began them', async () => {
    const page = await begin(await signedIn('alice-1'));
    expect(new URL(page.url).pathname).toMatch(/^\/oidc\/interaction\//);
    const other = await signedIn('bob-1');
    expect((await other.visit(page.url)).status).toBeGreaterThanOrEqual(400);
    const forged = await other.submit(page, { answer: 'allow' }, new URL(page.url).pathname);
    expect(forged.status).toBeGreaterThanOrEqual(400);
  });

  test('want an answer that was given on our page', async () => {
    const browser = await signedIn('alice-1');
    const page = await begin(browser);
    const forged = await browser.post(page.url, { answer: 'allow' });
    expect(forged.status).toBe(403);
    const without = await browser.submit(
      page,
      { answer: 'allow', form_token: 'x' },
      new URL(page.url).pathname,
    );
    expect(without.status).toBe(403);
  });

  test('are answered in the sign-in that they show, and in no other one', async () => {
    const attacker = await signedIn('carol-1');
    const page = await begin(attacker);
    const victim = await signedIn('alice-1');
    const { pathname } = new URL(page.url);
    victim.take(page.url, `${interactionCookie(attacker, page.url)}; path=${pathname}`);
    const shown = await victim.visit(page.url);
    expect(shown.status).toBeGreaterThanOrEqual(400);
  });

  test('that people began before they signed in are of nobody else afterwards', async () => {
    const attacker = site.browser();
    const start = await begin(attacker, 'web');
    const back = new URL(start.url).searchParams.get('return_to') ?? '';
    const victim = await signedIn('alice-1');
    victim.take(site.publicUrl + back, `${interactionCookie(attacker, site.publicUrl + back)}; path=${back}`);
    await victim.visit(site.publicUrl + back);
    const resumed = await attacker.visit(site.publicUrl + back.replace('interaction', 'authorize'));
    expect(new URL(resumed.url).searchParams.get('code')).toBeNull();
    const other = await passPages(
      site,
      { browser: attacker, person: 'carol-1' },
      await attacker.visit(`${site.publicUrl}/signin`),
    );
    expect(other.status).toBe(200);
    const again = await attacker.visit(site.publicUrl + back.replace('interaction', 'authorize'));
    expect(new URL(again.url).searchParams.get('code')).toBeNull();
  });

  test('of a device are of the person who said that it may go on (RFC 8628 5.4)', async () => {
    const begun = await requestToken(
      site,
      'television',
      { scope: 'openid profile', max_age: '30' },
      { path: '/oidc/device_authorization' },
    );
    const attacker = await signedIn('carol-1');
    clock.advance(60_000);
    const asked = await attacker.visit(String(begun.body['verification_uri_complete']));
    const shown = await attacker.submit(asked, {}, '/device');
    const away = await attacker.submit(shown, { confirm: 'yes' }, '/device');
    const uid = attacker
      .cookies()
      .find(({ name, path }) => name === 'rolebridge-resume' && path.startsWith('/device/'))?.value;
    expect(new URL(away.url).origin).not.toBe(site.publicUrl);
    const victim = await signedIn('alice-1');
    victim.take(site.publicUrl, `rolebridge-interaction=${uid}; path=/oidc/interaction/${uid}`);
    victim.take(site.publicUrl, `rolebridge-resume=${uid}; path=/device/${uid}`);
    await victim.visit(`${site.publicUrl}/oidc/interaction/${uid}`);
    await victim.visit(`${site.publicUrl}/device/${uid}`);
    const poll = await requestToken(site, 'television', {
      grant_type: DEVICE_CODE,
      device_code: String(begun.body['device_code']),
    });
    expect(poll.body.error).not.toBe('');
    expect(poll.status).toBe(400);
  });

  test('lead nowhere but to the application', async () => {
    const browser = await signedIn('alice-1');
    for (const path of [
      '//evil.example/oidc/interaction/x',
      '/oidc/interaction/..%2f..%2f%2fevil.example',
      '/oidc/interaction//evil.example',
    ]) {
      const page = await browser.visit(`${site.publicUrl}/signin?return_to=${encodeURIComponent(path)}`);
      expect(new URL(page.url).origin).toBe(site.publicUrl);
    }
  });
});

function interactionCookie(browser: FormBrowser, url: string): string {
  const { pathname } = new URL(url);
  const cookie = browser
    .cookies()
    .find(({ name, path }) => name === 'rolebridge-interaction' && path === pathname);
  return `rolebridge-interaction=${cookie?.value ?? ''}`;
}

describe('consent', () => {
  test('shows claims that are asked for by their names (OpenID Connect Core 5.5)', async () => {
    const claims = JSON.stringify({ id_token: { email: null }, userinfo: { name: null, roles: null } });
    const { url } = await codeRequest(site, 'partner', { scope: 'openid', claims });
    const page = await visit(url, await signedIn('alice-1'));
    const all = await codeRequest(site, 'partner', { scope: 'openid profile email roles' });
    const shown = await visit(all.url, await signedIn('alice-1'));
    expect(wishesOn(page)).toEqual(wishesOn(shown));
  });

  test('is given for what was shown, and asked again for more', async () => {
    const browser = await signedIn('dave-1');
    await signInTo(site, { browser }, ['partner', { scope: 'openid' }]);
    const more = await codeRequest(site, 'partner', {
      scope: 'openid orders:write',
      resource: ORDERS,
      prompt: 'none',
    });
    expect((await authorize(site, { browser }, more)).answer.get('error')).toBe('consent_required');
  });
});

function wishesOn({ html }: Page): readonly string[] {
  return [...html.matchAll(/<li\b[^>]*>([^]*?)<\/li>/g)].map(([, text = '']) => text.trim());
}

describe('tokens', () => {
  test('are of no use to another application (RFC 6749 10.4, RFC 7009 2.1, RFC 7662 4)', async () => {
    const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
    for (const client of ['partner', 'spa', 'keys'] as const) {
      expect((await refresh(site, client, body.refresh_token)).body.error).toBe('invalid_grant');
      for (const token of [body.access_token, body.refresh_token]) {
        const told = await requestToken(site, client, { token }, { path: '/oidc/introspect' });
        expect(told.body['active']).not.toBe(true);
        await requestToken(site, client, { token }, { path: '/oidc/revoke' });
      }
    }
    expect((await userinfo(site, body.access_token)).status).toBe(200);
    expect((await refresh(site, 'web', body.refresh_token)).status).toBe(200);
  });

  test('of another kind open nothing at userinfo', async () => {
    const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
    const service = await signInTo(site, { browser: site.browser() }, [
      'web',
      { scope: 'openid orders:read', resource: ORDERS },
    ]);
    const own = await requestToken(site, 'web', { grant_type: 'client_credentials' });
    const others = [body.id_token, body.refresh_token, service.body.access_token, own.body.access_token];
    for (const token of others) expect((await userinfo(site, token)).status).toBe(401);
  });

  test('are not for scripts of other origins (RFC 6749 10.16)', async () => {
    for (const origin of ['https://evil.example', 'null', `${site.server.url}.evil.example`]) {
      const request = await codeRequest(site, 'spa');
      const { answer } = await authorize(site, { browser: site.browser() }, request);
      const response = await fetch(`${site.publicUrl}/oidc/token`, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: 'spa',
          code: answer.get('code') ?? '',
          redirect_uri: callbackOf('spa', site.server.url),
          code_verifier: request.verifier,
        }),
      });
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      expect(response.status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('requests that nobody would make', () => {
  const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const HOSTILE: readonly Readonly<Record<string, string>>[] = [
    ...['-1', '1e9', 'abc', '99999999999999999999', '0x10', '1.5', ' '].map((max_age) => ({ max_age })),
    ...[
      'null',
      '[]',
      '7',
      '{}',
      '{',
      '{"id_token":[]}',
      '{"id_token":null}',
      '{"userinfo":7}',
      '{"id_token":{"acr":7}}',
      '{"id_token":{"acr":{"essential":true,"values":"x"}}}',
      '{"id_token":{"acr":{"essential":true,"values":[{}]}}}',
      '{"id_token":{"acr":{"essential":"yes","value":[]}}}',
      '{"id_token":{"sub":{"value":{}}}}',
      '{"id_token":{"sub":{"value":null}}}',
      '{"id_token":{"__proto__":{"x":1},"constructor":{},"toString":null}}',
      '{"userinfo":{"email":{"value":["x"]}},"more":7}',
      `{"id_token":{"x":{"y":${nested(2500)}}}}`,
      `{"id_token":${nested(2500)}}`,
    ].map((claims) => ({ claims })),
    ...['none login', 'create', 'login login', 'x', 'none none'].map((prompt) => ({ prompt })),
    ...['x', '//', 'https://evil.example/#x', ORDERS.toUpperCase(), `${ORDERS}/`, 'data:,', '__proto__'].map(
      (resource) => ({ resource }),
    ),
    ...['x', 'openid '.repeat(600), 'openid\u0000', 'openid __proto__ constructor', '"<script>'].map(
      (scope) => ({
        scope,
      }),
    ),
    ...['x', 'a'.repeat(6000), '__proto__', 'urn:rolebridge:acr:mfa '.repeat(100)].map((acr_values) => ({
      acr_values,
    })),
    ...['x', 'a.b.c', '..', 'e30.e30.'].map((id_token_hint) => ({ id_token_hint })),
    ...['x', 'a'.repeat(6000), '"><script>alert(1)</script>'].map((login_hint) => ({ login_hint })),
    ...['x', '*', 'a'.repeat(6000)].map((ui_locales) => ({ ui_locales })),
    ...['a'.repeat(42), 'a'.repeat(129), '='.repeat(43)].map((code_challenge) => ({ code_challenge })),
    ...['x', 'a'.repeat(43)].map((dpop_jkt) => ({ dpop_jkt })),
    ...['x', 'a.b.c', '..', 'e30.e30.'].map((request) => ({ request })),
    ...['__proto__', 'constructor', 'web\u0000', 'WEB', 'web ', 'a'.repeat(6000)].map((client_id) => ({
      client_id,
    })),
    ...['a\r\nb', 'a'.repeat(6000), '"><script>alert(1)</script>'].map((state) => ({ state })),
  ];

  test.each(HOSTILE.map((more) => [JSON.stringify(more).slice(0, 80), more] as const))(
    'are answered, and never by a failure of ours: %s',
    async (_, more) => {
      const browser = await signedIn('alice-1');
      for (const client of ['web', 'partner'] as const) {
        const request = await codeRequest(site, client, more);
        const page = await browser.visit(request.url);
        expect(page.status).toBeLessThan(500);
        expect(new URL(page.url).searchParams.get('error')).not.toBe('server_error');
        expect(page.html).not.toContain('<script>alert');
        const pushed = await requestToken(site, client, request.parameters, { path: '/oidc/par' });
        expect(pushed.status).toBeLessThan(500);
      }
    },
  );
});

describe('proofs in headers that nobody would send', () => {
  const AUTHORIZATIONS = [
    'Basic',
    'Basic ',
    'Basic %%%',
    `Basic ${btoa('web')}`,
    `Basic ${btoa(':')}`,
    `Basic ${btoa('web%ZZ:x')}`,
    `Basic ${btoa('__proto__:x')}`,
    `Basic ${btoa('web:\u0000')}`,
    `Basic ${btoa('robot:')}`,
    `Basic ${'A'.repeat(8000)}`,
    'Bearer',
    'Bearer ',
    'Bearer x y',
    'Bearer __proto__',
    `Bearer ${'a'.repeat(8000)}`,
    'DPoP x',
    'Negotiate x',
  ];
  test.each(AUTHORIZATIONS.map((authorization) => [authorization.slice(0, 40), authorization] as const))(
    'are refused: %s',
    async (_, authorization) => {
      for (const path of ['token', 'introspect', 'revoke', 'par', 'device_authorization', 'userinfo']) {
        for (const more of [{}, { dpop: 'x' }, { dpop: 'e30.e30.' }]) {
          const form = { grant_type: 'client_credentials', token: 'x', scope: 'openid' };
          const response = await fetch(`${site.publicUrl}/oidc/${path}`, {
            method: 'POST',
            headers: { authorization, ...more },
            body: new URLSearchParams(form),
          });
          expect([400, 401]).toContain(response.status);
          expect(await response.text()).not.toContain('server_error');
        }
      }
    },
  );
});

test.each(['/oidc/par', '/oidc/device_authorization'])(
  'keeps nothing at %s that anybody could fill the store with',
  async (path) => {
    const client = path === '/oidc/par' ? 'spa' : 'television';
    const { parameters } = await codeRequest(site, client, { login_hint: 'a'.repeat(100_000) });
    expect((await requestToken(site, client, parameters, { path })).status).toBe(413);
  },
);
