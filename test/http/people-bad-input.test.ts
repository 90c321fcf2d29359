import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import Router from '@koa/router';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAuthenticator } from '../support/authenticator.ts';
import {
  codeAt,
  enrolApp,
  passkeyOptionsIn,
  PEOPLE_ORIGIN,
  rolePath,
  ROLES,
  SESSION_COOKIE,
  startPeopleWorld,
  submit,
  wrongCodeAt,
  type PeopleWorld,
} from '../support/people-world.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { createBrowser, formTokenAt, respond, startLogin, type Browser } from '../support/saml-browser.ts';
import { GOOD_CONTENT } from '../support/saml/identity-provider.ts';
import { authenticate, beginOidc } from '../support/sign-in-world.ts';

let ahead = 0;
const machineClock = Date.now;
let one: PeopleWorld;
beforeAll(async () => {
  // Before the bridge starts, which then keeps it: this process, and so the bridge and its provider, can be put forward.
  vi.spyOn(Date, 'now').mockImplementation(() => machineClock() + ahead);
  one = await startPeopleWorld();
});
afterAll(async () => {
  await one.stop();
});
afterEach(() => {
  ahead = 0;
  one.idp.configure({ fault: 'none', error: '', down: 'no', idTokenClaims: {}, userinfoClaims: {} });
});

const MINUTE_MS = 60_000;
const EVIL = 'https://evil.example';
const locationOf = (answer: Response): string | null => answer.headers.get('location');

type Sent = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
};

/** Sends what no browser would, with a browser's cookies. */
function sendAs(browser: Browser, path: string, { method = 'GET', headers = {}, body }: Sent = {}) {
  const cookie = Array.from(browser.cookies, ([name, value]) => `${name}=${value}`).join('; ');
  return fetch(one.world.url + path, {
    method,
    redirect: 'manual',
    headers: { cookie, ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Posts fields as they are, doubled ones and all. */
function postAs(
  browser: Browser,
  path: string,
  fields: readonly (readonly [string, string])[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = fields.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
  return sendAs(browser, path, { method: 'POST', headers: { ...FORM, ...headers }, body });
}

async function isSignedIn(browser: Browser): Promise<boolean> {
  return (await browser.get('/sessions')).status === 200;
}

/** What everybody owns, as the store has it: whatever an attack changed shows here. */
async function belongings(): Promise<unknown> {
  const store = one.openStore();
  try {
    const { people } = await store.people.list({ limit: 1000 });
    const { sessions } = await store.sessions.list({ by: 'all' }, { limit: 1000 });
    const browsers = await Promise.all(people.map(({ person }) => store.browserSessions.listOf(person)));
    return {
      people: people.map(({ person, revision }) => `${person} ${revision}`).toSorted(),
      roleSessions: sessions.map(({ accessKeyId }) => accessKeyId).toSorted(),
      browsers: browsers
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    };
  } finally {
    await store.close();
  }
}

/** Every refusal ends on a page: a sentence, what to do, a way on, no script of anybody, nothing opened. */
async function expectPage(answer: Response, status: number): Promise<string> {
  const html = await answer.text();
  expect(answer.status, html).toBe(status);
  expectSafeHeaders(answer.headers);
  const [, lead = ''] = /<p class="lead">([^<]*)<\/p>/.exec(html) ?? [];
  expect(lead).toMatch(/^.{10,200}\.$/);
  expect(html).toMatch(/<a class="button[^"]*" href="\/(?:signin|roles|mfa)/);
  return html;
}

function expectSafeHeaders(headers: Headers): void {
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).not.toMatch(/unsafe|\*|http:|blob:/);
  expect(Object.fromEntries(headers)).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  });
}

/** Each refusal has an event, found by the reference that the person was told; `codes` are joined by `|`. */
async function expectRecorded(
  answers: readonly Response[],
  codes: string,
  worlds: readonly PeopleWorld[] = [one],
): Promise<void> {
  const expected = new RegExp(`"errorCode":"(?:${codes})"`);
  const recorded = async (): Promise<void> => {
    const lines = (await Promise.all(worlds.map(({ world }) => world.auditLines()))).flat();
    for (const { headers } of answers) {
      const reference = headers.get('x-rolebridge-reference') ?? 'none';
      expect(lines.find((line) => line.includes(reference)) ?? '').toMatch(expected);
    }
  };
  await vi.waitFor(recorded, { timeout: 10_000 });
}

type Route = { readonly method: string; readonly path: string };

/** Every route of the families of pages, as their routers have them: a new one is here by itself. */
async function pageRoutes(): Promise<readonly Route[]> {
  const router = new Router();
  const src = new URL('../../src/http/', import.meta.url);
  for (const folder of [...FAMILIES, ...newFamilies(src)]) {
    const exported: unknown = await import(new URL(`${folder}/mount-${folder}.ts`, src).href);
    const mount: unknown = Object.values({ ...(typeof exported === 'object' ? exported : {}) }).find(
      (value) => typeof value === 'function',
    );
    if (typeof mount !== 'function') throw new Error(`${folder} mounts nothing`);
    Reflect.apply(mount, undefined, [router, unused, unused]);
  }
  return router.stack
    .flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => ({ method, path: String(path) })),
    )
    .filter(({ path }) => !FOR_PROGRAMS.includes(path));
}

const NO_PAGES = ['sts', 'management', 'middleware', 'texts'];
const FAMILIES = ['saml', 'sign-in', 'sessions', 'mfa', 'portal', 'oidc'];

/** Documents for everybody, and endpoints where a program proves who it is: none looks at a cookie. */
const FOR_PROGRAMS = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/oidc/jwks',
  '/oidc/token',
  '/oidc/introspect',
  '/oidc/revoke',
  '/oidc/par',
  '/oidc/device_authorization',
  '/oidc/userinfo',
];

function newFamilies(src: URL): readonly string[] {
  return readdirSync(src, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && ![...NO_PAGES, ...FAMILIES].includes(entry.name))
    .map(({ name }) => name);
}

function unused(): never {
  throw new Error('routes are only listed');
}

const FACTOR = 'AAAAAAAAAAAAAAAAAAAAAA';
type Post = { readonly path: string; readonly fields: Readonly<Record<string, string>> };
/** A request to each route that changes something, which would do it if it came from a page of ours. */
const POSTS: Readonly<Record<string, Post>> = {
  '/signin': { path: '/signin', fields: { email: 'a@acme.example' } },
  '/signout': { path: '/signout', fields: { revoke_roles: 'yes' } },
  '/sessions/revoke': { path: '/sessions/revoke', fields: { kind: 'browser', id: 'x' } },
  '/sessions/revoke-others': { path: '/sessions/revoke-others', fields: {} },
  '/sessions/revoke-all': { path: '/sessions/revoke-all', fields: {} },
  '/mfa/verify': { path: '/mfa/verify', fields: { method: 'totp', code: '000000', return_to: '/mfa' } },
  '/mfa/add/totp': { path: '/mfa/add/totp', fields: { code: '000000', name: 'x' } },
  '/mfa/add/passkey': { path: '/mfa/add/passkey', fields: { response: '{}', name: 'x' } },
  '/mfa/recovery-codes': { path: '/mfa/recovery-codes', fields: {} },
  '/mfa/recovery-codes/saved': { path: '/mfa/recovery-codes/saved', fields: {} },
  '/mfa/factors/:id/rename': { path: `/mfa/factors/${FACTOR}/rename`, fields: { name: 'stolen' } },
  '/mfa/factors/:id/remove': { path: `/mfa/factors/${FACTOR}/remove`, fields: {} },
  '/roles/*path': { path: rolePath(ROLES.reader), fields: { duration: '900' } },
  '/oidc/interaction/:uid': { path: '/oidc/interaction/x', fields: { answer: 'allow' } },
  '/oidc/logout/confirm': { path: '/oidc/logout/confirm', fields: { xsrf: 'x', logout: 'yes' } },
  '/device': { path: '/device', fields: { xsrf: 'x', user_code: 'BCDF-GHJK', confirm: 'yes' } },
};
/** Forms of applications, which become a link. */
const FROM_APPLICATIONS = ['/oidc/authorize', '/oidc/logout'];
/** Those are bound by an attempt of the browser and a proof of the provider, and come from other sites. */
const FROM_PROVIDERS = ['/saml/:provider/acs', '/saml/:provider/slo', '/signin/:provider/callback'];

/** A token, and what the browser says of where a form comes from. */
type Forgery = readonly [token: string, headers?: Readonly<Record<string, string>>];

describe('a form that no page of ours made (CSRF)', () => {
  let forgeries: (token: string) => readonly Forgery[];
  beforeAll(async () => {
    const strangers = [
      await formTokenAt(await one.enter('alice-1'), '/sessions'),
      await formTokenAt(await one.enter('bob-2'), '/sessions'),
      await formTokenAt(createBrowser(one.world.url), '/signin?choose=yes'),
    ];
    expect(new Set(strangers).size).toBe(3);
    forgeries = (token) => [
      [''],
      ['A'.repeat(43)],
      [`${token}A`],
      [token.slice(0, -1)],
      ...strangers.map((stranger) => [stranger] as const),
      [token, { origin: EVIL }],
      [token, { origin: 'http://localhost:8081' }],
      [token, { origin: 'https://localhost:8080' }],
      [token, { 'sec-fetch-site': 'cross-site' }],
      [token, { 'sec-fetch-site': 'same-site' }],
      // A sandboxed frame of another site says the same of itself as our own forms do.
      [token, { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ];
  });

  it('is looked for at every route that takes posts', async () => {
    const posts = (await pageRoutes()).filter(({ method }) => method === 'POST').map(({ path }) => path);
    expect(posts.toSorted()).toEqual(
      [...Object.keys(POSTS), ...FROM_PROVIDERS, ...FROM_APPLICATIONS].toSorted(),
    );
  });

  it.each([
    ...Object.entries(POSTS),
    ['a mark', { path: `${rolePath(ROLES.reader)}/favourite`, fields: {} }],
  ])('changes nothing at %s, which takes what is right', async (_, { path, fields }) => {
    const alice = createBrowser(one.world.url);
    // Whoever could plant the cookie of those who are not signed in yet would know it.
    const early = await formTokenAt(alice, '/signin?choose=yes');
    await one.enter('alice-1', alice);
    const token = await formTokenAt(alice, '/sessions');
    const before = await belongings();
    const answers: Response[] = [];
    for (const [form_token, headers = {}] of [[early] as const, ...forgeries(token)]) {
      const answer = await postAs(alice, path, Object.entries({ form_token, ...fields }), headers);
      await expectPage(answer, 403);
      expect(answer.headers.getSetCookie()).toEqual([]);
      answers.push(answer);
    }
    expect(await belongings()).toEqual(before);
    await expectRecorded(answers, 'request-forged');
    const right = await postAs(alice, path, Object.entries({ form_token: token, ...fields }), {
      origin: PEOPLE_ORIGIN,
      'sec-fetch-site': 'same-origin',
    });
    expect(await right.text()).not.toContain('This form is too old');
  });

  it('does not fill the trail, however long its address is', async () => {
    const alice = await one.enter();
    const path = `/mfa/factors/${'x'.repeat(50_000)}/rename`;
    const answer = await postAs(alice, path, [['form_token', 'x']]);
    await expectPage(answer, 403);
    await expectRecorded([answer], 'request-forged');
    expect((await one.events('PostForm')).at(-1)?.length).toBeLessThan(5000);
  });

  it('finds no provider for whoever is not signed in, either', async () => {
    const browser = createBrowser(one.world.url);
    const token = await formTokenAt(browser, '/signin?choose=yes');
    for (const [form_token, headers = {}] of forgeries(token)) {
      const fields = Object.entries({ form_token, email: 'a@acme.example' });
      await expectPage(await postAs(browser, '/signin', fields, headers), 403);
    }
    // Without the cookie, the token is worth nothing: nobody can plant both.
    const fields = Object.entries({ form_token: token, email: 'a@acme.example' });
    await expectPage(await postAs(createBrowser(one.world.url), '/signin', fields), 403);
    expect(locationOf(await postAs(browser, '/signin', fields))).toContain('/signin/idp');
  });
});

describe('a form that no browser sends', () => {
  const UNREADABLE: readonly (readonly [string, Sent, number])[] = [
    ['with bytes that are no UTF-8', { headers: FORM, body: Uint8Array.of(0x66, 0x3d, 0xff, 0xfe) }, 400],
    ['as JSON', { headers: { 'content-type': 'application/json' }, body: '{"form_token":"x"}' }, 400],
    ['as text', { headers: { 'content-type': 'text/plain' }, body: 'form_token=x' }, 400],
    ['as multipart', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' }, 400],
    ['of more than 300 kB', { headers: FORM, body: `x=${'a'.repeat(300_000)}` }, 413],
  ];

  it.each(UNREADABLE)('%s ends on a page at every route', async (_, sent, status) => {
    const alice = await one.enter();
    const before = await belongings();
    for (const { path } of Object.values(POSTS))
      await expectPage(await sendAs(alice, path, { method: 'POST', ...sent }), status);
    expect(await belongings()).toEqual(before);
  });

  it('with a field twice is refused, since two readers could each take another one', async () => {
    const alice = await one.enter();
    const form_token = await formTokenAt(alice, '/sessions');
    const before = await belongings();
    for (const { path, fields } of Object.values(POSTS)) {
      const [twice = ['form_token', form_token]] = Object.entries(fields);
      const all = [...Object.entries({ form_token, ...fields }), twice] as const;
      await expectPage(await postAs(alice, path, all), 400);
      const tokens = [['form_token', 'x'], ...Object.entries({ form_token, ...fields })] as const;
      expect([400, 403]).toContain((await postAs(alice, path, tokens)).status);
    }
    expect(await belongings()).toEqual(before);
  });

  it.each([
    ['null characters', '\u0000'.repeat(100)],
    ['line breaks', 'a\r\nSet-Cookie: x=y\r\n\r\n<script>'],
    ['ten thousand characters', 'ä'.repeat(10_000)],
    ['a name of an object’s own', '__proto__'],
    ['half of a character', '%ED%A0%80'],
  ])('with %s in each field opens nothing and breaks nothing', async (_, text) => {
    const alice = await one.enter();
    const form_token = await formTokenAt(alice, '/sessions');
    for (const { path, fields } of Object.values(POSTS)) {
      if (Object.keys(fields).length === 0 || path === '/signout') continue;
      const all = Object.keys(fields).map((name) => [name, text] as const);
      const answer = await postAs(alice, path, [['form_token', form_token], ...all]);
      expect(answer.status, path).toBeLessThan(500);
      expect(await answer.text()).not.toContain('<script>');
      expect(answer.headers.getSetCookie().join()).not.toContain('x=y');
    }
    expect(await isSignedIn(alice)).toBe(true);
  });
});

/** A request to each route that only shows something. */
const GETS: Readonly<Record<string, string>> = {
  '/signin': '/signin?choose=yes',
  '/signin/:provider': '/signin/idp',
  '/signin/:provider/callback': '/signin/idp/callback?code=x&state=y',
  '/signout': '/signout',
  '/signed-out': '/signed-out',
  '/sessions': '/sessions',
  '/mfa': '/mfa',
  '/mfa/verify': '/mfa/verify?method=passkey',
  '/mfa/add': '/mfa/add',
  '/mfa/add/totp': '/mfa/add/totp',
  '/mfa/add/passkey': '/mfa/add/passkey',
  '/roles': '/roles?q=a',
  '/roles/*path': rolePath(ROLES.reader),
  '/saml/:provider/metadata': '/saml/corp/metadata',
  '/saml/:provider/login': '/saml/corp/login',
  '/saml/:provider/slo': '/saml/corp/slo',
  '/oidc/authorize': '/oidc/authorize?client_id=x',
  '/oidc/authorize/:uid': '/oidc/authorize/x',
  '/oidc/interaction/:uid': '/oidc/interaction/x',
  '/oidc/logout': '/oidc/logout',
  '/oidc/logout/success': '/oidc/logout/success',
  '/device': '/device?user_code=BCDF-GHJK',
  '/device/:uid': '/device/x',
};

describe('a link', () => {
  it('is followed here to every route that there is', async () => {
    const gets = (await pageRoutes()).filter(({ method }) => method === 'GET').map(({ path }) => path);
    expect(gets.toSorted()).toEqual(Object.keys(GETS).toSorted());
  });

  it.each(Object.values(GETS))(
    'to %s changes nothing that anybody has, whatever is in its query',
    async (path) => {
      const alice = await one.enter();
      const before = await belongings();
      const more =
        'form_token=x&kind=role&id=x&method=totp&code=000000&email=a%40acme.example&revoke_roles=yes';
      for (const link of [path, `${path}${path.includes('?') ? '&' : '?'}${more}`]) await alice.get(link);
      expect(await belongings()).toEqual(before);
      expect(await isSignedIn(alice)).toBe(true);
    },
  );

  it.each(Object.values(GETS))('to %s is kept by nobody and framed by nobody', async (path) => {
    for (const browser of [createBrowser(one.world.url), await one.enter()]) {
      const answer = await browser.get(path);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const type = answer.headers.get('content-type') ?? '';
      if (type.startsWith('text/html')) expectSafeHeaders(answer.headers);
      else expect([path, answer.status < 400]).toEqual([path, true]);
    }
  });

  it.each([
    '/nowhere',
    '/favicon.ico',
    '/.env',
    '/signin/idp/callback/more',
    '/mfa/nowhere',
    '/signin/%E0%A4%A',
    '/saml/%E0%A4%A/login',
    '/roles/%E0%A4%A',
    '/roles/%00',
    '/roles/..%2f..%2fetc',
    '//evil.example/roles',
  ])('to %s, where there is nothing, ends on a page with a way on', async (path) => {
    for (const browser of [createBrowser(one.world.url), await one.enter()]) {
      const answer = await browser.get(path);
      if (answer.status === 303) expect(locationOf(answer)).toMatch(/^\/signin\?return_to=/);
      else await expectPage(answer, 404);
    }
  });

  it.each(['/sessions/revoke', '/mfa/recovery-codes', '/mfa/factors/%zz/rename', '/saml/corp/acs'])(
    'to %s, where only forms go, ends on a page with a way on',
    async (path) => {
      for (const browser of [createBrowser(one.world.url), await one.enter()])
        await expectPage(await browser.get(path), 405);
    },
  );

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('is not taken by %s', async (method) => {
    const alice = await one.enter();
    const before = await belongings();
    for (const path of [...Object.values(GETS), ...Object.values(POSTS).map((post) => post.path)]) {
      const answer = await sendAs(alice, path, { method, headers: FORM, body: 'x=y' });
      expect([path, answer.status]).toEqual([path, method === 'OPTIONS' ? 200 : 405]);
      expectSafeHeaders(answer.headers);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(await belongings()).toEqual(before);
  });

  it('is looked at by HEAD without a body, and without anything done', async () => {
    const alice = await one.enter();
    const before = await belongings();
    for (const path of Object.values(GETS)) {
      const answer = await sendAs(alice, path, { method: 'HEAD' });
      expect([path, answer.status < 500, await answer.text()]).toEqual([path, true, '']);
    }
    expect(await belongings()).toEqual(before);
  });
});

/** Whoever presses a button here: the page's own policy decides which redirects a browser then follows. */
async function expectStaysHere(browser: Browser, posted: Response): Promise<Response> {
  let answer = posted;
  for (let hops = 0; hops < 10; hops += 1) {
    const location = locationOf(answer);
    if (location === null) return answer;
    expect(location).toMatch(/^\/(?!\/)/);
    answer = await browser.get(location);
  }
  throw new Error('round and round');
}

describe('a way on after a form', () => {
  it('leaves for no provider by itself, which browsers would not follow (CSP form-action)', async () => {
    const alice = await one.enter(one.newcomer());
    const [role, app] = await Promise.all([
      formTokenAt(alice, rolePath(ROLES.admin)),
      formTokenAt(alice, '/mfa/add/totp'),
    ]);
    ahead = 16 * MINUTE_MS;
    for (const [path, fields] of [
      [rolePath(ROLES.admin), { form_token: role, duration: '900' }],
      ['/mfa/add/totp', { form_token: app, code: '000000', name: 'Phone' }],
      ['/mfa/add/passkey', { form_token: app, response: '{}', name: 'Key' }],
      ['/mfa/verify', { form_token: app, method: 'totp', code: '000000', return_to: '/mfa' }],
    ] as const) {
      const html = await (await expectStaysHere(alice, await alice.post(path, fields))).text();
      expect(html).toContain('You signed in too long ago');
      expect(html).toMatch(/href="\/signin\/idp\?prompt=login&amp;return_to=%2Fmfa/);
    }
  });

  it('leads to a page, not to an address that takes posts only', async () => {
    const alice = await one.enter(one.newcomer());
    const form_token = await formTokenAt(alice, '/sessions');
    await one.world.reconfigure({ extra: { roles: one.roles, mfa: { required: 'always' } } });
    try {
      for (const path of ['/sessions/revoke', '/sessions/revoke-all', rolePath(ROLES.reader)]) {
        const answer = await expectStaysHere(alice, await alice.post(path, { form_token }));
        expect([path, answer.status]).toEqual([path, 200]);
        expect(await answer.text()).toContain('return_to=%2Froles"');
      }
    } finally {
      await one.world.reconfigure({ extra: { roles: one.roles } });
    }
  });
});

describe('where everybody must give a second factor', () => {
  let strict: PeopleWorld;
  beforeAll(async () => {
    strict = await startPeopleWorld({ mfa: { required: 'always' } });
    await strict.world.reconfigure({ extra: { roles: strict.roles } });
  });
  afterAll(async () => {
    await strict.stop();
  });

  it('nobody without one reaches anything but the pages to give it', async () => {
    const dora = await strict.enter(strict.newcomer());
    // What an application waits for leads to the factor by itself, as `oidc-provider.test.ts` tells.
    const free = ['/signin', '/signout', '/signed-out', '/mfa', '/saml', '/oidc'];
    for (const path of [...Object.values(GETS), `${rolePath(ROLES.reader)}/favourite`]) {
      if (free.some((begin) => path.startsWith(begin))) continue;
      expect([path, locationOf(await dora.get(path))]).toEqual([
        path,
        expect.stringMatching(/^\/mfa\/verify\?return_to=/),
      ]);
    }
    const form_token = await formTokenAt(dora, '/mfa/add/totp');
    for (const { path, fields } of Object.values(POSTS)) {
      if (free.some((begin) => path.startsWith(begin))) continue;
      const answer = await dora.post(path, { form_token, ...fields });
      expect([path, locationOf(answer)]).toEqual([path, '/mfa/verify?return_to=%2Froles']);
    }
    const store = strict.openStore();
    expect((await store.sessions.list({ by: 'all' }, { limit: 10 })).sessions).toEqual([]);
    await store.close();
  });

  it('the first factor alone neither takes off the second nor adds another one', async () => {
    const subject = strict.newcomer();
    const owner = await strict.enter(subject);
    const { codes } = await enrolApp(owner);
    expect(codes).toHaveLength(10);
    const thief = await strict.enter(subject);
    const html = await (await owner.get('/mfa')).text();
    const [, id = ''] = /\/mfa\/factors\/([\w-]{22})\//.exec(html) ?? [];
    const form_token = await formTokenAt(thief, '/mfa');
    for (const [path, fields] of [
      [`/mfa/factors/${id}/remove`, {}],
      ['/mfa/recovery-codes', {}],
      ['/mfa/add/totp', { code: '000000', name: 'x' }],
      ['/mfa/add/passkey', { response: '{}', name: 'x' }],
    ] as const) {
      const answer = await thief.post(path, { form_token, ...fields });
      expect(answer.status, path).not.toBe(200);
      expect(await answer.text()).not.toMatch(/[A-Z2-7]{4}-[A-Z2-7]{4}-/);
    }
    for (const path of ['/mfa/add', '/mfa/add/totp', '/mfa/add/passkey'])
      expect(locationOf(await thief.get(path))).toMatch(/^\/mfa\/verify\?/);
    expect(await (await owner.get('/mfa')).text()).toContain(id);
  });
});

/** Posts to `/mfa/verify`; the token of the page before must be known, as each proof makes a new one. */
function prove(browser: Browser, fields: Readonly<Record<string, string>>): Promise<Response> {
  return submit(browser, ['/sessions', '/mfa/verify'], { return_to: '/sessions', ...fields });
}

/** Whether somebody has given a second factor in this browser: the role that wants one decides. */
async function hasMfa(browser: Browser): Promise<boolean> {
  const answer = await submit(browser, [rolePath(ROLES.admin)], { duration: '900' });
  const html = await answer.text();
  expect(html.includes('AWS_SESSION_TOKEN')).toBe(answer.status === 200);
  return answer.status === 200;
}

/** Codes are counted by windows of five minutes, an hour and a day: each test has its own. */
let window = 0;
/** Longer than the longest count that a test fills, and what it passes on the way. */
const WINDOW_MS = 240 * MINUTE_MS;
function nextWindow(): void {
  window += 1;
  ahead = window * WINDOW_MS;
}

/** How many codes of this window were looked at and found wrong. */
async function lookedAt(world = one): Promise<number> {
  const refused = (await world.events('MfaVerify')).filter((line) => line.includes('"factor-refused"'));
  const begin = new Date(machineClock() + window * WINDOW_MS).toISOString().slice(0, 13);
  return refused.filter((line) => (/"eventTime":"([^"]{13})/.exec(line)?.[1] ?? '') >= begin).length;
}

async function withApp(world = one): Promise<{ subject: string; secret: string; codes: readonly string[] }> {
  const subject = world.newcomer();
  const app = await enrolApp(await world.enter(subject));
  // The code that enrolled it is used up.
  ahead += MINUTE_MS;
  return { subject, ...app };
}

describe('a code', () => {
  it('that is guessed a hundred times at once, in five browsers, is looked at ten times', async () => {
    nextWindow();
    const { subject, secret } = await withApp();
    const browsers = await Promise.all([1, 2, 3, 4, 5].map(() => one.enter(subject)));
    const tokens = await Promise.all(browsers.map((browser) => formTokenAt(browser, '/sessions')));
    const answers = await Promise.all(
      browsers.flatMap((browser, index) =>
        Array.from({ length: 20 }, (_, guess) =>
          browser.post('/mfa/verify', {
            form_token: tokens[index] ?? '',
            code: wrongCodeAt(secret).replace(/\d{2}$/, String(guess + 70)),
            return_to: '/sessions',
          }),
        ),
      ),
    );
    expect(answers.every(({ status }) => status === 403 || status === 429)).toBe(true);
    await expectRecorded(answers, 'factor-refused|factor-locked');
    expect(await lookedAt()).toBe(10);
    // A new sign-in has no new tries, and the right code is not looked at any more.
    const late = await prove(await one.enter(subject), { code: codeAt(secret) });
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectPage(late, 429);
    await expectRecorded([late], 'factor-locked');
    expect(await hasMfa(browsers[0] ?? createBrowser(''))).toBe(false);
    ahead += 5 * MINUTE_MS;
    const again = await one.enter(subject);
    expect((await prove(again, { code: codeAt(secret) })).status).toBe(303);
    expect(await hasMfa(again)).toBe(true);
  });

  it('that is guessed for one person after another is refused to the address, whatever it says of itself', async () => {
    nextWindow();
    const people: Awaited<ReturnType<typeof withApp>>[] = [];
    while (people.length < 12) people.push(await withApp());
    ahead = Math.ceil(Date.now() / (60 * MINUTE_MS)) * 60 * MINUTE_MS - machineClock() + 1000;
    const answers: Response[] = [];
    for (const { subject, secret } of people) {
      const browser = await one.enter(subject);
      const form_token = await formTokenAt(browser, '/sessions');
      for (let guess = 0; guess < 9; guess += 1) {
        const fields = [
          ['form_token', form_token],
          ['code', wrongCodeAt(secret)],
        ] as const;
        const headers = { 'x-forwarded-for': `10.0.0.${guess}`, forwarded: `for=10.0.0.${guess}` };
        answers.push(await postAs(browser, '/mfa/verify', fields, headers));
      }
    }
    await expectRecorded(answers, 'factor-refused|factor-locked');
    expect([await lookedAt(), answers.at(-1)?.status]).toEqual([100, 429]);
  });

  it('works once, however many browsers bring it at once', async () => {
    nextWindow();
    const { subject, secret, codes } = await withApp();
    const [first = ''] = codes;
    for (const fields of [
      { method: 'totp', code: codeAt(secret) },
      { method: 'recovery-code', code: first },
    ]) {
      const browsers = await Promise.all([1, 2, 3, 4].map(() => one.enter(subject)));
      const answers = await Promise.all(browsers.map((browser) => prove(browser, fields)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 403, 403, 403]);
      await expectRecorded(
        answers.filter(({ status }) => status === 403),
        'factor-refused',
      );
      const proved = await Promise.all(browsers.map(hasMfa));
      expect(proved.filter(Boolean)).toHaveLength(1);
    }
  });

  it('of another time, app, person or kind proves nothing', async () => {
    nextWindow();
    const [alice, bob] = [await withApp(), await withApp()];
    const browser = await one.enter(alice.subject);
    const answers: Response[] = [];
    for (const fields of [
      { code: codeAt(alice.secret, -2) },
      { code: codeAt(alice.secret, 2) },
      { code: codeAt(bob.secret) },
      { code: '' },
      { code: alice.codes[0] ?? '' },
      { method: 'recovery-code', code: bob.codes[0] ?? '' },
      { method: 'recovery-code', code: codeAt(alice.secret) },
      { method: 'recovery-code', code: '' },
    ]) {
      const answer = await prove(browser, fields);
      const html = await answer.text();
      expect([fields, answer.status]).toEqual([fields, 403]);
      expectSafeHeaders(answer.headers);
      expect(html).toContain('action="/mfa/verify"');
      answers.push(answer);
    }
    await expectRecorded(answers, 'factor-refused');
    expect(await hasMfa(browser)).toBe(false);
  });

  describe('at two nodes on one Redis', () => {
    let redis: RedisServer;
    let nodes: readonly [PeopleWorld, PeopleWorld];
    beforeAll(async () => {
      redis = await startRedis();
      const extra = { store: { redis: { url: redis.url } }, masterKey: { file: one.world.masterKeyFile } };
      const first = await startPeopleWorld(extra);
      const same = { oidcProviders: [first.oidcProvider], roles: [] };
      nodes = [first, await startPeopleWorld({ ...extra, ...same })];
    });
    afterAll(async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await redis.stop();
    });

    /** The same browser at the other node: cookies know no nodes. */
    const atOther = (browser: Browser): Browser => {
      const other = createBrowser(nodes[1].world.url);
      for (const [name, value] of browser.cookies) other.cookies.set(name, value);
      return other;
    };

    it('works once, and guesses are counted together', async () => {
      nextWindow();
      const { subject, secret } = await withApp(nodes[0]);
      const [one, two] = [await nodes[0].enter(subject), atOther(await nodes[0].enter(subject))];
      const right = await Promise.all([one, two].map((browser) => prove(browser, { code: codeAt(secret) })));
      expect(right.map(({ status }) => status).toSorted()).toEqual([303, 403]);
      const code = wrongCodeAt(secret);
      const third = await nodes[0].enter(subject);
      const other = atOther(third);
      const token = await formTokenAt(third, '/sessions');
      const guesses = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? third : other).post('/mfa/verify', { form_token: token, code }),
        ),
      );
      expect(guesses.every(({ status }) => status === 403 || status === 429)).toBe(true);
      await expectRecorded(
        [...right, ...guesses].filter(({ status }) => status !== 303),
        'factor-refused|factor-locked',
        nodes,
      );
      // One of the two right ones was refused as well, as it was used.
      expect((await lookedAt(nodes[0])) + (await lookedAt(nodes[1]))).toBe(1 + 8);
    });

    it('shows that the store is down to whoever is signed in, and does not take them for a stranger', async () => {
      const browser = await nodes[0].enter(nodes[0].newcomer());
      await redis.halt();
      for (const path of ['/roles', '/mfa', '/sessions', '/signout', '/signin?choose=yes']) {
        const answer = await browser.get(path);
        await expectPage(answer, 503);
        expect(browser.cookies.has(SESSION_COOKIE)).toBe(true);
      }
    });
  });
});

describe('a passkey', () => {
  const optionsAt = async (browser: Browser, path: string): Promise<string> =>
    passkeyOptionsIn(await (await browser.get(path)).text());
  const VERIFY = '/mfa/verify?method=passkey&role=admin&return_to=%2Fsessions';

  async function withPasskey() {
    const subject = one.newcomer();
    const browser = await one.enter(subject);
    const key = createAuthenticator(PEOPLE_ORIGIN);
    const response = key.create(await optionsAt(browser, '/mfa/add/passkey'));
    const added = await submit(browser, ['/sessions', '/mfa/add/passkey'], { response, name: 'Key' });
    expect(added.status).toBe(200);
    return { subject, key };
  }

  it('of another site, of somebody else, copied, or used by nobody who was verified, proves nothing', async () => {
    nextWindow();
    const [alice, bob] = [await withPasskey(), await withPasskey()];
    const browser = await one.enter(alice.subject);
    const elsewhere = await one.enter(alice.subject);
    const answers: Response[] = [];
    for (const makeResponse of [
      (options: string) => alice.key.use(options, { origin: EVIL }),
      (options: string) => alice.key.use(options, { origin: 'http://localhost:8081' }),
      (options: string) => alice.key.use(options, { rpId: 'evil.example' }),
      (options: string) => alice.key.use(options, { userVerified: false }),
      (options: string) => alice.key.use(options, { userPresent: false }),
      (options: string) => alice.key.use(options, { signature: 'broken' }),
      (options: string) => alice.key.use(options, { type: 'webauthn.create' }),
      (options: string) => alice.key.use(options, { challenge: 'A'.repeat(43) }),
      (options: string) => alice.key.use(options, { counter: 1 }),
      (options: string) => bob.key.use(options),
      (options: string) => bob.key.use(options, { credentialId: alice.key.credentialId }),
      () => '{}',
      () => 'x',
    ]) {
      const response = makeResponse(await optionsAt(browser, VERIFY));
      const answer = await prove(browser, { method: 'passkey', response });
      expect([response.slice(0, 40), [403, 409].includes(answer.status)]).toEqual([
        response.slice(0, 40),
        true,
      ]);
      expectSafeHeaders(answer.headers);
      answers.push(answer);
      if (answers.length === 9) nextTries();
    }
    const foreign = alice.key.use(await optionsAt(elsewhere, VERIFY));
    answers.push(await prove(browser, { method: 'passkey', response: foreign }));
    expect(answers.at(-1)?.status).toBe(409);
    await expectRecorded(answers, 'factor-refused');
    expect(await hasMfa(browser)).toBe(false);
    // The very answer that was tried in the wrong browser still works in its own, once.
    expect((await prove(elsewhere, { method: 'passkey', response: foreign })).status).toBe(303);
    expect(await hasMfa(elsewhere)).toBe(true);
    const cookie = elsewhere.cookies.get(SESSION_COOKIE);
    await expectRecorded(
      [await prove(elsewhere, { method: 'passkey', response: foreign })],
      'factor-refused',
    );
    expect(elsewhere.cookies.get(SESSION_COOKIE)).toBe(cookie);
  });

  /** Ten tries in five minutes. */
  function nextTries(): void {
    ahead += 5 * MINUTE_MS;
  }

  it('is not enrolled from another site, without its user, or for another browser’s challenge', async () => {
    nextWindow();
    const subject = one.newcomer();
    const [browser, elsewhere] = [await one.enter(subject), await one.enter(subject)];
    const key = createAuthenticator(PEOPLE_ORIGIN);
    const path = '/mfa/add/passkey';
    const foreign = await optionsAt(elsewhere, path);
    const answers: Response[] = [];
    for (const makeResponse of [
      (options: string) => key.create(options, { origin: EVIL }),
      (options: string) => key.create(options, { rpId: 'evil.example' }),
      (options: string) => key.create(options, { userVerified: false }),
      (options: string) => key.create(options, { type: 'webauthn.get' }),
      () => key.create(foreign),
    ]) {
      const response = makeResponse(await optionsAt(browser, path));
      answers.push(await submit(browser, ['/sessions', path], { response, name: 'Key' }));
    }
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 409]);
    await expectRecorded(answers, 'factor-refused');
    expect(await (await browser.get('/mfa')).text()).not.toMatch(/\/mfa\/factors\/[\w-]{22}\//);
  });
});

describe('what is somebody else’s', () => {
  it('is neither renamed nor removed by its id, and looks as if it were not there', async () => {
    nextWindow();
    const owner = await withApp();
    const page = await (await (await one.enter(owner.subject)).get('/mfa')).text();
    const [, id = ''] = /\/mfa\/factors\/([\w-]{22})\//.exec(page) ?? [];
    expect(id).not.toBe('');
    const thief = await withApp();
    const browser = await one.enter(thief.subject);
    expect((await prove(browser, { code: codeAt(thief.secret) })).status).toBe(303);
    const answers: Response[] = [];
    for (const target of [id, FACTOR]) {
      answers.push(await submit(browser, ['/mfa', `/mfa/factors/${target}/rename`], { name: 'stolen' }));
      answers.push(await submit(browser, ['/mfa', `/mfa/factors/${target}/remove`]));
    }
    const texts = await Promise.all(answers.map((answer) => expectPage(answer, 404)));
    expect(new Set(texts.map(withoutTrace)).size).toBe(1);
    await expectRecorded(answers, 'not-found');
    expect(await (await (await one.enter(owner.subject)).get('/mfa')).text()).toContain(id);
  });
});

/** A page without what differs from request to request. */
function withoutTrace(html: string): string {
  return html
    .replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, 'ID')
    .replaceAll(/\b[A-Z2-7]{4}-[A-Z2-7]{4}\b/g, 'REFERENCE')
    .replaceAll(/<time [^>]*>[^<]*<\/time>/g, 'TIME')
    .replaceAll(/value="[\w-]{43}"/g, 'TOKEN');
}

describe('a role that is not open', () => {
  it('looks like one that does not exist, to links and forms alike', async () => {
    const alice = await one.enter();
    const arns = [
      ROLES.closed,
      ROLES.closed.replace('closed', 'nobody-made-it'),
      ROLES.reader.replace('111122223333', '444455556666'),
      ROLES.reader.replace('111122223333', '999999999999'),
      'arn:aws:iam::111122223333:user/alice',
    ];
    const answers: Response[] = [];
    for (const arn of arns) {
      answers.push(await alice.get(rolePath(arn)));
      answers.push(await submit(alice, ['/sessions', rolePath(arn)], { duration: '900' }));
      answers.push(await submit(alice, ['/sessions', `${rolePath(arn)}/favourite`]));
    }
    const texts = await Promise.all(answers.map((answer) => expectPage(answer, 404)));
    expect(new Set(texts.map(withoutTrace)).size).toBe(1);
    await expectRecorded(answers, 'federation-denied');
    expect(await (await alice.get('/roles')).text()).not.toContain('closed');
  });
});

describe('somebody who is signed in while the configuration changes', () => {
  afterEach(async () => {
    await one.world.reconfigure({ extra: { roles: one.roles } });
  });

  it.each([
    ['loses the provider', { oidcProviders: [] }],
    ['may not sign in with it any more', { oidcProviders: 'without signIn' }],
  ])('and who %s is led to the choice by every page and form, with an event', async (_, change) => {
    const open = [...Object.values(GETS), ...Object.values(POSTS).map(({ path }) => path)].filter(
      // An application may send anybody, and anybody may sign out.
      (path) => !/^\/(?:signin|signout|signed-out|saml|oidc\/(?:authorize|logout))/.test(path),
    );
    const browsers = [];
    for (const path of open) {
      const browser = await one.enter();
      browsers.push([path, browser, await formTokenAt(browser, '/sessions')] as const);
    }
    const { signIn, ...provider } = { signIn: {}, ...one.oidcProvider };
    expect(signIn).not.toEqual({});
    const oidcProviders = change.oidcProviders === 'without signIn' ? [provider] : [];
    await one.world.reconfigure({
      extra: { oidcProviders, roles: oidcProviders.length === 0 ? [] : one.roles },
    });
    const cookies = browsers.map(
      ([, { cookies: own }]) => `${SESSION_COOKIE}=${own.get(SESSION_COOKIE) ?? ''}`,
    );
    const posts = new Set(Object.values(POSTS).map(({ path }) => path));
    for (const [path, browser, form_token] of browsers) {
      const answer = posts.has(path) ? await browser.post(path, { form_token }) : await browser.get(path);
      expect([path, locationOf(answer)]).toEqual([path, '/signin?reason=provider-removed']);
      expect(browser.cookies.has(SESSION_COOKIE)).toBe(false);
    }
    // Nor does the provider's return wake what has ended.
    await one.world.reconfigure({ extra: { roles: one.roles } });
    for (const cookie of cookies) {
      const answer = await sendAs(createBrowser(''), '/sessions', { headers: { cookie } });
      expect(locationOf(answer)).toBe('/signin?return_to=%2Fsessions');
    }
    const events = await one.events('EndSignIn');
    expect(events.slice(-open.length).every((line) => line.includes('"errorCode":"sign-in-required"'))).toBe(
      true,
    );
  });

  it('and loses a role gets nothing from a page that was open before, and its credentials end', async () => {
    const alice = await one.enter();
    const form_token = await formTokenAt(alice, rolePath(ROLES.reader));
    const html = await (await alice.post(rolePath(ROLES.reader), { form_token, duration: '900' })).text();
    const [, key = ''] = /AWS_ACCESS_KEY_ID=[^A]*(ASIA[A-Z2-7]{16})/.exec(html) ?? [];
    expect(key).not.toBe('');
    const [, ...others] = one.roles;
    await one.world.reconfigure({ extra: { roles: others } });
    await expectPage(await alice.post(rolePath(ROLES.reader), { form_token, duration: '900' }), 404);
    const store = one.openStore();
    expect(await store.sessions.find(key)).toBeUndefined();
    await store.close();
  });
});

describe('the cookie of a session', () => {
  it('changes with the second factor, and the old one opens nothing (session fixation)', async () => {
    nextWindow();
    const browser = await one.enter(one.newcomer());
    const before = browser.cookies.get(SESSION_COOKIE) ?? '';
    await enrolApp(browser);
    const after = browser.cookies.get(SESSION_COOKIE) ?? '';
    expect(after).toMatch(/^[\w-]{43}[A-Z2-7]$/);
    expect(after).not.toBe(before);
    const thief = createBrowser(one.world.url);
    thief.cookies.set(SESSION_COOKIE, before);
    expect(locationOf(await thief.get('/sessions'))).toBe('/signin?return_to=%2Fsessions');
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('is for this host, this site and this run of the browser alone, out of reach of scripts', async () => {
    const secure = await startPeopleWorld({ publicUrl: 'https://sts.example.com' });
    const browser = createBrowser(secure.world.url);
    const answer = await browser.get(await authenticate(await beginOidc(browser)));
    expect(answer.headers.getSetCookie().filter((line) => line.includes(SESSION_COOKIE))).toEqual([
      expect.stringMatching(
        /^__Host-rolebridge-session=[\w-]{43}[A-Z2-7]; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
    expect(await isSignedIn(browser)).toBe(true);
    await secure.stop();
  });

  it('ends unused after its time, and used after the longest', async () => {
    const [idle, busy] = [await one.enter(), await one.enter()];
    for (let hours = 0; hours < 13; hours += 0.5) {
      ahead = hours * 60 * MINUTE_MS;
      const answer = await busy.get('/sessions');
      expect([hours, answer.status]).toEqual([hours, hours < 12 ? 200 : 303]);
    }
    expect((await idle.get('/sessions')).status).toBe(303);
  });

  it('counts for nothing twice, cut, changed, huge or of another', async () => {
    const alice = await one.enter();
    const good = alice.cookies.get(SESSION_COOKIE) ?? '';
    const planted = `${'A'.repeat(43)}${good.slice(-1)}`;
    for (const cookie of [
      `${SESSION_COOKIE}=${good}; ${SESSION_COOKIE}=${planted}`,
      `${SESSION_COOKIE}=${planted}; ${SESSION_COOKIE}=${good}`,
      `${SESSION_COOKIE}=${good.slice(0, -1)}`,
      `${SESSION_COOKIE}=${good}=`,
      `${SESSION_COOKIE}="${good}"`,
      `${SESSION_COOKIE}=${good.toLowerCase()}`,
      `${SESSION_COOKIE}=${encodeURIComponent(good)}%20`,
      `${SESSION_COOKIE.toUpperCase()}=${good}`,
      `__Host-${SESSION_COOKIE}=${good}`,
      `x${SESSION_COOKIE}=${good}`,
      `${SESSION_COOKIE}=${'A'.repeat(50_000)}`,
      `${SESSION_COOKIE}=`,
      SESSION_COOKIE,
      `connect.sid=${good}`,
    ]) {
      const answer = await sendAs(createBrowser(''), '/sessions', { headers: { cookie } });
      expect([cookie.slice(0, 60), locationOf(answer)]).toEqual([
        cookie.slice(0, 60),
        '/signin?return_to=%2Fsessions',
      ]);
    }
    expect(await isSignedIn(alice)).toBe(true);
  });

  it('that is larger than anything we read ends on a page that says what to do', async () => {
    const { hostname, port } = new URL(one.world.url);
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `GET /roles HTTP/1.1\r\nHost: x\r\nCookie: ${SESSION_COOKIE}=${'A'.repeat(70_000)}\r\n\r\n`,
        );
      });
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      socket.on('end', () => {
        resolve(text);
      });
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'");
    expect(answer).toMatch(/Clear the cookies of this site.*<a href="\/signin">/);
  });

  it('of a session that cannot be read any more is no reason to keep somebody from signing in', async () => {
    const alice = await one.enter();
    const store = one.openStore();
    const person = `${one.providerArn} alice-1`;
    for (const { id } of await store.browserSessions.listOf(person))
      await store.browserSessions.update(id, Uint8Array.of(1, 2, 3));
    expect(locationOf(await alice.get('/roles'))).toBe('/signin?return_to=%2Froles');
    expect((await alice.get('/signin?choose=yes')).status).toBe(200);
    await one.enter('alice-1', alice);
    expect((await alice.get('/roles')).status).toBe(200);
    await store.browserSessions.endAll(person);
    await store.close();
  });
});

describe('an answer of a provider that comes too late', () => {
  it('opens nothing, by OpenID Connect or SAML, and offers to start again', async () => {
    const oidc = createBrowser(one.world.url);
    const callback = await authenticate(await beginOidc(oidc, '?return_to=%2Fsessions'));
    const saml = createBrowser(one.world.url);
    const { requestId, relayState } = await startLogin(saml, 'corp');
    ahead = 10 * MINUTE_MS + 1;
    const before = await belongings();
    const answers = [
      await oidc.get(callback),
      await saml.post('/saml/corp/acs', {
        SAMLResponse: respond({ idp: one.samlIdp, requestId, publicUrl: PEOPLE_ORIGIN }),
        RelayState: relayState,
      }),
    ];
    for (const answer of answers) expect(await expectPage(answer, 403)).toContain('This sign-in has run out');
    await expectRecorded(answers, 'login-attempt-unknown');
    expect([oidc, saml].some(({ cookies }) => cookies.has(SESSION_COOKIE))).toBe(false);
    expect(await belongings()).toEqual(before);
  });

  it('opens nothing where the provider lets the sign-in end before it begins, within what clocks may differ', async () => {
    const samlProviders = [{ ...one.samlProvider, clockSkew: '1m' }];
    await one.world.reconfigure({ extra: { roles: one.roles, samlProviders } });
    const browser = createBrowser(one.world.url);
    const { requestId, relayState } = await startLogin(browser, 'corp');
    const [instant, ended] = [Date.now() - 10_000, Date.now() - 5_000].map((ms) =>
      new Date(ms).toISOString(),
    );
    const authnStatement = GOOD_CONTENT.authnStatement
      .replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${instant}"`)
      .replace(/SessionNotOnOrAfter="[^"]*"/, `SessionNotOnOrAfter="${ended}"`);
    const answer = await browser.post('/saml/corp/acs', {
      SAMLResponse: respond({ idp: one.samlIdp, requestId, publicUrl: PEOPLE_ORIGIN }, { authnStatement }),
      RelayState: relayState,
    });
    await one.world.reconfigure({ extra: { roles: one.roles } });
    await expectPage(answer, 403);
    await expectRecorded([answer], 'expired-identity-token');
    expect(browser.cookies.has(SESSION_COOKIE)).toBe(false);
  });

  it('leaves whoever is signed in as they are, whatever it brings', async () => {
    const alice = await one.enter();
    const before = await belongings();
    const answers: Response[] = [];
    for (const query of ['error=access_denied', `code=x&state=${'A'.repeat(43)}`, 'error=<script>&state=x'])
      answers.push(await alice.get(`/signin/idp/callback?${query}`));
    for (const answer of answers) await expectPage(answer, 403);
    await expectRecorded(answers, 'login-attempt-unknown');
    // Whoever was signed in before has no part in it.
    const events = (await one.events('OidcSignIn')).slice(-answers.length);
    expect(events.filter((event) => event.includes('alice-1'))).toEqual([]);
    expect(await belongings()).toEqual(before);
    expect(await isSignedIn(alice)).toBe(true);
  });
});

/** What has been tried to make a browser leave for another site. */
const AWAY = [
  EVIL,
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  ' //evil.example',
  '/\r\nLocation: https://evil.example',
  'javascript:alert(1)',
  '@evil.example',
  '.evil.example',
  '',
];

describe('a way back that leads elsewhere', () => {
  it.each(AWAY)('leads nowhere as %j, on any page that has one', async (away) => {
    nextWindow();
    const browser = await one.enter(one.newcomer());
    await enrolApp(browser);
    const query = `return_to=${encodeURIComponent(away)}`;
    const answers = [
      // Both are done with at once: the factor was proved a moment ago.
      await browser.get(`/mfa/verify?${query}`),
      await browser.get(`/mfa/verify?role=admin&since=0&${query}`),
      await browser.get(`/signin?${query}`),
      await submit(browser, ['/sessions', '/mfa/recovery-codes/saved'], { return_to: away }),
      await submit(browser, ['/sessions', `${rolePath(ROLES.reader)}/favourite`], { return_to: away }),
      await browser.get(`/signin/corp?${query}`),
    ];
    expect(answers.map(locationOf).map((location) => location?.split('?')[0])).toEqual([
      ...Array<string>(5).fill('/roles'),
      '/saml/corp/login',
    ]);
    for (const path of ['/mfa/add', '/mfa/add/totp', '/mfa/add/passkey', '/signin?choose=yes', '/mfa']) {
      const html = await (await browser.get(`${path}${path.includes('?') ? '&' : '?'}${query}`)).text();
      expect(html).not.toMatch(/evil\.example|javascript:/);
    }
    if (away !== '')
      await expectPage(await browser.get(`/saml/corp/login?ReturnTo=${encodeURIComponent(away)}`), 400);
  });
});

describe('a name', () => {
  const PAYLOAD = `"'><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}<%= 7*7 %>`;
  const PAGES = [
    '/roles',
    rolePath(ROLES.reader),
    '/sessions',
    '/mfa',
    '/mfa/add',
    '/mfa/add/totp',
    '/signout',
    '/nowhere',
  ];

  const show = async (browser: Browser): Promise<string> => {
    const pages = [];
    for (const path of [...PAGES, '/mfa/add/passkey', '/signin?choose=yes&login_hint=x%3Cscript%3E%40y.z']) {
      const html = await (await browser.get(path)).text();
      expect([path, html.length < 40_000]).toEqual([path, true]);
      expect(html).not.toMatch(/<img src=x|<script>|<%|onerror=alert\(1\)>/);
      expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
      pages.push(html);
    }
    return pages.join('\n');
  };

  it.each([
    ['of HTML', { name: PAYLOAD, email: `${PAYLOAD}@acme.example` }],
    ['that turns the text around', { name: '\u202eadmin', email: '\u2066x@acme.example' }],
    ['of line breaks', { name: 'a\r\nSet-Cookie: x=y', email: 'a\r\nX: y@acme.example' }],
    ['of thousands of characters', { name: 'x'.repeat(5000), email: `${'x'.repeat(4000)}@acme.example` }],
    ['that is no text', { name: { toString: 'x' }, email: ['a@acme.example'] }],
  ])('%s is text on every page, if it is shown at all', async (_, claims) => {
    one.idp.configure({ idTokenClaims: claims, userinfoClaims: claims });
    nextWindow();
    const browser = await one.enter(one.newcomer());
    await show(browser);
    await enrolApp(browser, PAYLOAD.slice(0, 64));
    const shown = await show(browser);
    expect(shown).toContain('&lt;img src=x');
    expect(shown).toContain('&lt;script&gt;alert');
  });

  it('that a SAML provider made of HTML, or to turn the text around, is text as well', async () => {
    for (const nameId of [PAYLOAD, '\u202eevil\u202e', 'x'.repeat(1024)]) {
      const browser = createBrowser(one.world.url);
      const { requestId, relayState } = await startLogin(browser, 'corp');
      const SAMLResponse = respond(
        { idp: one.samlIdp, requestId, publicUrl: PEOPLE_ORIGIN },
        {
          nameId: `<saml:NameID Format="${PERSISTENT}">${escapeXml(nameId)}</saml:NameID>`,
          attributes: GOOD_CONTENT.attributes.replace('mail', 'department'),
        },
      );
      const answer = await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState });
      expect(answer.status).toBe(303);
      expect(await show(browser)).not.toMatch(/x{201}/);
    }
  });

  it('is no factor’s that would not show as what it is', async () => {
    nextWindow();
    const browser = await one.enter(one.newcomer());
    await enrolApp(browser);
    const page = await (await browser.get('/mfa')).text();
    const [, id = ''] = /\/mfa\/factors\/([\w-]{22})\//.exec(page) ?? [];
    for (const name of ['\u202eenohP', 'a\u0000b', 'a\nb', '', ' ', 'x'.repeat(65), '\u200b', 'a\u2028b'])
      expect(locationOf(await submit(browser, ['/mfa', `/mfa/factors/${id}/rename`], { name }))).toBe('/mfa');
    expect(withoutTrace(await (await browser.get('/mfa')).text())).toBe(withoutTrace(page));
  });
});

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

describe('what is recorded of a whole journey', () => {
  it('has no code, secret, token, cookie or key in it', async () => {
    nextWindow();
    const secrets = new Map<string, string>();
    const note = (what: string, value: string): void => {
      expect([what, value.length > 5]).toEqual([what, true]);
      secrets.set(what, value);
    };
    const browser = createBrowser(one.world.url);
    const subject = one.newcomer();
    one.idp.configure({ signInAs: subject });
    const authorize = await beginOidc(browser, '?return_to=%2Froles');
    note('challenge', new URL(authorize).searchParams.get('code_challenge') ?? '');
    for (const [name, value] of browser.cookies) note(name, value);
    const callback = await authenticate(authorize);
    note('code', new URLSearchParams(callback.split('?')[1]).get('code') ?? '');
    await browser.get(callback);
    note('client secret', one.idp.clientSecret);
    for (const { endpoint, form, authorization = '' } of one.idp.requests.slice(-2)) {
      if (endpoint === 'token') note('verifier', form['code_verifier'] ?? '');
      if (authorization !== '') note(`${endpoint} authorization`, authorization.split(' ')[1] ?? '');
    }
    note('first session', browser.cookies.get(SESSION_COOKIE) ?? '');
    const { secret, codes } = await enrolApp(browser);
    note('app', secret);
    codes.forEach((code, index) => {
      note(`recovery code ${index}`, code);
      note(`recovery code ${index}, plain`, code.replaceAll('-', ''));
    });
    note('session with a factor', browser.cookies.get(SESSION_COOKIE) ?? '');
    note('form token', await formTokenAt(browser, '/sessions'));
    ahead += MINUTE_MS;
    const code = codeAt(secret);
    await prove(browser, { method: 'totp', code });
    note('code of the app', `"${code}"`);
    await prove(browser, { method: 'recovery-code', code: codes[0] ?? '' });
    await prove(browser, { method: 'recovery-code', code: codes[0] ?? '' });
    const shown = await (await submit(browser, [rolePath(ROLES.admin)], { duration: '900' })).text();
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
      note(name, new RegExp(`${name}=.{1,6}?([\\w/+=]{40,})`).exec(shown)?.[1] ?? '');
    await submit(browser, ['/signout'], { revoke_roles: 'yes' });
    await browser.get(callback);
    await browser.post('/sessions/revoke-all', { form_token: secrets.get('form token') ?? '' });
    expect(secrets.has('verifier')).toBe(true);
    const trail = (await one.world.auditLines()).join('\n');
    for (const name of ['OidcSignIn', 'MfaEnrol', 'MfaVerify', 'AssumeRoleWithWebIdentity', 'SignOut'])
      expect(trail).toContain(`"eventName":"${name}"`);
    const found = [...secrets].filter(([, value]) => trail.includes(value)).map(([what]) => what);
    expect(found).toEqual([]);
  });
});
