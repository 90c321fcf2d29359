import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startPortalApp, type PortalApp, type PortalOptions } from '../support/portal-app.ts';
import {
  ACCOUNT,
  makeIdentity,
  makeRole,
  makeSamlIdentity,
  NOW_MS,
  OTHER_ACCOUNT,
  SAML_ARN,
} from '../unit/domain/federation/person-world.ts';
import type { Role } from '../../src/domain/role/role.ts';
import { FederationError } from '../../src/domain/errors.ts';

const pageSchema = z.object({
  name: z.string(),
  formToken: z.string(),
  person: z.unknown(),
  data: z.record(z.string(), z.unknown()),
});
const row = z.object({
  name: z.string(),
  needsMfa: z.boolean(),
  favourite: z.boolean(),
  description: z.string().optional(),
});
const rolesSchema = z.object({
  total: z.number(),
  query: z.string(),
  notices: z.array(z.string()),
  favourites: z.array(row),
  recents: z.array(row),
  accounts: z.array(z.object({ account: z.string(), alias: z.string().optional(), roles: z.array(row) })),
});
const eventSchema = z.object({
  eventName: z.string(),
  errorCode: z.string().optional(),
  additionalEventData: z.object({ outcome: z.string(), reference: z.string().optional() }),
});

const MFA = { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } };
const BOB = { Condition: { StringEquals: { 'idp.example.com:sub': 'bob' } } };
const open = makeRole('open', [{}], {
  description: 'Reads the shop’s orders',
  maxSessionDurationSeconds: 28_800,
  path: '/team/shop/',
});
const guarded = makeRole('guarded', [MFA]);
const bobs = makeRole('bobs', [BOB]);
const theirs = makeRole('theirs', [{}], { account: OTHER_ACCOUNT });
const ROLES = [open, guarded, bobs, theirs];

let app: PortalApp;
afterEach(async () => {
  expect(app.bugs).toEqual([]);
  await app.close();
});

async function start(roles: readonly Role[] = ROLES, options: PortalOptions = {}): Promise<string> {
  app = await startPortalApp(roles, { now: () => NOW_MS, ...options });
  return app.signIn();
}

type Page = z.infer<typeof pageSchema> & { readonly status: number; readonly headers: Headers };

async function get(path: string, cookie: string): Promise<Page> {
  return pageOf(await fetch(app.url + path, { redirect: 'manual', headers: { cookie } }));
}

async function pageOf(response: Response): Promise<Page> {
  const { status, headers } = response;
  const text = await response.text();
  const page = text.startsWith('{')
    ? pageSchema.parse(JSON.parse(text))
    : { name: '', formToken: '', person: undefined, data: {} };
  return { ...page, status, headers };
}

async function post(
  path: string,
  cookie: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Page> {
  const { formToken } = await get('/roles', cookie);
  return postRaw(path, cookie, { form_token: formToken, ...fields });
}

async function postRaw(
  path: string,
  cookie: string,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  const body = new URLSearchParams(fields);
  return pageOf(
    await fetch(app.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: app.url },
      body,
    }),
  );
}

async function list(cookie: string, query = ''): Promise<z.infer<typeof rolesSchema>> {
  return rolesSchema.parse((await get(`/roles${query}`, cookie)).data);
}

function pathOf({ arn }: Role): string {
  return `/roles/${encodeURIComponent(arn)}`;
}

function lastEvent(): z.infer<typeof eventSchema> {
  return eventSchema.parse(JSON.parse(app.world.events.at(-1) ?? ''));
}

async function issued(): Promise<number> {
  return (await app.world.store.sessions.list({ by: 'all' }, { limit: 100 })).sessions.length;
}

describe('GET /roles', () => {
  it('lists by account what is open, says what lacks a second factor, and nothing of any other', async () => {
    const cookie = await start();
    const answer = await get('/roles', cookie);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.data)).not.toMatch(/bobs|theirs/);
    const { accounts, total } = rolesSchema.parse(answer.data);
    expect(total).toBe(2);
    expect(accounts).toEqual([
      {
        account: ACCOUNT,
        alias: 'acme-prod',
        roles: [
          expect.objectContaining({ name: 'guarded', needsMfa: true }),
          expect.objectContaining({ name: 'open', needsMfa: false, description: 'Reads the shop’s orders' }),
        ],
      },
    ]);
  });

  it.each([
    ['?q=OPE', ['open']],
    ['?q=orders%20shop', ['open']],
    ['?q=acme-prod', ['guarded', 'open']],
    [`?q=${ACCOUNT}`, ['guarded', 'open']],
    ['?q=orders+guarded', []],
    ['?q=bobs', []],
    [`?q=${'x'.repeat(5000)}`, []],
    ['?q=%E0%A4%A', []],
    ['?q=.*', []],
  ])('finds by words of name, account, alias and description: %s', async (query, names) => {
    const { accounts, total } = await list(await start(), query);
    expect(accounts.flatMap(({ roles }) => roles.map(({ name }) => name))).toEqual(names);
    expect(total).toBe(2);
  });

  it('tells what the sign-in noted, so that a short list is not a riddle', async () => {
    await start();
    expect(await list(await app.signIn({ notices: ['group-overage'] }))).toMatchObject({
      notices: ['group-overage'],
    });
  });

  it('leads whoever is not signed in to the sign-in and back', async () => {
    await start();
    const answer = await get('/roles?q=a%20b', '');
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/signin?return_to=%2Froles%3Fq%3Da%2520b',
    ]);
  });

  it('leads everybody to a second factor first where the installation wants one', async () => {
    const cookie = await start(ROLES, { mfaRequired: 'always' });
    for (const path of ['/roles', pathOf(open)]) {
      const answer = await get(path, cookie);
      expect(answer.headers.get('location')).toBe(`/mfa/verify?return_to=${encodeURIComponent(path)}`);
    }
    const proved = await app.signIn({}, { authenticatedAtMs: NOW_MS, method: 'totp' });
    expect((await list(proved)).total).toBe(2);
  });

  it('ends a sign-in whose provider was removed', async () => {
    await start();
    const cookie = await app.signIn({
      identity: { ...makeIdentity(), providerArn: makeRole('x', [{}]).arn },
    });
    const answer = await get('/roles', cookie);
    expect(answer.headers.get('location')).toBe('/signin?reason=provider-removed');
    expect(lastEvent().eventName).toBe('EndSignIn');
  });
});

describe('GET /roles/{arn}', () => {
  it.each([
    ['encoded as one segment', pathOf(open)],
    ['as it is', `/roles/${open.arn}`],
    ['encoded in part', `/roles/${open.arn.replaceAll(':', '%3A')}`],
  ])('opens by a deep link, the ARN %s', async (_, path) => {
    const answer = await get(path, await start());
    expect(answer).toMatchObject({ status: 200, name: 'role', data: { role: { arn: open.arn } } });
  });

  it("offers durations up to the role's maximum, an hour first", async () => {
    const cookie = await start();
    const seconds = [900, 1800, 3600, 7200, 14_400, 28_800];
    expect((await get(pathOf(open), cookie)).data['durations']).toEqual(
      seconds.map((one) => ({ seconds: one, selected: one === 3600 })),
    );
    expect((await get(`${pathOf(open)}?duration=900`, cookie)).data['durations']).toContainEqual({
      seconds: 900,
      selected: true,
    });
  });

  it('offers only those that the trust policy allows', async () => {
    const short = makeRole('short', [{ Condition: { NumericLessThan: { 'sts:DurationSeconds': '3600' } } }]);
    const { data } = await get(pathOf(short), await start([short]));
    expect(data['durations']).toEqual([
      { seconds: 900, selected: false },
      { seconds: 1800, selected: true },
    ]);
  });

  it('says that a second factor is needed', async () => {
    expect((await get(pathOf(guarded), await start())).data).toMatchObject({ role: { needsMfa: true } });
  });

  it('looks the same for roles that are refused, unknown, of others and malformed, and is recorded', async () => {
    const cookie = await start();
    const unknown = `arn:aws:iam::${ACCOUNT}:role/unknown`;
    const shown: unknown[] = [];
    for (const path of [
      pathOf(bobs),
      `/roles/${bobs.arn}`,
      pathOf(theirs),
      `/roles/${unknown}`,
      '/roles/nonsense',
      '/roles/%',
      '/roles/%00',
      `/roles/${unknown}%0d%0aSet-Cookie:x=y`,
      `/roles/${'x'.repeat(6000)}`,
      '/roles/arn:aws:s3:::bucket',
    ]) {
      const answer = await get(path, cookie);
      const event = lastEvent();
      expect(event).toMatchObject({ eventName: 'ViewRole', errorCode: 'federation-denied' });
      expect(answer.data['reference']).toBe(event.additionalEventData.reference);
      const { reference, requestId, ...data } = answer.data;
      expect([typeof reference, typeof requestId]).toEqual(['string', 'string']);
      shown.push({ status: answer.status, name: answer.name, data });
    }
    expect(shown[0]).toEqual({
      status: 404,
      name: 'error',
      data: { kind: 'not-found', timeMs: NOW_MS, links: [{ to: 'roles', href: '/roles' }] },
    });
    for (const other of shown) expect(other).toEqual(shown[0]);
  });
});

it('keeps what is no ARN out of what the audit trail is searched by', async () => {
  const cookie = await start();
  for (const path of ['/roles/nonsense', '/roles/%00', `/roles/arn:aws:iam::${ACCOUNT}:role/x%0d%0ay`]) {
    await get(path, cookie);
    expect(lastEvent()).toMatchObject({ eventName: 'ViewRole' });
    expect(app.world.events.at(-1)).toContain('"resources":[]');
  }
});

describe('POST /roles/{arn}', () => {
  it('answers with credentials that no cache keeps, and remembers the role', async () => {
    const cookie = await start();
    const answer = await post(pathOf(open), cookie, { duration: '900' });
    expect(answer).toMatchObject({ status: 200, name: 'credentials' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.data).toMatchObject({
      role: { arn: open.arn },
      durationSeconds: 900,
      expiresAtMs: NOW_MS + 900_000,
    });
    const accessKeyId = z.string().parse(answer.data['accessKeyId']);
    expect(await app.world.store.sessions.find(accessKeyId)).toMatchObject({ issuerArn: open.arn });
    expect(lastEvent()).toMatchObject({ eventName: 'AssumeRoleWithWebIdentity' });
    expect((await list(cookie)).recents.map(({ name }) => name)).toEqual(['open']);
  });

  it('keeps secrets out of the audit trail', async () => {
    const cookie = await start();
    const { data } = await post(pathOf(open), cookie);
    const blocks = z
      .array(
        z.object({
          id: z.string(),
          lines: z.array(z.object({ text: z.string(), name: z.string().optional() })),
        }),
      )
      .parse(data['blocks']);
    const secrets = (blocks.find(({ id }) => id === 'values')?.lines ?? []).filter(
      ({ name }) => name === 'secret-access-key' || name === 'session-token',
    );
    expect(secrets).toHaveLength(2);
    for (const { text } of secrets) expect(app.world.events.join('\n')).not.toContain(text);
  });

  it('asks for the second factor that alone is missing, and comes back with what was chosen', async () => {
    const cookie = await start();
    const answer = await post(pathOf(guarded), cookie, { duration: '1800' });
    expect(answer.status).toBe(303);
    const location = new URL(answer.headers.get('location') ?? '', app.url);
    expect(location.pathname).toBe('/mfa/verify');
    expect(Object.fromEntries(location.searchParams)).toEqual({
      role: 'guarded',
      since: String(NOW_MS),
      return_to: `${pathOf(guarded)}?duration=1800`,
    });
    expect(await issued()).toBe(0);
    expect(lastEvent()).toMatchObject({
      errorCode: 'mfa-required',
      additionalEventData: { outcome: 'denied' },
    });
    const proved = await app.signIn({}, { authenticatedAtMs: NOW_MS, method: 'totp' });
    expect((await post(pathOf(guarded), proved, { duration: '1800' })).name).toBe('credentials');
  });

  it.each([['899'], ['0'], ['-900'], ['9e2'], ['3600.5'], ['abc'], [''], ['0x384'], ['900 ']])(
    'refuses a duration of %j and issues nothing',
    async (duration) => {
      const answer = await post(pathOf(open), await start(), { duration });
      expect(answer).toMatchObject({ status: 400, name: 'error', data: { kind: 'malformed' } });
      expect(await issued()).toBe(0);
    },
  );

  it("refuses a duration above the role's maximum", async () => {
    const answer = await post(pathOf(open), await start(), { duration: '28801' });
    expect(answer).toMatchObject({ status: 400, data: { kind: 'malformed', links: [{ to: 'roles' }] } });
    expect(lastEvent()).toMatchObject({ errorCode: 'duration-exceeds-role' });
    expect(await issued()).toBe(0);
  });

  it.each([
    ['not open', pathOf(bobs)],
    ['unknown', `/roles/arn:aws:iam::${ACCOUNT}:role/unknown`],
    ["another account's", pathOf(theirs)],
    ['malformed', '/roles/nonsense'],
  ])('shows a role that is %s as not found, recorded, with nothing issued', async (_, path) => {
    const answer = await post(path, await start());
    expect(answer).toMatchObject({
      status: 404,
      data: { kind: 'not-found', links: [{ to: 'roles', href: '/roles' }] },
    });
    expect(lastEvent()).toMatchObject({ errorCode: 'federation-denied' });
    expect(answer.data['reference']).toBe(lastEvent().additionalEventData.reference);
    expect(await issued()).toBe(0);
  });

  it.each([
    ['no token', {}],
    ['another token', { form_token: 'x'.repeat(43) }],
  ])('opens nothing for a form with %s', async (_, fields) => {
    const cookie = await start();
    expect(await postRaw(pathOf(open), cookie, fields)).toMatchObject({
      status: 403,
      data: { kind: 'forged' },
    });
    expect(await postRaw(`${pathOf(open)}/favourite`, cookie, fields)).toMatchObject({ status: 403 });
    expect(await issued()).toBe(0);
  });

  it('opens nothing for a browser that is not signed in', async () => {
    await start();
    const answer = await postRaw(pathOf(open), '', {});
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/signin?reason=session-ended']);
  });

  it('wants a second factor of everybody where the installation does, even past the page', async () => {
    const cookie = await start(ROLES, { mfaRequired: 'always' });
    expect((await postRaw(pathOf(open), cookie, {})).status).toBe(303);
    expect(await issued()).toBe(0);
  });

  it('gives credentials to a SAML person by the roles that the assertion lists', async () => {
    const admits = { Principal: { Federated: SAML_ARN }, Action: ['sts:AssumeRoleWithSAML'] };
    const listed = makeRole('listed', [admits]);
    const unlisted = makeRole('unlisted', [admits]);
    await start([listed, unlisted]);
    const cookie = await app.signIn({ identity: makeSamlIdentity({ Role: [`${listed.arn},${SAML_ARN}`] }) });
    expect((await post(pathOf(listed), cookie)).name).toBe('credentials');
    // The assertion worked at the sign-in and goes on to work here.
    expect((await post(pathOf(listed), cookie)).name).toBe('credentials');
    expect((await post(pathOf(unlisted), cookie)).status).toBe(404);
  });
});

describe('favourites and recents', () => {
  it('are marked and unmarked, and lead back', async () => {
    const cookie = await start();
    const marked = await post(`${pathOf(open)}/favourite`, cookie, { return_to: '/roles?q=open' });
    expect([marked.status, marked.headers.get('location')]).toEqual([303, '/roles?q=open']);
    expect(await list(cookie)).toMatchObject({ favourites: [{ name: 'open', favourite: true }] });
    await post(`/roles/${open.arn}/favourite`, cookie);
    expect(await list(cookie)).toMatchObject({ favourites: [] });
  });

  it.each([['https://evil.example/'], ['//evil.example'], ['/\\evil.example'], ['javascript:alert(1)']])(
    'never lead to %s',
    async (target) => {
      const answer = await post(`${pathOf(open)}/favourite`, await start(), { return_to: target });
      expect(answer.headers.get('location')).toBe('/roles');
    },
  );

  it('are of roles that are open only', async () => {
    const cookie = await start();
    for (const path of [pathOf(bobs), '/roles/nonsense', `/roles/${bobs.arn}x`]) {
      expect(await post(`${path}/favourite`, cookie)).toMatchObject({
        status: 404,
        data: { kind: 'not-found' },
      });
      expect(lastEvent()).toMatchObject({ eventName: 'MarkRole', errorCode: 'federation-denied' });
    }
    expect(await app.people.find(makeIdentity())).toBeUndefined();
  });

  it('of a role that is not open any more are hidden, and can go', async () => {
    const cookie = await start();
    const { providerArn, subject } = makeIdentity();
    await app.people.update({ providerArn, subject }, () => ({
      providerArn,
      subject,
      profile: {},
      firstSignInAtMs: 0,
      lastSignInAtMs: 0,
      factors: [],
      recoveryCodes: [],
      favourites: [bobs.arn, open.arn],
      recents: [bobs.arn, open.arn],
    }));
    expect(await list(cookie)).toMatchObject({ favourites: [{ name: 'open' }], recents: [{ name: 'open' }] });
    expect((await post(`${pathOf(bobs)}/favourite`, cookie)).status).toBe(303);
    expect((await app.people.find({ providerArn, subject }))?.favourites).toEqual([open.arn]);
  });

  it('remember the last five, the last one first and each once', async () => {
    const roles = Array.from({ length: 7 }, (_, index) => makeRole(`r${index}`, [{}]));
    const cookie = await start(roles);
    for (const role of [...roles, ...roles.slice(5, 6)]) await post(pathOf(role), cookie);
    expect((await list(cookie)).recents.map(({ name }) => name)).toEqual(['r5', 'r6', 'r4', 'r3', 'r2']);
  });

  it('tell a mark from a role that is called favourite', async () => {
    const shop = makeRole('shop', [{}], { path: '/x/' });
    const favourite = makeRole('favourite', [{}], { path: '/x/shop/' });
    const cookie = await start([shop, favourite]);
    expect((await get(`/roles/${favourite.arn}`, cookie)).data).toMatchObject({
      role: { name: 'favourite' },
    });
    expect((await post(pathOf(favourite), cookie)).data).toMatchObject({ role: { name: 'favourite' } });
    // Back from a second factor that a mark began.
    const back = await get(`${pathOf(shop)}/favourite`, cookie);
    expect(back.headers.get('location')).toBe(pathOf(shop));
  });
});

describe('a role that goes while somebody is signed in', () => {
  it('is gone from the list and answers as one that never was', async () => {
    const cookie = await start();
    const token = (await get(pathOf(open), cookie)).formToken;
    const { directory } = app.world.deps;
    Object.assign(directory, { role: () => undefined, candidateRoles: () => [] });
    expect(await postRaw(pathOf(open), cookie, { form_token: token })).toMatchObject({
      status: 404,
      data: { kind: 'not-found' },
    });
    expect(lastEvent()).toMatchObject({
      errorCode: 'federation-denied',
      additionalEventData: { outcome: 'denied' },
    });
    expect((await list(cookie)).total).toBe(0);
  });
});

describe('a store that is down', () => {
  it('shows no half of a page', async () => {
    const cookie = await start();
    const down = new FederationError('store-unavailable', 'down');
    Object.assign(app.world.store.people, { read: () => Promise.reject(down) });
    expect(await get('/roles', cookie)).toMatchObject({ status: 503, data: { kind: 'unavailable' } });
  });

  it('that fails after the keys were issued does not keep them from whom they are for', async () => {
    const cookie = await start();
    const { formToken } = await get('/roles', cookie);
    const down = new FederationError('store-unavailable', 'down');
    Object.assign(app.world.store.people, { read: () => Promise.reject(down) });
    expect(await postRaw(pathOf(open), cookie, { form_token: formToken })).toMatchObject({
      name: 'credentials',
    });
  });
});
