import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callbackOf, ORDERS, secretOf, type ClientName } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { authorize, codeRequest, signInTo } from '../support/code-flow.ts';
import { logoutUrl } from '../support/logout-flow.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type Claims = Readonly<Record<string, unknown>>;

let site: ApplicationSite;
let evil: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };
beforeAll(async () => {
  site = await startApplicationSite();
  evil = await generateKeyPair('ES256', { extractable: true });
}, 60_000);
afterAll(() => site.stop());

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function unsigned(claims: Claims, header: object = { alg: 'none' }): string {
  return `${part(header)}.${part(claims)}.`;
}

/** What a signer can do to a token. */
type Forgery = {
  readonly header?: Claims;
  readonly key?: CryptoKey | Uint8Array;
};

function signed(claims: Claims, { header = {}, key = site.clientKey.key }: Forgery = {}): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: site.clientKey.kid, ...header })
    .sign(key, { crit: { x: true } });
}

/** The key that verifies `keys`, as bytes that a confused verifier would take for a secret. */
function publicBytes(): Uint8Array {
  const { keys } = z
    .object({ keys: z.array(z.unknown()) })
    .parse(JSON.parse(readFileSync(join(dirname(site.nodes[0]?.configPath ?? ''), 'keys.json'), 'utf8')));
  return Buffer.from(JSON.stringify(keys[0]));
}

/** Each makes a token of a verifier's own choice of claims that its keys have not signed. */
const FORGERIES: readonly (readonly [string, (claims: Claims) => Promise<string>])[] = [
  ['no signature', (claims) => Promise.resolve(unsigned(claims))],
  [
    'no signature, written otherwise',
    (claims) => Promise.resolve(unsigned(claims, { alg: 'nOnE', kid: 'c1' })),
  ],
  ['an empty signature', (claims) => Promise.resolve(unsigned(claims, { alg: 'ES256', kid: 'c1' }))],
  [
    'the public key as a secret',
    (claims) => signed(claims, { header: { alg: 'HS256' }, key: publicBytes() }),
  ],
  ['another key', (claims) => signed(claims, { key: evil.privateKey })],
  ['another key without a name', (claims) => signed(claims, { key: evil.privateKey, header: { kid: '' } })],
  [
    'its own key in the header',
    async (claims) =>
      signed(claims, { key: evil.privateKey, header: { jwk: await exportJWK(evil.publicKey) } }),
  ],
  [
    'the address of its key',
    (claims) =>
      signed(claims, { key: evil.privateKey, header: { jku: `${site.server.url}/backchannel/jku` } }),
  ],
  [
    'the address of its certificate',
    (claims) =>
      signed(claims, { key: evil.privateKey, header: { x5u: `${site.server.url}/backchannel/x5u` } }),
  ],
  [
    'a file as the name of its key',
    (claims) => signed(claims, { key: evil.privateKey, header: { kid: '../../dev/null' } }),
  ],
  ['an extension that nobody knows', (claims) => signed(claims, { header: { crit: ['x'], x: 1 } })],
  [
    'a signature over other bytes',
    async (claims) => {
      const [header = '', , signature = ''] = (await signed({ ...claims, jti: randomUUID() })).split('.');
      return `${header}.${part(claims)}.${signature}`;
    },
  ],
  ['five parts', (claims) => Promise.resolve(`${unsigned(claims)}.x.y`)],
  ['a list as its header', (claims) => Promise.resolve(unsigned(claims, []))],
  ['null as its payload', () => Promise.resolve(`${part({ alg: 'ES256' })}.${part(null)}.AA`)],
  ['a very deep header', (claims) => Promise.resolve(`${deep(7000)}.${part(claims)}.AA`)],
  ['a very deep payload', () => Promise.resolve(`${part({ alg: 'ES256', kid: 'c1' })}.${deep(7000)}.AA`)],
  ['no JSON', () => Promise.resolve('a.b.c')],
  ['too many letters', () => Promise.resolve('a'.repeat(200_000))],
];

function deep(levels: number): string {
  return Buffer.from(`{"alg":"ES256","x":${'['.repeat(levels)}${']'.repeat(levels)}}`).toString('base64url');
}

describe('assertions of clients (RFC 7523 3)', () => {
  const claimsOf = (more: Claims = {}): Claims => ({
    iss: 'keys',
    sub: 'keys',
    aud: site.publicUrl,
    jti: randomUUID(),
    iat: nowSeconds(),
    exp: nowSeconds() + 60,
    ...more,
  });

  test('are taken once, wherever they come', async () => {
    const assertion = await signed(claimsOf());
    expect((await prove(assertion)).status).toBe(200);
    const again = [await prove(assertion), await prove(assertion, { path: '/oidc/introspect' })];
    for (const { status, error } of again) expect([status, error]).toEqual([401, 'invalid_client']);
  });

  test('that many bring at once are taken from one', async () => {
    const assertion = await signed(claimsOf());
    const answers = await Promise.all(Array.from({ length: 6 }, () => prove(assertion)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });

  test.each(FORGERIES)('are refused with %s', async (_, forge) => {
    const before = fetched();
    const { status, error } = await prove(await forge(claimsOf()));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(error).toMatch(/^invalid_(client|request)$/);
    expect(fetched()).toBe(before);
  });

  test.each([
    ['another issuer', { iss: 'web' }],
    ['another subject', { sub: 'web' }],
    ['another audience', { aud: 'https://other.example' }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['an end in ten years', { exp: 2_000_000_000 }],
    ['an end that is text', { exp: '9999999999' }],
    ['an end that is past', { exp: 1_000_000 }],
    ['a beginning to come', { nbf: 2_000_000_000 }],
    ['no name', { jti: undefined }],
    ['a name that is a list', { jti: ['a'] }],
    ['a name that is an object', { jti: {} }],
    ['no subject', { sub: undefined }],
  ])('are refused with %s', async (_, more) => {
    const { status, error } = await prove(await signed(claimsOf(more)));
    expect([400, 401]).toContain(status);
    expect(error).toMatch(/^invalid_(client|request)$/);
  });

  test('are no way for applications that have a secret, and secrets none for those with keys', async () => {
    const assertion = await signed(claimsOf({ iss: 'web', sub: 'web' }));
    expect(await prove(assertion, { client: 'web' })).toMatchObject({ status: 401 });
    const form = { grant_type: 'client_credentials', client_id: 'keys', client_secret: '' };
    expect(await post('/oidc/token', form)).toMatchObject({ status: 401 });
    expect(await post('/oidc/token', { ...form, client_secret: secretOf('web') })).toMatchObject({
      status: 401,
    });
    expect(await post('/oidc/token', { grant_type: 'client_credentials', client_id: 'keys' })).toMatchObject({
      status: 401,
    });
  });

  test('of a platform are no way for another application than theirs', async () => {
    const token = await site.platformToken();
    for (const client of ['web', 'keys', 'nobody'])
      expect((await prove(token, { client })).error).toMatch(/^invalid_(client|request)$/);
    const foreign = await site.platformToken({ sub: 'repo:evil/app:ref:refs/heads/main' });
    expect((await prove(foreign, { client: 'robot' })).status).toBe(401);
    const expired = await site.platformToken({ exp: 1_000_000 });
    expect((await prove(expired, { client: 'robot' })).status).toBe(401);
  });

  test('for several servers are refused: each could use it at the others', async () => {
    const aud = ['https://other.example', site.publicUrl];
    expect(await prove(await signed(claimsOf({ aud })))).toMatchObject({ status: 401 });
  });

  test('nested deeply are refused, even from their own client', async () => {
    let x: unknown = 0;
    for (let level = 0; level < 3000; level++) x = [x];
    const { status, error } = await prove(await signed(claimsOf({ x })));
    expect([status, error]).toEqual([400, 'invalid_client']);
  });

  async function prove(
    client_assertion: string,
    { path = '/oidc/token', client = 'keys' }: { readonly path?: string; readonly client?: string } = {},
  ) {
    const form = { grant_type: 'client_credentials', token: 'x', client_id: client };
    return post(path, { ...form, client_assertion, client_assertion_type: JWT_BEARER });
  }
});

async function post(
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly error: unknown; readonly body: Claims }> {
  const response = await fetch(`${site.publicUrl}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });
  const text = await response.text();
  const body = z.record(z.string(), z.unknown()).parse(text === '' ? {} : JSON.parse(text));
  return { status: response.status, error: body['error'], body };
}

/** How often somebody followed an address that a token named. */
function fetched(): number {
  return ['jku', 'x5u', 'request'].flatMap((name) => site.server.logouts(name)).length;
}

describe('request objects (RFC 9101)', () => {
  const claimsOf = async (more: Claims = {}): Promise<Claims> => ({
    ...(await codeRequest(site, 'keys')).parameters,
    iss: 'keys',
    aud: site.publicUrl,
    iat: nowSeconds(),
    exp: nowSeconds() + 60,
    ...more,
  });
  const send = async (request: string, more: Readonly<Record<string, string>> = {}) => {
    const browser = site.browser();
    await signInTo(site, { browser }, ['web']);
    const query = new URLSearchParams({ client_id: 'keys', request, ...more });
    return browser.visit(`${site.publicUrl}/oidc/authorize?${query.toString()}`);
  };

  test('are taken where they are signed', async () => {
    const page = await send(await signed(await claimsOf()));
    expect(new URL(page.url).searchParams.get('code')).not.toBeNull();
  });

  test.each(FORGERIES.filter(([name]) => name !== 'too many letters'))(
    'are refused with %s',
    async (_, forge) => {
      const before = fetched();
      const page = await send(await forge(await claimsOf()));
      expect(new URL(page.url).searchParams.get('code')).toBeNull();
      expect(page.status).toBeLessThan(500);
      expect(fetched()).toBe(before);
    },
  );

  test.each([
    ['another issuer', { iss: 'web' }],
    ['another client', { client_id: 'web' }],
    ['another audience', { aud: 'https://other.example' }],
    ['no end', { exp: undefined }],
    ['an end in ten years', { exp: 2_000_000_000 }],
    ['a request in it', { request: 'x' }],
    ['an address of a request in it', { request_uri: 'https://evil.example/' }],
    ['another redirect URI', { redirect_uri: 'https://evil.example/' }],
    ['a list of redirect URIs', { redirect_uri: ['https://evil.example/'] }],
    ['an object for a redirect URI', { redirect_uri: { href: 'https://evil.example/' } }],
    ['a plain challenge', { code_challenge_method: 'plain' }],
    ['no challenge', { code_challenge: undefined }],
  ])('are refused with %s', async (_, more) => {
    const page = await send(await signed(await claimsOf(more)));
    expect(new URL(page.url).searchParams.get('code')).toBeNull();
    expect(new URL(page.url).hostname).toBe('127.0.0.1');
    expect(page.status).toBeLessThan(500);
  });

  test('count alone: nothing beside them is read', async () => {
    const more = { redirect_uri: 'https://evil.example/', scope: 'openid offline_access', state: 'evil' };
    const page = await send(await signed(await claimsOf()), more);
    expect(page.url.startsWith(callbackOf('keys', site.server.url))).toBe(true);
    expect(new URL(page.url).searchParams.get('state')).not.toBe('evil');
  });

  test('are no assertions of a client, which browsers carry around', async () => {
    const assertion = await signed(await claimsOf({ jti: randomUUID() }));
    const form = { grant_type: 'client_credentials', client_id: 'keys', client_assertion_type: JWT_BEARER };
    expect(await post('/oidc/token', { ...form, client_assertion: assertion })).toMatchObject({
      status: 401,
    });
  });

  test('are not fetched', async () => {
    const browser = site.browser();
    const { url } = await codeRequest(site, 'keys', {
      request_uri: `${site.server.url}/backchannel/request`,
    });
    await browser.visit(url);
    expect(site.server.logouts('request')).toEqual([]);
  });
});

describe('proofs of possession (RFC 9449 4.3)', () => {
  const claimsOf = (more: Claims = {}): Claims => ({
    htm: 'POST',
    htu: `${site.publicUrl}/oidc/token`,
    jti: randomUUID(),
    iat: nowSeconds(),
    ...more,
  });
  const proof = async (more: Claims = {}, { header = {}, key = evil.privateKey }: Forgery = {}) =>
    signed(claimsOf(more), {
      key,
      header: { kid: undefined, typ: 'dpop+jwt', jwk: await exportJWK(evil.publicKey), ...header },
    });
  const spend = async (dpop: string) => {
    const request = await codeRequest(site, 'bound');
    const { answer } = await authorize(site, { browser: site.browser() }, request);
    const form = {
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      redirect_uri: request.parameters['redirect_uri'] ?? '',
      code_verifier: request.verifier,
    };
    return post('/oidc/token', form, { authorization: basic('bound'), dpop });
  };

  test('are taken once', async () => {
    const good = await proof();
    expect((await spend(good)).status).toBe(200);
    expect((await spend(good)).status).toBe(400);
  });

  test.each([
    [
      'no signature',
      async () =>
        unsigned(claimsOf(), { alg: 'none', typ: 'dpop+jwt', jwk: await exportJWK(evil.publicKey) }),
    ],
    ['another type', () => proof({}, { header: { typ: 'JWT' } })],
    ['a private key in it', async () => proof({}, { header: { jwk: await exportJWK(evil.privateKey) } })],
    ['no key in it', () => proof({}, { header: { jwk: undefined } })],
    [
      'another key in it',
      async () => proof({}, { header: { jwk: await exportJWK((await generateKeyPair('ES256')).publicKey) } }),
    ],
    [
      'a secret in it',
      () =>
        proof(
          {},
          {
            header: { alg: 'HS256', jwk: { kty: 'oct', k: Buffer.alloc(32).toString('base64url') } },
            key: Buffer.alloc(32),
          },
        ),
    ],
    ['another method', () => proof({ htm: 'GET' })],
    ['another address', () => proof({ htu: 'https://evil.example/oidc/token' })],
    ['an address below', () => proof({ htu: `${site.publicUrl}/oidc/token/x` })],
    ['a list of addresses', () => proof({ htu: [`${site.publicUrl}/oidc/token`] })],
    ['no name', () => proof({ jti: undefined })],
    ['a time long past', () => proof({ iat: nowSeconds() - 3600 })],
    ['a time to come', () => proof({ iat: nowSeconds() + 3600 })],
    ['no time', () => proof({ iat: undefined })],
    ['a nonce of its own', () => proof({ nonce: 'x' })],
    ['no JWT', () => Promise.resolve('x')],
  ])('are refused with %s', async (_, make) => {
    const { status, error } = await spend(await make());
    expect(status).toBe(400);
    expect(error).toMatch(/^invalid_(dpop_proof|grant|request)$/);
  });

  test('are wanted for every use of a refresh token', async () => {
    const first = await spend(await proof());
    const form = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
    const authorization = basic('bound');
    expect((await post('/oidc/token', form, { authorization })).status).toBe(400);
  });
});

function basic(client: ClientName): string {
  return `Basic ${btoa(`${client}:${secretOf(client)}`)}`;
}

describe('hints of a sign-out are ID tokens of ours (OpenID Connect RP-Initiated Logout 2)', () => {
  const leave = async (hint: string) => {
    const browser = site.browser();
    await signInTo(site, { browser }, ['web']);
    return browser.visit(logoutUrl(site, { id_token_hint: hint }));
  };
  const claimsOf = (more: Claims = {}): Claims => ({
    iss: site.publicUrl,
    sub: 'x',
    aud: 'web',
    iat: nowSeconds(),
    exp: nowSeconds() + 60,
    ...more,
  });

  test.each(FORGERIES.filter(([name]) => name !== 'too many letters'))(
    'and not with %s',
    async (_, forge) => {
      const page = await leave(await forge(claimsOf()));
      expect(page.status).toBe(400);
    },
  );

  test.each([{}, [], ['web'], 7, null, '__proto__', 'x'.repeat(5000)])(
    'and not for the audience %j',
    async (aud) => {
      expect((await leave(unsigned(claimsOf({ aud })))).status).toBe(400);
    },
  );

  test('and not tokens of another kind', async () => {
    const { body } = await signInTo(site, { browser: site.browser() }, [
      'web',
      { scope: 'openid orders:read', resource: ORDERS },
    ]);
    expect((await leave(body.access_token)).status).toBe(400);
    expect((await leave(body.id_token)).status).toBe(200);
  });
});

test('tells of no key but public ones', async () => {
  const response = await fetch(`${site.publicUrl}/oidc/jwks`);
  expect(await response.text()).not.toMatch(/"(d|p|q|dp|dq|qi|k)"/);
});
