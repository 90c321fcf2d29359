import { createHash } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startIssuer, type Issuer } from '../../demo/issuer.ts';

const REDIRECT_URI = 'http://localhost:8080/signin/google/callback';
const SECRET = 'demo-client-secret-that-opens-nothing-else';
const VERIFIER = 'a-verifier-of-forty-three-characters-or-more';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

const discovery = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  userinfo_endpoint: z.string(),
  jwks_uri: z.string(),
});
const tokens = z.object({ access_token: z.string(), id_token: z.string(), token_type: z.literal('Bearer') });

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer({ port: 0 });
});
afterAll(async () => {
  await issuer.close();
});

type Changes = Readonly<Record<string, string | undefined>>;

function parametersOf(usual: Readonly<Record<string, string>>, changes: Changes): URLSearchParams {
  const entries = Object.entries({ ...usual, ...changes });
  return new URLSearchParams(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function discover(name: string) {
  const answer = await fetch(`${issuer.url}/${name}/.well-known/openid-configuration`);
  return discovery.parse(await answer.json());
}

/** The address of the page on which people say who they are. */
async function pageUrl(name: string, changes: Changes = {}): Promise<string> {
  const { authorization_endpoint: endpoint } = await discover(name);
  const usual = {
    response_type: 'code',
    client_id: 'rolebridge',
    redirect_uri: REDIRECT_URI,
    scope: 'openid email profile',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  };
  return `${endpoint}?${parametersOf(usual, changes).toString()}`;
}

/** Where a browser goes after somebody was picked. */
async function pick(name: string, person: string, changes: Changes = {}): Promise<URL> {
  const body = new URLSearchParams({ person });
  const answer = await fetch(await pageUrl(name, changes), { method: 'POST', body, redirect: 'manual' });
  expect(answer.status).toBe(303);
  return new URL(answer.headers.get('location') ?? '');
}

async function redeem(
  name: string,
  code: string,
  changes: Changes = {},
  headers: Record<string, string> = {},
) {
  const { token_endpoint: endpoint } = await discover(name);
  const usual = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    client_id: 'rolebridge',
    client_secret: SECRET,
  };
  return fetch(endpoint, { method: 'POST', headers, body: parametersOf(usual, changes) });
}

async function signIn(name: string, person: string) {
  const back = await pick(name, person);
  expect(back.href.split('?')[0]).toBe(REDIRECT_URI);
  expect(back.searchParams.get('state')).toBe('the-state');
  const answer = await redeem(name, back.searchParams.get('code') ?? '');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return tokens.parse(await answer.json());
}

async function claimsOf(name: string, idToken: string) {
  const document = await discover(name);
  const keys = createRemoteJWKSet(new URL(document.jwks_uri));
  const options = { issuer: document.issuer, audience: 'rolebridge', algorithms: ['RS256'] };
  return (await jwtVerify(idToken, keys, options)).payload;
}

async function userinfoOf(name: string, accessToken: string) {
  const { userinfo_endpoint: endpoint } = await discover(name);
  return fetch(endpoint, { headers: { authorization: `Bearer ${accessToken}` } });
}

describe("the demo's providers that people sign in with", () => {
  it('signs in like Google: a numeric subject, the hosted domain, the client in azp, and no place to sign out', async () => {
    const { id_token: idToken, access_token: accessToken } = await signIn('google', 'maya');
    const claims = await claimsOf('google', idToken);
    expect(claims).toMatchObject({
      hd: 'acme.example',
      azp: 'rolebridge',
      email: 'maya@acme.example',
      email_verified: true,
      nonce: 'the-nonce',
    });
    expect(claims.sub).toMatch(/^\d{21}$/);
    expect(claims).not.toHaveProperty('auth_time');
    const half = createHash('sha256').update(accessToken).digest().subarray(0, 16);
    expect(claims['at_hash']).toBe(half.toString('base64url'));
    expect(await (await userinfoOf('google', accessToken)).json()).toMatchObject({
      sub: claims.sub,
      name: 'Maya Chen',
    });
    expect(await discover('google')).not.toHaveProperty('end_session_endpoint');
  });

  it('gives a private account no hosted domain', async () => {
    const { id_token: idToken } = await signIn('google', 'lena');
    expect(await claimsOf('google', idToken)).not.toHaveProperty('hd');
  });

  it('signs in like Cognito: groups, attributes and the use of the token, which userinfo has not', async () => {
    const { id_token: idToken, access_token: accessToken } = await signIn('cognito', 'jonas');
    const claims = await claimsOf('cognito', idToken);
    expect(claims).toMatchObject({
      'cognito:groups': ['developers', 'release-managers'],
      'custom:department': 'platform',
      'cognito:username': 'jonas',
      token_use: 'id',
    });
    expect(claims).not.toHaveProperty('azp');
    const userinfo: unknown = await (await userinfoOf('cognito', accessToken)).json();
    expect(userinfo).toMatchObject({ sub: claims.sub, email_verified: 'true' });
    expect(userinfo).not.toHaveProperty('cognito:groups');
  });

  it('tells of no groups where somebody is in none', async () => {
    const { id_token: idToken } = await signIn('cognito', 'sofia');
    expect(await claimsOf('cognito', idToken)).not.toHaveProperty('cognito:groups');
  });

  it('shows a page with everybody and a way back, whoever was hinted at first, and nothing of the query as markup', async () => {
    const url = await pageUrl('google', { login_hint: 'tom@acme.example', state: '"><script>' });
    const page = await (await fetch(url)).text();
    expect([...page.matchAll(/name="person" value="([^"]*)"/g)].map(([, id]) => id)).toEqual([
      'tom',
      'maya',
      'lena',
      '',
    ]);
    expect(page).not.toContain('<script');
  });

  it('takes the secret in a header as well, but not both (RFC 6749 2.3)', async () => {
    const basic = `Basic ${Buffer.from(`rolebridge:${SECRET}`).toString('base64')}`;
    const withHeader = async (changes: Changes) => {
      const code = (await pick('google', 'maya')).searchParams.get('code') ?? '';
      return (await redeem('google', code, changes, { authorization: basic })).status;
    };
    expect(await withHeader({ client_secret: undefined })).toBe(200);
    expect(await withHeader({})).toBe(401);
  });
});

describe("the demo's providers refuse", () => {
  it('whoever denies, and tells the client', async () => {
    const back = await pick('google', '');
    expect(Object.fromEntries(back.searchParams)).toEqual({ error: 'access_denied', state: 'the-state' });
  });

  it('a person that there is not', async () => {
    expect((await pick('google', 'priya')).searchParams.get('error')).toBe('access_denied');
  });

  it.each([
    ['another client', { client_id: 'other' }],
    ['an address elsewhere', { redirect_uri: 'https://evil.example/callback' }],
    [
      'an address that only begins like this machine',
      { redirect_uri: 'http://localhost:8080@evil.example/' },
    ],
    ['a host that only begins like this machine', { redirect_uri: 'http://127.0.0.1.evil.example:80/' }],
    ['an address with a query of its own', { redirect_uri: `${REDIRECT_URI}?a=b` }],
    ['no address', { redirect_uri: undefined }],
    ['more than a page of state', { state: 'a'.repeat(1001) }],
  ])('to send anybody anywhere for %s', async (_title, changes) => {
    const answer = await fetch(await pageUrl('google', changes), { redirect: 'manual' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  it.each([
    ['a request without PKCE', { code_challenge: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge that is no hash', { code_challenge: 'short' }, 'invalid_request'],
    ['the implicit flow', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['a request that is no OpenID Connect', { scope: 'email' }, 'invalid_scope'],
    ['to sign anybody in unseen', { prompt: 'none' }, 'login_required'],
  ])('%s', async (_title, changes, error) => {
    expect((await pick('cognito', 'priya', changes)).searchParams.get('error')).toBe(error);
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['no secret', { client_secret: undefined }, 401, 'invalid_client'],
    ['another client', { client_id: 'other' }, 401, 'invalid_client'],
    ['a wrong verifier', { code_verifier: `${VERIFIER}x` }, 400, 'invalid_grant'],
    ['no verifier', { code_verifier: undefined }, 400, 'invalid_grant'],
    ['another address', { redirect_uri: 'http://localhost:8080/other' }, 400, 'invalid_grant'],
    ['another grant', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    ['a made-up code', { code: 'made-up' }, 400, 'invalid_grant'],
  ])('a code with %s', async (_title, changes, status, error) => {
    const code = (await pick('google', 'maya')).searchParams.get('code') ?? '';
    const answer = await redeem('google', code, changes);
    expect([answer.status, await answer.json()]).toEqual([status, { error }]);
  });

  it('a code that was used, or tried with a wrong verifier, before (RFC 6749 10.5)', async () => {
    const code = (await pick('google', 'maya')).searchParams.get('code') ?? '';
    expect((await redeem('google', code)).status).toBe(200);
    expect((await redeem('google', code)).status).toBe(400);
    const other = (await pick('google', 'maya')).searchParams.get('code') ?? '';
    await redeem('google', other, { code_verifier: 'guessed' });
    expect((await redeem('google', other)).status).toBe(400);
  });

  it('a code of the other provider, and its access token', async () => {
    const code = (await pick('google', 'maya')).searchParams.get('code') ?? '';
    expect((await redeem('cognito', code)).status).toBe(400);
    const { access_token: accessToken } = await signIn('google', 'maya');
    expect((await userinfoOf('cognito', accessToken)).status).toBe(401);
    expect((await userinfoOf('google', '')).status).toBe(401);
  });

  it('a body without end', async () => {
    const { token_endpoint: endpoint } = await discover('google');
    const answer = await fetch(endpoint, { method: 'POST', body: 'a'.repeat(20_001) });
    expect(answer.status).toBe(400);
  });
});

describe('signing out', () => {
  const signOut = (query: string) => fetch(`${issuer.url}/logout?${query}`, { redirect: 'manual' });

  it('like at Cognito leads back to this machine only', async () => {
    const there = await signOut('client_id=rolebridge&logout_uri=http://localhost:8080/signed-out');
    expect(there.headers.get('location')).toBe('http://localhost:8080/signed-out');
    expect((await signOut('client_id=rolebridge&logout_uri=https://evil.example/')).status).toBe(400);
    expect((await signOut('client_id=other&logout_uri=http://localhost:8080/signed-out')).status).toBe(400);
  });

  it('like at Google leads nowhere', async () => {
    const answer = await fetch(`${issuer.url}/Logout?continue=https://evil.example/`, { redirect: 'manual' });
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain('evil');
  });
});
