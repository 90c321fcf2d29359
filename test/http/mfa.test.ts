import { afterEach, describe, expect, test } from 'vitest';
import { createAuthenticator } from '../support/authenticator.ts';
import {
  shows,
  startFactorPages,
  textOf,
  type FactorPages,
  type PageAnswer,
  type PageBrowser,
} from '../support/factor-pages.ts';
import { codeOf, MINUTE_MS, ORIGIN, wrongCode } from '../support/factor-world.ts';

let pages: FactorPages;
afterEach(async () => {
  expect(pages.bugs).toEqual([]);
  await pages.stop();
});

const ROLE = 'arn:aws:iam::123456789012:role/ops/deploy';
const ROLE_PATH = `/roles/${encodeURIComponent(ROLE)}`;
const textIn = (answer: PageAnswer, name: string): string => textOf(answer.data[name]);

async function signIn(subject = 'alice'): Promise<PageBrowser> {
  return pages.browser((await pages.world.signIn({ subject })).secret);
}

async function addApp(browser: PageBrowser, returnTo = ROLE_PATH) {
  const shown = await browser.get(`/mfa/add/totp?return_to=${encodeURIComponent(returnTo)}`);
  const secret = textIn(shown, 'secret').replaceAll(' ', '');
  const code = codeOf(secret, pages.world.now());
  const answer = await browser.post('/mfa/add/totp', { code, name: 'Phone', return_to: returnTo });
  pages.world.pass(30_000);
  return { secret, answer };
}

async function addKey(browser: PageBrowser, returnTo = '/mfa') {
  const authenticator = createAuthenticator(ORIGIN);
  const shown = await browser.get('/mfa/add/passkey');
  const response = authenticator.create(textIn(shown, 'passkeyOptions'));
  const answer = await browser.post('/mfa/add/passkey', { response, name: 'Key', return_to: returnTo });
  return { authenticator, answer };
}

const verify = (browser: PageBrowser, fields: Readonly<Record<string, string>>) =>
  browser.post('/mfa/verify', { return_to: ROLE_PATH, ...fields });

describe('somebody without a factor whom a role asks for one', () => {
  test('adds an app, sees recovery codes once, and goes on to where they were', async () => {
    pages = await startFactorPages();
    const browser = await signIn();
    const before = browser.secret();
    const asked = await browser.get(`/mfa/verify?role=deploy&return_to=${encodeURIComponent(ROLE_PATH)}`);
    expect(asked).toMatchObject({
      status: 303,
      location: `/mfa/add?return_to=${encodeURIComponent(ROLE_PATH)}`,
    });
    expect(await browser.get(asked.location ?? '')).toMatchObject(
      shows('mfa-add', {
        first: true,
        passkeysWork: true,
        returnTo: ROLE_PATH,
        reason: { kind: 'role', roleName: 'deploy' },
      }),
    );
    const { answer, secret } = await addApp(browser);
    expect(answer).toMatchObject({ status: 200, page: 'recovery-codes', data: { returnTo: ROLE_PATH } });
    expect(browser.secret()).not.toBe(before);
    const left = await browser.post('/mfa/recovery-codes/saved', { saved: 'yes', return_to: ROLE_PATH });
    expect(left).toMatchObject({ status: 303, location: ROLE_PATH });
    const { text } = pages.world.events[0] ?? { text: '' };
    expect(text).toContain('MfaEnrol');
    expect(text).not.toContain(secret);
  });

  test('sees the secret as picture, text and link', async () => {
    pages = await startFactorPages();
    const shown = await (await signIn()).get('/mfa/add/totp');
    expect(shown.data).toMatchObject({ returnTo: '/mfa' });
    expect(textIn(shown, 'secret')).toMatch(/^[A-Z2-7]{4}( [A-Z2-7]{4}){7}$/);
    expect(textIn(shown, 'uri')).toContain('otpauth://totp/Acme:alice%40acme.example?issuer=Acme');
    expect(textIn(shown, 'qrSvg')).toMatch(/^<svg /);
  });

  test('must sign in anew where the sign-in is old, and comes back', async () => {
    pages = await startFactorPages();
    const browser = await signIn();
    pages.world.pass(16 * MINUTE_MS);
    for (const path of ['/mfa/add', '/mfa/add/totp', '/mfa/add/passkey'])
      expect(await browser.get(path)).toMatchObject({
        status: 303,
        location: `/signin?reason=sign-in-again&return_to=${encodeURIComponent(path)}`,
      });
  });

  test('is told why there are no passkeys at an IP address', async () => {
    pages = await startFactorPages({ passkeys: 'none' });
    const browser = await signIn();
    expect(await browser.get('/mfa/add')).toMatchObject(shows('mfa-add', { passkeysWork: false }));
    expect(await browser.get('/mfa/add/passkey')).toMatchObject({
      status: 303,
      location: '/mfa/add?return_to=%2Fmfa',
    });
    expect(await browser.post('/mfa/add/passkey', { response: '{}', name: 'K' })).toMatchObject({
      status: 303,
    });
  });

  test('gets the same secret again after a wrong code, and another name for a bad one', async () => {
    pages = await startFactorPages();
    const browser = await signIn();
    const shown = await browser.get('/mfa/add/totp');
    const secret = textIn(shown, 'secret');
    const code = wrongCode(secret.replaceAll(' ', ''), pages.world.now());
    const wrong = await browser.post('/mfa/add/totp', { code, name: 'Phone' });
    expect(wrong).toMatchObject({
      status: 403,
      data: { secret, problem: { kind: 'wrong', attemptsLeft: 9 } },
    });
    expect(wrong.headers.get('x-rolebridge-reference')).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
    const unnamed = await browser.post('/mfa/add/totp', { code, name: '\u202e' });
    expect(unnamed).toMatchObject({ status: 400, data: { secret, problem: { kind: 'name' } } });
  });
});

describe('somebody with a factor', () => {
  async function alice() {
    const first = await signIn();
    const app = await addApp(first);
    return { ...app, first, browser: await signIn() };
  }

  test('proves it and goes on to where they were', async () => {
    pages = await startFactorPages();
    const { browser, secret } = await alice();
    const before = browser.secret();
    expect(await browser.get(`/mfa/verify?return_to=${encodeURIComponent(ROLE_PATH)}`)).toMatchObject({
      status: 200,
      ...shows('mfa-verify', {
        method: 'totp',
        methods: ['totp', 'recovery-code'],
        reason: { kind: 'role', roleName: 'deploy' },
      }),
    });
    const answer = await verify(browser, { method: 'totp', code: codeOf(secret, pages.world.now()) });
    expect(answer).toMatchObject({ status: 303, location: ROLE_PATH });
    expect(browser.secret()).not.toBe(before);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-rolebridge-session=.*; HttpOnly; SameSite=Lax; Secure$/,
    );
    const stolen = await pages.browser(before).get('/mfa');
    expect(stolen).toMatchObject({ status: 303, location: '/signin?return_to=%2Fmfa' });
  });

  test('is let on by the back button, unless a younger proof is wanted', async () => {
    pages = await startFactorPages();
    const { browser, secret } = await alice();
    const sinceMs = pages.world.now();
    const path = `/mfa/verify?role=deploy&since=${sinceMs}&return_to=/roles`;
    await browser.get(path);
    await browser.post('/mfa/verify', { code: codeOf(secret, sinceMs), return_to: '/roles' });
    pages.world.pass(10 * MINUTE_MS);
    expect(await browser.get(path)).toMatchObject({ status: 303, location: '/roles' });
    const again = `/mfa/verify?role=deploy&since=${pages.world.now()}&return_to=/roles`;
    expect(await browser.get(again)).toMatchObject({ status: 200, page: 'mfa-verify' });
    expect(await browser.get(again.replace(/since=\d+/, 'since=999999999999999'))).toMatchObject({
      status: 200,
    });
  });

  test('changes the method', async () => {
    pages = await startFactorPages();
    const { browser, first, answer } = await alice();
    await addKey(first);
    const methods = ['passkey', 'totp', 'recovery-code'];
    expect(await browser.get('/mfa/verify')).toMatchObject({ data: { method: 'passkey', methods } });
    for (const method of ['totp', 'recovery-code'])
      expect(await browser.get(`/mfa/verify?method=${method}`)).toMatchObject({ data: { method, methods } });
    expect(await browser.get('/mfa/verify?method=sms')).toMatchObject({ data: { method: 'passkey' } });
    const codes: unknown = answer.data['codes'];
    const code: unknown = Array.isArray(codes) ? codes[0] : undefined;
    expect(await verify(browser, { method: 'recovery-code', code: textOf(code) })).toMatchObject({
      status: 303,
    });
  });

  test('uses a passkey', async () => {
    pages = await startFactorPages();
    const { first, browser } = await alice();
    const { authenticator, answer } = await addKey(first);
    expect(answer).toMatchObject({ status: 303, location: '/mfa?done=added' });
    const shown = await browser.get('/mfa/verify?method=passkey');
    const response = authenticator.use(textIn(shown, 'passkeyOptions'));
    expect(await verify(browser, { method: 'passkey', response })).toMatchObject({
      status: 303,
      location: ROLE_PATH,
    });
  });

  test('gets a fresh challenge when another tab took over', async () => {
    pages = await startFactorPages();
    const { first, browser } = await alice();
    const { authenticator } = await addKey(first);
    const early = textIn(await browser.get('/mfa/verify'), 'passkeyOptions');
    await browser.get('/mfa/verify');
    const late = await verify(browser, { method: 'passkey', response: authenticator.use(early) });
    expect(late).toMatchObject({ status: 409, page: 'mfa-verify', data: { problem: { kind: 'expired' } } });
    const response = authenticator.use(textIn(late, 'passkeyOptions'));
    expect(await verify(browser, { method: 'passkey', response })).toMatchObject({ status: 303 });
  });

  test('is led on in a tab from before the proof, whose form is of the old session id', async () => {
    pages = await startFactorPages();
    const { browser, secret } = await alice();
    await browser.get('/mfa/verify');
    const code = codeOf(secret, pages.world.now());
    await verify(browser, { code });
    const stale = await browser.post('/mfa/verify', { form_token: 'x'.repeat(43), code });
    expect(stale).toMatchObject({ status: 303, location: '/mfa/verify?problem=expired' });
    expect(await browser.get(stale.location ?? '')).toMatchObject({ status: 303, location: '/roles' });
    // As browsers send it from a page with no-referrer.
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin' };
    const other = await browser.post('/mfa/add/totp', { form_token: 'x'.repeat(43) }, headers);
    expect(other).toMatchObject({ status: 303, location: '/mfa/add/totp?problem=expired' });
    expect(await browser.get(other.location ?? '')).toMatchObject({ data: { problem: { kind: 'expired' } } });
  });

  test.each([
    ['a wrong code', 'totp', '000000', 403, 'wrong'],
    ['no code', 'totp', '', 403, 'wrong'],
    ['a wrong recovery code', 'recovery-code', 'AAAA-AAAA-AAAA-AAAA', 403, 'wrong'],
  ])('sees the page again after %s, with what is left', async (_title, method, code, status, kind) => {
    pages = await startFactorPages();
    const { browser } = await alice();
    await browser.get('/mfa/verify');
    const answer = await verify(browser, { method, code });
    expect(answer).toMatchObject({
      status,
      page: 'mfa-verify',
      data: { method, problem: { kind, attemptsLeft: 9 } },
    });
    expect(answer.headers.get('x-rolebridge-reference')).not.toBeNull();
  });

  test('waits after too many, and is told how long', async () => {
    pages = await startFactorPages();
    const { browser, secret } = await alice();
    await browser.get('/mfa/verify');
    for (let guess = 0; guess < 9; guess++)
      await verify(browser, { code: wrongCode(secret, pages.world.now()) });
    const last = await verify(browser, { code: wrongCode(secret, pages.world.now()) });
    expect(last).toMatchObject({ status: 429, data: { kind: 'factor-locked' } });
    const locked = await verify(browser, { code: codeOf(secret, pages.world.now()) });
    expect(locked).toMatchObject({ status: 429, data: { kind: 'factor-locked' } });
    expect(Number(locked.headers.get('retry-after'))).toBe(270);
    expect(await browser.get('/mfa/verify')).toMatchObject({ status: 429, data: { retryAfterSeconds: 270 } });
    expect(await (await signIn('bob')).get('/mfa')).toMatchObject({ status: 200 });
  });

  test('manages factors only after a proof, and comes back', async () => {
    pages = await startFactorPages();
    const { browser, first, secret } = await alice();
    await addKey(first);
    const shown = await browser.get('/mfa');
    expect(shown).toMatchObject(shows('factors', { recoveryCodesLeft: 10, removable: true }));
    expect(JSON.stringify(shown.data)).not.toMatch(/secret|publicKey|credentialId/);
    const [app] = (await pages.world.person()).factors;
    const remove = `/mfa/factors/${app?.id ?? ''}/remove`;
    const toVerify = '/mfa/verify?reason=manage&return_to=';
    expect(await browser.post(remove)).toMatchObject({ status: 303, location: `${toVerify}%2Fmfa` });
    await browser.get('/mfa');
    expect(await browser.post('/mfa/recovery-codes')).toMatchObject({
      status: 303,
      location: `${toVerify}%2Fmfa`,
    });
    expect(await browser.get('/mfa/add/totp')).toMatchObject({ location: `${toVerify}%2Fmfa%2Fadd%2Ftotp` });
    expect(await browser.get(`${toVerify}%2Fmfa`)).toMatchObject({ data: { reason: { kind: 'manage' } } });
    await browser.post('/mfa/verify', {
      method: 'totp',
      code: codeOf(secret, pages.world.now()),
      return_to: '/mfa',
    });
    await browser.get('/mfa');
    expect(await browser.post('/mfa/recovery-codes')).toMatchObject({
      page: 'recovery-codes',
      data: { returnTo: '/mfa' },
    });
    const rename = remove.replace('remove', 'rename');
    expect(await browser.post(rename, { name: 'Old' })).toMatchObject({ location: '/mfa?done=renamed' });
    await browser.get('/mfa');
    expect(await browser.post(rename, { name: '' })).toMatchObject({ location: '/mfa' });
    await browser.get('/mfa');
    expect(await browser.post(remove)).toMatchObject({ location: '/mfa?done=removed' });
    expect((await browser.get('/mfa?done=removed')).data).toMatchObject({
      done: 'removed',
      removable: false,
    });
  });
});

describe('hostile input', () => {
  test.each([
    ['//evil.example', '/roles'],
    ['/\\evil.example', '/roles'],
    ['https://evil.example', '/roles'],
    ['javascript:alert(1)', '/roles'],
    ['/roles\r\nX: y', '/roles'],
    ['/mfa/verify', '/mfa/verify'],
  ])('return_to %j leads to %s', async (returnTo, location) => {
    pages = await startFactorPages();
    const browser = await signIn();
    const { answer } = await addApp(browser, returnTo);
    expect(answer.data).toMatchObject({ returnTo: location });
    await browser.get('/mfa');
    expect(await browser.post('/mfa/recovery-codes/saved', { return_to: returnTo })).toMatchObject({
      location,
    });
  });

  test.each([
    ['of another site', { origin: 'https://evil.example' }],
    ['that says nothing of its origin', { origin: '' }],
    ['of an origin that is kept secret', { origin: 'null' }],
    ['of a page that the browser says is another site', { 'sec-fetch-site': 'cross-site' }],
  ])('a form %s changes nothing and ends on the error page', async (_title, headers) => {
    pages = await startFactorPages();
    const browser = await signIn();
    await addApp(browser);
    for (const path of ['/mfa/recovery-codes', '/mfa/verify', '/mfa/add/totp', '/mfa/factors/x/remove']) {
      const forged = await browser.post(path, { form_token: 'x'.repeat(43) }, headers);
      expect({ path, ...forged }).toMatchObject({
        path,
        status: 403,
        page: 'error',
        data: { kind: 'forged' },
      });
    }
    expect(pages.world.events.at(-1)).toMatchObject({ eventName: 'PostForm', errorCode: 'request-forged' });
  });

  test.each(['x', '..%2f', 'A'.repeat(22), "'%20or%201=1"])('a factor %j is not found', async (id) => {
    pages = await startFactorPages();
    const browser = await signIn();
    await addApp(browser);
    await browser.get('/mfa');
    expect(await browser.post(`/mfa/factors/${id}/rename`, { name: 'A' })).toMatchObject({
      status: 404,
      page: 'error',
    });
  });

  test('a role of a link is named only if it can be a name', async () => {
    pages = await startFactorPages({ mfaRequired: 'always' });
    const browser = await signIn();
    const reasonFor = async (query: string) =>
      (await browser.get(`/mfa/add?return_to=${encodeURIComponent(query)}`)).data['reason'];
    expect(await reasonFor(`/roles/${ROLE}?duration=900`)).toEqual({ kind: 'role', roleName: 'deploy' });
    for (const path of ['/roles/<b>call 555-0100</b>', '/roles/%E0%A4%A', '/roles/', '/sessions'])
      expect(await reasonFor(path)).toEqual({ kind: 'always' });
  });

  test('nobody who is not signed in gets anything', async () => {
    pages = await startFactorPages();
    const nobody = pages.browser('');
    for (const path of ['/mfa', '/mfa/verify', '/mfa/add', '/mfa/add/totp', '/mfa/add/passkey'])
      expect(await nobody.get(path)).toMatchObject({
        status: 303,
        location: `/signin?return_to=${encodeURIComponent(path)}`,
      });
    for (const path of ['/mfa/verify', '/mfa/add/totp', '/mfa/recovery-codes', '/mfa/factors/x/remove'])
      expect(await nobody.post(path)).toMatchObject({
        status: 303,
        location: '/signin?reason=session-ended',
      });
  });
});

describe('where a second factor is wanted of everybody', () => {
  test('these pages stand before it, and do not lead round in circles', async () => {
    pages = await startFactorPages({ mfaRequired: 'always' });
    const browser = await signIn();
    expect(await browser.get('/mfa/verify?return_to=/roles')).toMatchObject({
      location: '/mfa/add?return_to=%2Froles',
    });
    expect(await browser.get('/mfa/add?return_to=/roles')).toMatchObject({
      data: { reason: { kind: 'always' } },
    });
    await addApp(browser, '/roles');
    expect(await browser.get('/mfa/verify?return_to=/roles')).toMatchObject({
      status: 303,
      location: '/roles',
    });
    pages.world.pass(20 * MINUTE_MS);
    expect(await browser.get('/mfa/verify?return_to=/roles')).toMatchObject({
      status: 303,
      location: '/roles',
    });
  });
});
