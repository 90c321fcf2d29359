import { hash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBrowser, formTokenAt, signOut, unescapeHtml, type Browser } from '../support/saml-browser.ts';
import { sampleAccessKeyId, sampleSession } from '../support/sample-session.ts';
import { signInWithOidc, startSignInWorld, type SignInWorld } from '../support/sign-in-world.ts';

let one: SignInWorld;
let browser: Browser;
let person: string;
beforeAll(async () => {
  one = await startSignInWorld({ idp: { metadata: {} } });
  person = `${one.providerArn} alice-1`;
});
afterAll(async () => {
  await one.stop();
});
beforeEach(async () => {
  browser = createBrowser(one.world.url);
  await signInWithOidc(browser);
});

const SESSION = 'rolebridge-session';
const locationOf = (answer: Response): string | null => answer.headers.get('location');
const isSignedIn = async (who = browser) => (await who.get('/sessions')).status === 200;

/** The name of a browser's session in store and pages; the page itself has no button to end the one that it is in. */
function ownId({ cookies }: Browser): string {
  const secret = cookies.get(SESSION) ?? '';
  return hash('sha256', secret, 'base64url') + secret.slice(-1);
}

/** Role sessions of somebody, put into the store as the gate would. */
async function issue(count: number, whose = person): Promise<readonly string[]> {
  const store = one.openStore();
  const roleArn = 'arn:aws:iam::111122223333:role/reader';
  const sessions = Array.from({ length: count }, () =>
    sampleSession({ accessKeyId: sampleAccessKeyId(), person: whose, issuerArn: roleArn }),
  );
  for (const session of sessions)
    await store.sessions.issue({
      session,
      audit: { timeMs: Date.now(), outcome: 'allowed', event: JSON.stringify({ eventID: randomUUID() }) },
    });
  await store.close();
  return sessions.map(({ accessKeyId }) => accessKeyId);
}

async function living(accessKeyIds: readonly string[]): Promise<readonly boolean[]> {
  const store = one.openStore();
  const found = await Promise.all(accessKeyIds.map((id) => store.sessions.find(id)));
  await store.close();
  return found.map((session) => session !== undefined);
}

/** Where the provider's own sign-out is, as the page offers it. */
const logoutUrlIn = (html: string): URL =>
  new URL(
    unescapeHtml(/http:\/\/127\.0\.0\.1:\d+\/generic\/logout[^"<\s]*/.exec(html)?.[0] ?? 'about:blank'),
  );

describe('signing out', () => {
  it('asks first, and ends nothing by a link alone', async () => {
    const answer = await browser.get('/signout');
    expect([answer.status, (await answer.text()).includes('Example ID')]).toEqual([200, true]);
    expect(await isSignedIn()).toBe(true);
  });

  it('ends the session of this browser, and leaves role sessions', async () => {
    const keys = await issue(2);
    const former = browser.cookies.get(SESSION) ?? '';
    const answer = await signOut(browser);
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(html).not.toContain('Alice Example');
    expect(browser.cookies.has(SESSION)).toBe(false);
    browser.cookies.set(SESSION, former);
    expect(await isSignedIn()).toBe(false);
    expect(await living(keys)).toEqual([true, true]);
    const event = (await one.events('SignOut')).at(-1) ?? '';
    expect(event).toContain('"roleSessionsEnded":0');
    expect(event).toContain('"userName":"alice-1"');
  });

  it('ends the role sessions, too, where the person says so: their own alone', async () => {
    const [own, others] = [await issue(2), await issue(1, `${one.providerArn} bob-2`)];
    await signOut(browser, { revoke_roles: 'on' });
    expect(await living([...own, ...others])).toEqual([false, false, true]);
  });

  it('offers the provider’s own sign-out, and believes only the answer to it', async () => {
    const url = logoutUrlIn(await (await signOut(browser)).text());
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe('http://127.0.0.1:8080/signed-out');
    expect(url.searchParams.get('id_token_hint')).toMatch(/^eyJ/);
    const state = url.searchParams.get('state') ?? '';
    const html = async (query: string) => (await browser.get(`/signed-out${query}`)).text();
    const [ended, unknown, forged] = [await html(`?state=${state}`), await html(''), await html('?state=x')];
    const plain = (text: string) => text.replaceAll(/value="[\w-]{43}"/g, '');
    expect(plain(ended)).not.toBe(plain(unknown));
    expect(plain(unknown)).toBe(plain(forged));
  });

  it('is not offered to whoever is not signed in', async () => {
    const stranger = createBrowser(one.world.url);
    expect(locationOf(await stranger.get('/signout'))).toBe('/signin?reason=signed-out');
    expect(locationOf(await stranger.post('/signout', {}))).toBe('/signed-out');
    expect(locationOf(await stranger.get('/signed-out'))).toBe('/signin?reason=signed-out');
  });

  it.each(['', 'x', `${'A'.repeat(43)}.1.1.%E0%A4%A`, `${'A'.repeat(43)}.9999999.1.x`, 'A'.repeat(5000)])(
    'is shown to nobody who brings the note %j',
    async (note) => {
      const stranger = createBrowser(one.world.url);
      stranger.cookies.set('rolebridge-signed-out', note);
      const answer = await stranger.get('/signed-out');
      expect([200, 303]).toContain(answer.status);
    },
  );

  it('goes on when the provider is gone meanwhile', async () => {
    const other = await startSignInWorld();
    const own = createBrowser(other.world.url);
    await signInWithOidc(own);
    await other.world.reconfigure({ extra: { oidcProviders: [], roles: [] } });
    expect((await signOut(own)).status).toBe(200);
    expect(own.cookies.has(SESSION)).toBe(false);
    await other.stop();
  });
});

describe('the sessions page', () => {
  it('shows this browser, the others, and the role sessions', async () => {
    const [key = ''] = await issue(1);
    await signInWithOidc(createBrowser(one.world.url));
    const html = await (await browser.get('/sessions')).text();
    expect(html).toContain(key);
    expect(html).toContain('reader');
    expect(idsIn(html).length).toBeGreaterThanOrEqual(2);
  });

  it('is for people who are signed in', async () => {
    const stranger = createBrowser(one.world.url);
    expect(locationOf(await stranger.get('/sessions?x=1'))).toBe('/signin?return_to=%2Fsessions%3Fx%3D1');
    for (const path of ['revoke', 'revoke-others', 'revoke-all'])
      expect(locationOf(await stranger.post(`/sessions/${path}`, {}))).toBe('/signin?reason=session-ended');
  });

  const revoke = async (path: string, fields: Readonly<Record<string, string>> = {}) => {
    const token = await formTokenAt(browser, '/sessions');
    return browser.post(`/sessions/${path}`, { form_token: token, ...fields });
  };
  /** The ids of browser sessions that a page names. */
  const idsIn = (html: string): readonly string[] => [
    ...new Set(Array.from(html.matchAll(/(?<![\w-])[\w-]{43}[A-Z2-7](?![\w-])/g), ([id]) => id)),
  ];

  it('ends one browser', async () => {
    await revoke('revoke-others');
    const other = createBrowser(one.world.url);
    const [own] = idsIn(await (await browser.get('/sessions')).text());
    await signInWithOidc(other);
    const html = await (await browser.get('/sessions')).text();
    const id = idsIn(html).find((found) => found !== own) ?? '';
    const answer = await revoke('revoke', { kind: 'browser', id });
    expect(locationOf(answer)).toBe('/sessions?ended=1');
    expect([await isSignedIn(), await isSignedIn(other)]).toEqual([true, false]);
    expect((await one.events('RevokeSession')).at(-1)).toContain('"outcome":"allowed"');
  });

  it('ends this browser, and says so', async () => {
    await revoke('revoke-others');
    const own = ownId(browser);
    expect(locationOf(await revoke('revoke', { kind: 'browser', id: own }))).toBe(
      '/signin?reason=signed-out',
    );
    expect(browser.cookies.has(SESSION)).toBe(false);
  });

  it('ends one role session', async () => {
    const keys = await issue(2);
    await revoke('revoke', { kind: 'role', id: keys[0] ?? '' });
    expect(await living(keys)).toEqual([false, true]);
  });

  it('ends all others', async () => {
    const others = [createBrowser(one.world.url), createBrowser(one.world.url)];
    for (const other of others) await signInWithOidc(other);
    const keys = await issue(1);
    expect(locationOf(await revoke('revoke-others'))).toMatch(/^\/sessions\?ended=[2-9]/);
    expect(await Promise.all([browser, ...others].map(isSignedIn))).toEqual([true, false, false]);
    expect(await living(keys)).toEqual([true]);
  });

  it('ends everything, this browser included', async () => {
    const other = createBrowser(one.world.url);
    await signInWithOidc(other);
    const [keys, foreign] = [await issue(2), await issue(1, `${one.providerArn} bob-2`)];
    expect((await revoke('revoke-all')).status).toBe(200);
    expect([await isSignedIn(), await isSignedIn(other)]).toEqual([false, false]);
    expect(await living([...keys, ...foreign])).toEqual([false, false, true]);
  });

  describe('refuses', () => {
    it('what is somebody else’s, as if it were not there', async () => {
      one.idp.configure({ signInAs: 'bob-2' });
      const bob = createBrowser(one.world.url);
      await signInWithOidc(bob);
      one.idp.configure({ signInAs: 'alice-1' });
      const id = ownId(bob);
      const [key = ''] = await issue(1, `${one.providerArn} bob-2`);
      for (const fields of [
        { kind: 'browser', id },
        { kind: 'role', id: key },
        { kind: 'role', id: sampleAccessKeyId() },
      ]) {
        const answer = await revoke('revoke', fields);
        const reference = answer.headers.get('x-rolebridge-reference') ?? 'none';
        expect(answer.status).toBe(404);
        const event = (await one.events('RevokeSession')).find((line) => line.includes(reference)) ?? '';
        expect(event).toContain('"errorCode":"not-found"');
        expect(event).toContain('"userName":"alice-1"');
      }
      expect([await isSignedIn(bob), await living([key])]).toEqual([true, [true]]);
    });

    it.each([
      {},
      { kind: 'browser' },
      { kind: 'role' },
      { kind: 'all', id: 'x' },
      { kind: 'role', id: 'A'.repeat(9999) },
    ])('the form %j', async (fields: Readonly<Record<string, string>>) => {
      expect([400, 404]).toContain((await revoke('revoke', fields)).status);
      expect(await isSignedIn()).toBe(true);
    });

    it.each(['revoke', 'revoke-others', 'revoke-all'])(
      'the post %s of another site, or with another browser’s token (CSRF)',
      async (path) => {
        const other = createBrowser(one.world.url);
        await signInWithOidc(other);
        const foreign = await formTokenAt(other, '/sessions');
        const anonymous = await formTokenAt(createBrowser(one.world.url), '/signin?choose=yes');
        for (const form_token of ['', 'A'.repeat(43), foreign, anonymous])
          expect((await browser.post(`/sessions/${path}`, { form_token })).status).toBe(403);
        expect(await isSignedIn(other)).toBe(true);
        expect((await one.events('PostForm')).at(-1)).toContain('"errorCode":"request-forged"');
      },
    );
  });
});
