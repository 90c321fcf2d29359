import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBrowser, formTokenAt, respond, startLogin, type Browser } from '../support/saml-browser.ts';
import {
  authenticate,
  beginOidc,
  signInWithOidc,
  startSignInWorld,
  type SignInWorld,
} from '../support/sign-in-world.ts';

let one: SignInWorld;
let browser: Browser;
beforeAll(async () => {
  one = await startSignInWorld();
});
afterAll(async () => {
  await one.stop();
});
beforeEach(() => {
  browser = createBrowser(one.world.url);
});
afterEach(() => {
  one.idp.configure({ fault: 'none', error: '', signInAs: 'alice-1', down: 'no', iss: 'absent' });
});

const SESSION = 'rolebridge-session';
const locationOf = (answer: Response): string | null => answer.headers.get('location');

/** What every refusal has: a page with a way on, an event, and nothing opened. */
async function expectRefused(
  answer: Response,
  { status = 403, code, because }: { status?: number; code: string; because?: string },
): Promise<void> {
  const html = await answer.text();
  const reference = answer.headers.get('x-rolebridge-reference') ?? '';
  expect(answer.status).toBe(status);
  expect(html).toContain(reference);
  expect(html).toContain('/signin');
  expect(browser.cookies.has(SESSION)).toBe(false);
  const event = (await one.events('OidcSignIn')).find((line) => line.includes(reference)) ?? '';
  expect(event).toContain(`"errorCode":"${code}"`);
  if (because !== undefined) expect(event).toContain(because);
}

describe('a sign-in with OpenID Connect', () => {
  it('ends with a session, and where the person wanted to go', async () => {
    const answer = await signInWithOidc(browser, '?return_to=%2Fsessions%3Fx%3D1');
    expect([answer.status, locationOf(answer)]).toEqual([303, '/sessions?x=1']);
    expect([...browser.cookies.keys()].toSorted()).toEqual(['rolebridge-provider', SESSION]);
    expect(await (await browser.get('/sessions')).text()).toContain('Alice Example');
    const event = (await one.events('OidcSignIn')).at(-1) ?? '';
    expect(event).toContain('"eventSource":"signin.amazonaws.com"');
    expect(event).toContain('"outcome":"allowed"');
    expect(event).toContain('"userName":"alice-1"');
  });

  it('asks with PKCE, state and nonce, which no answer of ours and no store holds (RFC 7636)', async () => {
    const url = new URL(await beginOidc(browser, '?login_hint=alice%40acme.example&prompt=login'));
    const query = Object.fromEntries(url.searchParams);
    expect(query).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      login_hint: 'alice@acme.example',
      prompt: 'login',
      max_age: '0',
      redirect_uri: 'http://127.0.0.1:8080/signin/idp/callback',
    });
    expect(query['state']).toMatch(/^[\w-]{43}$/);
    const store = one.openStore();
    const attempt = JSON.stringify(await store.loginAttempts.take(query['state'] ?? ''));
    await store.close();
    expect(attempt).toContain('"forceAuthn":true');
    expect(attempt).not.toContain(query['nonce']);
    for (const secret of browser.cookies.values()) expect(attempt).not.toContain(secret);
  });

  it('gives a new session each time, and ends the one that the browser had', async () => {
    await signInWithOidc(browser);
    const former = browser.cookies.get(SESSION) ?? '';
    await signInWithOidc(browser);
    expect(browser.cookies.get(SESSION)).not.toBe(former);
    const thief = createBrowser(one.world.url);
    thief.cookies.set(SESSION, former);
    expect((await thief.get('/sessions')).status).toBe(303);
  });

  it('does not take a session that somebody planted (session fixation)', async () => {
    const planted = `${'A'.repeat(43)}B`;
    browser.cookies.set(SESSION, planted);
    await signInWithOidc(browser);
    expect(browser.cookies.get(SESSION)).not.toBe(planted);
  });

  it('works in two tabs at once, whichever ends first', async () => {
    const [first, second] = [await beginOidc(browser), await beginOidc(browser)];
    for (const url of [second, first]) {
      expect((await browser.get(await authenticate(url))).status).toBe(303);
      expect((await browser.get('/sessions')).status).toBe(200);
    }
  });

  describe('refuses a callback', () => {
    it('that comes twice', async () => {
      const cookies = new Map(browser.cookies);
      const url = await beginOidc(browser);
      for (const [name, value] of browser.cookies) cookies.set(name, value);
      const path = await authenticate(url);
      expect((await browser.get(path)).status).toBe(303);
      browser.cookies.clear();
      for (const [name, value] of cookies) browser.cookies.set(name, value);
      await expectRefused(await browser.get(path), { code: 'login-attempt-unknown' });
    });

    it('in another browser: somebody else’s sign-in (login CSRF)', async () => {
      const path = await authenticate(await beginOidc(browser));
      browser = createBrowser(one.world.url);
      await expectRefused(await browser.get(path), { code: 'login-attempt-unknown', because: 'no cookie' });
    });

    it.each([
      ['forged', (name: string) => [name, 'A'.repeat(43)]],
      ['twice', (name: string, value: string) => [name, `${value}; ${name}=${value}`]],
      ['oversized', (name: string) => [name, 'A'.repeat(5000)]],
      ['of another name', (name: string, value: string) => [`x${name}`, value]],
    ] as const)('with a cookie that is %s', async (_name, change) => {
      const path = await authenticate(await beginOidc(browser));
      const [[name = '', value = ''] = []] = browser.cookies;
      browser.cookies.clear();
      const [changedName = '', changed = ''] = change(name, value);
      browser.cookies.set(changedName, changed);
      await expectRefused(await browser.get(path), { code: 'login-attempt-unknown' });
    });

    it('with the code of another attempt of the same browser (code injection)', async () => {
      const [mine, injected] = [
        new URLSearchParams((await authenticate(await beginOidc(browser))).split('?')[1]),
        new URLSearchParams((await authenticate(await beginOidc(browser))).split('?')[1]),
      ];
      mine.set('code', injected.get('code') ?? '');
      await expectRefused(await browser.get(`/signin/idp/callback?${mine.toString()}`), {
        code: 'provider-refused',
      });
    });

    it('of an attempt that is older than ten minutes', async () => {
      const path = await authenticate(await beginOidc(browser));
      const state = new URLSearchParams(path.split('?')[1]).get('state') ?? '';
      const store = one.openStore();
      // As long past its time as can be: it is not there any more.
      await store.loginAttempts.take(state);
      await store.close();
      await expectRefused(await browser.get(path), { code: 'login-attempt-unknown' });
    });

    it('of an attempt with SAML', async () => {
      const { relayState } = await startLogin(browser, 'corp');
      await expectRefused(await browser.get(`/signin/idp/callback?code=x&state=${relayState}`), {
        code: 'login-attempt-unknown',
        because: 'another provider',
      });
    });

    it('at SAML’s endpoint with the state of an attempt with OpenID Connect', async () => {
      const state = new URL(await beginOidc(browser)).searchParams.get('state') ?? '';
      const SAMLResponse = respond({ idp: one.samlIdp, requestId: 'x' });
      const answer = await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: state });
      expect([answer.status, browser.cookies.has(SESSION)]).toEqual([403, false]);
    });

    it.each(['', '?state=', '?code=x', `?code=x&state=${'A'.repeat(43)}`, '?state=%00', '?state=a&state=b'])(
      'as %j',
      async (query) => {
        await expectRefused(await browser.get(`/signin/idp/callback${query}`), {
          code: 'login-attempt-unknown',
        });
      },
    );

    it('that is longer than any', async () => {
      const answer = await browser.get(`/signin/idp/callback?state=${'a'.repeat(10_000)}`);
      expect([answer.status, browser.cookies.has(SESSION)]).toEqual([400, false]);
    });

    it('by POST', async () => {
      const answer = await browser.post('/signin/idp/callback', { code: 'x', state: 'A'.repeat(43) });
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain('/signin');
    });

    it.each([
      ['wrong-nonce', 'invalid-identity-token', 403],
      ['no-nonce', 'invalid-identity-token', 403],
      ['wrong-issuer', 'invalid-identity-token', 403],
      ['wrong-audience', 'invalid-identity-token', 403],
      ['hs256', 'invalid-identity-token', 403],
      ['alg-none', 'invalid-identity-token', 403],
      ['foreign-key', 'invalid-identity-token', 403],
      ['expired', 'expired-identity-token', 403],
      ['no-id-token', 'provider-refused', 403],
      ['wrong-state', 'login-attempt-unknown', 403],
      ['no-state', 'login-attempt-unknown', 403],
      ['doubled-state', 'login-attempt-unknown', 403],
      ['code-of-another', 'provider-refused', 403],
      ['token-redirect', 'provider-refused', 403],
      ['userinfo-wrong-sub', 'invalid-identity-token', 403],
    ] as const)('of a provider with the fault %s', async (fault, code, status) => {
      const url = await beginOidc(browser);
      one.idp.configure({ fault });
      await expectRefused(await browser.get(await authenticate(url)), { code, status });
    });

    it.each(['token-html', 'token-500', 'token-huge', 'token-wrong-type', 'token-broken-json'] as const)(
      'of a provider whose token endpoint fails (%s)',
      async (fault) => {
        const url = await beginOidc(browser);
        one.idp.configure({ fault });
        const answer = await browser.get(await authenticate(url));
        expect([403, 502]).toContain(answer.status);
        expect(browser.cookies.has(SESSION)).toBe(false);
        expect(await answer.text()).toContain('/signin/idp');
      },
    );

    it.each([
      ['of the past', -7200],
      ['of the future', 7200],
    ])('with an ID token %s: a clock is wrong', async (_name, seconds) => {
      const url = await beginOidc(browser);
      const now = Math.floor(Date.now() / 1000) + seconds;
      one.idp.configure({ idTokenClaims: { iat: now, nbf: now, exp: now + 600, auth_time: now } });
      const answer = await browser.get(await authenticate(url));
      one.idp.configure({ idTokenClaims: {} });
      expect([answer.status, browser.cookies.has(SESSION)]).toEqual([403, false]);
      expect(answer.headers.get('x-rolebridge-reference')).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
    });
  });

  it.each([
    ['access_denied', 'provider-denied'],
    ['server_error', 'provider-failed'],
    ['temporarily_unavailable', 'provider-failed'],
    ['<script>alert(1)</script>', 'provider-failed'],
  ])('tells of the provider’s error %s, and offers both ways on', async (error) => {
    const url = await beginOidc(browser, '?return_to=%2Fsessions');
    one.idp.configure({ error });
    const answer = await browser.get(await authenticate(url));
    const html = await answer.clone().text();
    await expectRefused(answer, { code: 'provider-refused' });
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('/signin/idp?return_to=%2Fsessions');
    expect(html).toContain('/signin?choose=yes');
    expect(html).toContain('Example ID');
  });

  it('says that the provider is down, and does not hang', async () => {
    const other = await startSignInWorld();
    const own = createBrowser(other.world.url);
    const url = await beginOidc(own);
    const path = await authenticate(url);
    other.idp.configure({ down: 'yes' });
    const answer = await own.get(path);
    expect([answer.status, own.cookies.has(SESSION)]).toEqual([502, false]);
    await other.stop();
  });
});

describe('finding the provider', () => {
  it('asks where there are several', async () => {
    const answer = await browser.get('/signin?return_to=%2Fsessions');
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(html).toContain('Example ID');
    expect(html).toContain('Acme Corp');
    expect(html).toContain('/sessions');
  });

  it('shows the last used first, by a cookie that names nothing but the provider', async () => {
    await signInWithOidc(browser);
    const line = (await signInWithSaml()).headers
      .getSetCookie()
      .find((cookie) => cookie.startsWith('rolebridge-provider'));
    expect(line).toBe('rolebridge-provider=corp; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax');
    browser.cookies.delete(SESSION);
    const html = await (await browser.get('/signin')).text();
    expect(html.indexOf('Acme Corp')).toBeLessThan(html.indexOf('Example ID'));
  });

  it.each([
    ['alice@acme.example', '/signin/idp?login_hint=alice%40acme.example'],
    ['  Alice@ACME.Example ', '/signin/idp?login_hint=Alice%40ACME.Example'],
    ['bob@corp.acme.example', '/signin/corp?login_hint=bob%40corp.acme.example'],
  ])('leads %j to the provider of its domain', async (email, place) => {
    const token = await formTokenAt(browser, '/signin');
    const answer = await browser.post('/signin', { form_token: token, email });
    expect([answer.status, locationOf(answer)]).toEqual([303, place]);
  });

  it.each([
    ['eve@elsewhere.example', 'of an unknown domain'],
    ['eve@sub.acme.example', 'of a domain below a known one'],
    ['eve@acme.example.evil.example', 'of a domain that begins like a known one'],
    ['alice', 'without a domain'],
    ['', 'empty'],
    ['@acme.example', 'without a name'],
    ['a@b@acme.example', 'with two domains'],
    ['a b@acme.example', 'with a space'],
    [`${'a'.repeat(300)}@acme.example`, 'too long'],
    ['alice@acme.example\r\nX: y', 'with a line break'],
    ['alice@acme.example/../..', 'with a path'],
    ['"><script>alert(1)</script>@x.example', 'with markup'],
  ])('shows the page again for %j, %s', async (email) => {
    const token = await formTokenAt(browser, '/signin');
    const answer = await browser.post('/signin', { form_token: token, email });
    const html = await answer.text();
    expect([answer.status, locationOf(answer)]).toEqual([422, null]);
    expect(html).toContain('Example ID');
    expect(html).not.toContain('<script>alert');
  });

  it('says the same of people who are known and of people who are not', async () => {
    await signInWithOidc(browser);
    browser = createBrowser(one.world.url);
    const token = await formTokenAt(browser, '/signin');
    const places = await Promise.all(
      ['alice', 'nobody'].map(async (name) =>
        locationOf(await browser.post('/signin', { form_token: token, email: `${name}@acme.example` })),
      ),
    );
    expect(places.map((place) => place?.replace(/alice|nobody/, 'x'))).toEqual(
      Array(2).fill('/signin/idp?login_hint=x%40acme.example'),
    );
  });

  it('takes no address that another site posted', async () => {
    const token = await formTokenAt(browser, '/signin');
    const cookie = Array.from(browser.cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const post = (headers: Record<string, string>, form_token = token) =>
      fetch(`${one.world.url}/signin`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, ...headers },
        body: new URLSearchParams({ form_token, email: 'a@acme.example' }),
      });
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post({}, 'A'.repeat(43))).status).toBe(403);
    expect((await post({ cookie: '' })).status).toBe(403);
    expect((await post({})).status).toBe(303);
  });

  it('follows a login_hint of a known domain, and shows any other in the field', async () => {
    expect(locationOf(await browser.get('/signin?login_hint=a%40acme.example&return_to=%2Fsessions'))).toBe(
      '/signin/idp?login_hint=a%40acme.example&return_to=%2Fsessions',
    );
    const answer = await browser.get('/signin?login_hint=a%40elsewhere.example');
    expect([answer.status, (await answer.text()).includes('a@elsewhere.example')]).toEqual([200, true]);
    expect(await (await browser.get('/signin?email=b%40acme.example')).text()).toContain('b@acme.example');
  });

  it('sends whoever is signed in on their way', async () => {
    await signInWithOidc(browser);
    expect(locationOf(await browser.get('/signin?return_to=%2Fsessions'))).toBe('/sessions');
    expect(locationOf(await browser.get('/signin'))).toBe('/roles');
    expect((await browser.get('/signin?choose=yes')).status).toBe(200);
  });

  it('leads to SAML’s own login, with wishes in its words', async () => {
    expect(locationOf(await browser.get('/signin/corp?return_to=%2Fsessions&prompt=login'))).toBe(
      '/saml/corp/login?ReturnTo=%2Fsessions&ForceAuthn=true',
    );
  });

  it.each(['nobody', 'constructor', '__proto__', '..%2f', 'IDP', '%00'])(
    'knows no provider %s, and says where to go',
    async (name) => {
      for (const path of [`/signin/${name}`, `/signin/${name}/callback`]) {
        const answer = await browser.get(path);
        expect(answer.status).toBe(404);
        expect(await answer.text()).toContain('/signin?choose=yes');
      }
    },
  );

  it('refuses a prompt that it does not know', async () => {
    expect((await browser.get('/signin/idp?prompt=none')).status).toBe(400);
  });
});

describe('where there is one provider only', () => {
  let alone: SignInWorld;
  beforeAll(async () => {
    alone = await startSignInWorld({ extra: { samlProviders: [] } });
  });
  afterAll(async () => {
    await alone.stop();
  });
  beforeEach(() => {
    browser = createBrowser(alone.world.url);
  });

  it('goes there at once', async () => {
    expect(locationOf(await browser.get('/signin?return_to=%2Fsessions'))).toBe(
      '/signin/idp?return_to=%2Fsessions',
    );
  });

  it.each(['reason=signed-out', 'reason=session-ended', 'reason=provider-removed', 'choose=yes'])(
    'never does after %s: that is how redirects go round and round',
    async (query) => {
      expect((await browser.get(`/signin?${query}`)).status).toBe(200);
    },
  );

  it('leads from an error page to the choice, not through it', async () => {
    const answer = await browser.get('/signin/idp/callback?error=access_denied');
    const links = Array.from((await answer.text()).matchAll(/\/signin[^"&\s]*/g), ([link]) => link);
    expect(links).toContain('/signin?choose=yes');
  });

  it('leads somebody whose provider was removed meanwhile to the choice, with an event', async () => {
    await signInWithOidc(browser);
    await alone.world.reconfigure({
      extra: { oidcProviders: [], samlProviders: [alone.samlProvider], roles: [] },
    });
    const answer = await browser.get('/sessions');
    expect([answer.status, locationOf(answer)]).toEqual([303, '/signin?reason=provider-removed']);
    expect(browser.cookies.has(SESSION)).toBe(false);
    expect((await alone.events('EndSignIn')).at(-1)).toContain('"errorCode":"sign-in-required"');
    expect((await browser.get('/signin/idp')).status).toBe(404);
  });
});

/** What has been tried to make a browser leave for another site. */
const TRICKS = [
  'https://evil.example',
  'http://evil.example',
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/ /evil.example',
  'evil.example',
  '.evil.example',
  '@evil.example',
  ':@evil.example',
  'javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,x',
  'https:evil.example',
  'https:/evil.example',
  'HTTPS://evil.example',
  '/\u0000/evil.example',
  '/\u00a0/evil.example',
  '/\u3002evil.example',
  '/\u2028/evil.example',
  '/\uff0fevil.example',
  '/\r\nLocation: https://evil.example',
  '/\r\nSet-Cookie: a=b',
  '',
  ' ',
  '?x',
  '#x',
  `/${'a'.repeat(2000)}`,
];

describe('a return_to that leads elsewhere', () => {
  it.each(TRICKS)('goes nowhere as %j', async (trick) => {
    const query = `return_to=${encodeURIComponent(trick)}`;
    const html = await (await browser.get(`/signin?${query}`)).text();
    if (trick.includes('evil')) expect(html).not.toContain('evil.example');
    const saml = locationOf(await browser.get(`/signin/corp?${query}`));
    expect(saml).toBe('/saml/corp/login?ReturnTo=%2Froles');
    const token = await formTokenAt(browser, '/signin');
    const found = await browser.post('/signin', {
      form_token: token,
      email: 'a@acme.example',
      return_to: trick,
    });
    expect(locationOf(found)).toBe('/signin/idp?login_hint=a%40acme.example');
    expect(locationOf(await signInWithOidc(browser, `?${query}`))).toBe('/roles');
    expect(locationOf(await browser.get(`/signin?${query}`))).toBe('/roles');
  });

  it.each(['/%2F%2Fevil.example', '/.//evil.example', '/;@evil.example', '/roles/..//evil.example'])(
    'stays here as %s',
    async (path) => {
      const answer = await signInWithOidc(browser, `?return_to=${encodeURIComponent(path)}`);
      const place = new URL(locationOf(answer) ?? '', 'https://bridge.example');
      expect(place.origin).toBe('https://bridge.example');
    },
  );
});

async function signInWithSaml(): Promise<Response> {
  const { requestId, relayState } = await startLogin(browser, 'corp');
  const SAMLResponse = respond({ idp: one.samlIdp, requestId });
  return browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState });
}
