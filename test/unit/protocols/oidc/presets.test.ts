import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/domain/credentials/secret.ts';
import type { OidcPreset, OidcSignIn } from '../../../../src/domain/identity/sign-in-settings.ts';
import { createOidcMetadataSource } from '../../../../src/keys/oidc-metadata.ts';
import { finishOidcSignIn } from '../../../../src/protocols/oidc/finish-sign-in.ts';
import { isJsonObject, type JsonObject } from '../../../../src/protocols/oidc/json-object.ts';
import { PRESET_RULES } from '../../../../src/protocols/oidc/presets.ts';
import { providerLogoutUrl } from '../../../../src/protocols/oidc/provider-logout-url.ts';
import { startOidcSignIn } from '../../../../src/protocols/oidc/start-sign-in.ts';
import { jwkOf, keysOf, makeProvider, mint, NOW, refusalOf, rsa } from './issuer.ts';
import { ATTEMPT, REDIRECT_URI } from './sign-in-world.ts';

type Published = Exclude<OidcPreset, 'generic'>;
const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad';
const RETURN_TO = 'https://bridge.example.com/signout/done';

/** The members that each provider publishes at `<issuer>/.well-known/openid-configuration`. */
function readDiscovery(preset: Published): JsonObject {
  const value: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, `discovery-${preset}.json`), 'utf8'),
  );
  if (!isJsonObject(value)) throw new Error('no object');
  return value;
}

/** The claims of ID tokens as the providers document them, beside those that every ID token has. */
const SHAPES = {
  google: {
    azp: 'client-1',
    email: 'alice@acme.example',
    email_verified: true,
    hd: 'acme.example',
    name: 'Alice Example',
    given_name: 'Alice',
    family_name: 'Example',
    picture: 'https://lh3.googleusercontent.com/a/alice',
  },
  cognito: {
    token_use: 'id',
    auth_time: NOW - 30,
    'cognito:username': 'alice',
    'cognito:groups': ['admins', 'developers'],
    'cognito:roles': ['arn:aws:iam::111122223333:role/pool'],
    'custom:cost_center': '4711',
    email: 'alice@acme.example',
    email_verified: true,
    event_id: '3fe16ec1-ea5f-4a9c-8a9b-0dbd3d2dba7e',
    origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    jti: 'ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee',
  },
  entra: {
    ver: '2.0',
    tid: TENANT,
    oid: '00000000-0000-0000-66f3-3332eca7ea81',
    nbf: NOW - 10,
    name: 'Alice Example',
    preferred_username: 'alice@acme.example',
    groups: ['1ce9c55a-9826-4e32-871c-a8488144bb32'],
    rh: '0.ASoA8JgdFh3Jb0',
    uti: 'nK3pA2Jr0EeqA9xgAQAA',
  },
  okta: {
    ver: 1,
    jti: 'ID.4eAWJOCMB3SX8XewDfVR',
    amr: ['pwd', 'mfa', 'otp'],
    idp: '00ok1u7AsAkrwdZL3z0g3',
    auth_time: NOW - 30,
    name: 'Alice Example',
    preferred_username: 'alice@acme.example',
  },
} as const satisfies Record<Published, JsonObject>;

const USERINFO: Readonly<Record<Published, JsonObject>> = {
  google: {},
  cognito: {
    email_verified: 'true',
    email: 'alice@acme.example',
    username: 'alice',
    'custom:cost_center': '4711',
  },
  entra: {},
  okta: {
    email: 'alice@acme.example',
    email_verified: true,
    groups: ['Everyone', 'Admins'],
    zoneinfo: 'Europe/Berlin',
  },
};

function createWorld(preset: Published, claims: JsonObject = {}, signIn: Partial<OidcSignIn> = {}) {
  const discovery = readDiscovery(preset);
  const issuer = String(discovery['issuer']);
  const asked: string[] = [];
  const metadataOf = createOidcMetadataSource({
    fetch: (url) => {
      asked.push(url);
      const body = Buffer.from(JSON.stringify(discovery));
      return Promise.resolve({ status: 200, contentType: 'application/json', headers: {}, body });
    },
    http: 'deny',
    now: () => NOW * 1000,
  });
  const token = mint({
    iss: issuer,
    aud: 'client-1',
    sub: 'alice-1',
    iat: NOW - 10,
    exp: NOW + 3600,
    nonce: ATTEMPT.nonce,
    ...SHAPES[preset],
    ...claims,
  });
  const answers: Readonly<Record<string, JsonObject>> = {
    [String(discovery['token_endpoint'])]: { access_token: 'at', token_type: 'Bearer', id_token: token },
    [String(discovery['userinfo_endpoint'])]: { sub: 'alice-1', ...USERINFO[preset] },
    [String(discovery['pushed_authorization_request_endpoint'])]: { request_uri: 'urn:x', expires_in: 60 },
  };
  const fetch = (url: string): Promise<Response> => {
    asked.push(url);
    const status = url.endsWith('/par') ? 201 : 200;
    return Promise.resolve(Response.json(answers[url], { status }));
  };
  const provider = {
    ...makeProvider({ issuer, jwks: { kind: 'pinned', keys: [jwkOf(rsa, 'k1')] } }),
    signIn: { ...settingsOf(preset), ...signIn },
  };
  const callback = new URL(`${REDIRECT_URI}?code=c&state=${ATTEMPT.state}`);
  return {
    asked,
    key: (name: string) => `${issuer.slice('https://'.length)}:${name}`,
    start: (more: { readonly prompt?: 'login' } = {}) =>
      startOidcSignIn({ ...ATTEMPT, ...more, provider }, { metadataOf, fetch }),
    finish: () =>
      finishOidcSignIn(
        { callback, provider, expected: ATTEMPT },
        { metadataOf, fetch, keysOf, nowMs: NOW * 1000 },
      ),
    logout: (more: { readonly idToken?: string; readonly state?: string } = {}) =>
      providerLogoutUrl({ provider, returnTo: RETURN_TO, ...more }, { metadataOf }),
  };
}

function settingsOf(preset: Published): OidcSignIn {
  return {
    displayName: preset,
    domains: [],
    mfa: 'never',
    mfaValues: [],
    preset,
    clientId: 'client-1',
    clientSecret: new Secret('secret'),
    scopes: ['openid', 'email'],
    hostedDomains: [],
  };
}

const codeOf = async (signingIn: Promise<unknown>) => {
  const { code, params } = await refusalOf(signingIn);
  return params['error'] === undefined ? [code] : [code, params['error']];
};

describe('Google', () => {
  it('signs in with its document and claims', async () => {
    const { start, finish, key, asked } = createWorld('google');
    const url = await start();
    expect(url.origin + url.pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth');
    expect(url.searchParams.has('hd')).toBe(false);
    const { identity, profile, idToken } = await finish();
    expect(identity.conditionKeys.get(key('hd'))).toBe('acme.example');
    expect(profile).toEqual({ displayName: 'Alice Example', email: 'alice@acme.example' });
    expect(idToken).toBeUndefined();
    expect(asked).toEqual([
      'https://accounts.google.com/.well-known/openid-configuration',
      'https://oauth2.googleapis.com/token',
    ]);
  });

  it('takes the issuer without a scheme', async () => {
    const { finish } = createWorld('google', { iss: 'accounts.google.com' });
    expect((await finish()).identity.issuer).toBe('accounts.google.com');
  });

  it.each([
    [['acme.example'], 'acme.example'],
    [['acme.example', 'acme.test'], '*'],
  ])('asks for an account of %j', async (hostedDomains, hd) => {
    const { start } = createWorld('google', {}, { hostedDomains });
    expect((await start()).searchParams.get('hd')).toBe(hd);
  });

  it('takes an account of a hosted domain that is allowed', async () => {
    const { finish } = createWorld('google', {}, { hostedDomains: ['other.example', 'acme.example'] });
    expect((await finish()).identity.subject).toBe('alice-1');
  });

  it.each([
    ['another hosted domain', 'evil.example'],
    ['no hosted domain, whatever its address says', undefined],
    ['a domain that contains an allowed one', 'acme.example.evil.example'],
    ['a list of domains', ['acme.example']],
  ])('refuses an account of %s', async (_, hd) => {
    const { finish } = createWorld('google', { hd }, { hostedDomains: ['acme.example'] });
    expect(await codeOf(finish())).toEqual(['provider-refused', 'access_denied']);
  });

  it('lets people choose an account where others authenticate them anew: it knows no prompt=login', async () => {
    const { start } = createWorld('google');
    expect((await start({ prompt: 'login' })).searchParams.get('prompt')).toBe('select_account');
    const other = createWorld('entra');
    expect((await other.start({ prompt: 'login' })).searchParams.get('prompt')).toBe('login');
  });

  it('signs out at the page of the account', async () => {
    expect(await createWorld('google').logout({ idToken: 'a.b.c' })).toBe(
      'https://accounts.google.com/Logout',
    );
  });
});

describe('Cognito', () => {
  it('signs in with its document, which says nothing of PKCE, and its claims', async () => {
    const { start, finish, key } = createWorld('cognito');
    const url = await start();
    expect(url.origin + url.pathname).toBe('https://acme.auth.us-east-1.amazoncognito.com/oauth2/authorize');
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    const { identity, profile } = await finish();
    expect(identity.conditionKeys.get(key('cognito:groups'))).toEqual(['admins', 'developers']);
    expect(identity.conditionKeys.get(key('custom:cost_center'))).toBe('4711');
    expect(identity.conditionKeys.get(key('email_verified'))).toBe('true');
    expect(profile).toEqual({ displayName: 'alice', email: 'alice@acme.example' });
  });

  it.each(['access', undefined, ['id']])('refuses a token whose token_use is %j', async (token_use) => {
    expect(await codeOf(createWorld('cognito', { token_use }).finish())).toEqual(['invalid-identity-token']);
  });

  it('signs out at the host of its pages, with logout_uri', async () => {
    expect(await createWorld('cognito').logout({ state: 's' })).toBe(
      'https://acme.auth.us-east-1.amazoncognito.com/logout?client_id=client-1' +
        `&logout_uri=${encodeURIComponent(RETURN_TO)}`,
    );
  });
});

describe('Entra ID', () => {
  it('signs in with its document and claims, and leaves Graph alone', async () => {
    const { start, finish, key, asked } = createWorld('entra');
    expect((await start()).searchParams.get('code_challenge_method')).toBe('S256');
    const { identity, profile, notices } = await finish();
    expect(identity.conditionKeys.get(key('tid'))).toBe(TENANT);
    expect(identity.conditionKeys.get(key('groups'))).toEqual(['1ce9c55a-9826-4e32-871c-a8488144bb32']);
    expect(profile).toEqual({ displayName: 'Alice Example' });
    expect(notices).toEqual([]);
    expect(asked.some((url) => url.includes('graph'))).toBe(false);
  });

  it.each([
    ['another tenant', 'aaaabbbb-0000-cccc-1111-dddd2222eeee'],
    ['no tenant', undefined],
    ['the tenant in capitals', TENANT.toUpperCase()],
  ])('refuses a token of %s', async (_, tid) => {
    expect(await codeOf(createWorld('entra', { tid }).finish())).toEqual(['invalid-identity-token']);
  });

  it.each(['common', 'organizations', 'consumers', '9188040d-6c67-4c5b-b112-36a304b66dad', ''])(
    'refuses the issuer of any tenant, though the token says the same: %j',
    (tid) => {
      const provider = makeProvider({ issuer: `https://login.microsoftonline.com/${tid}/v2.0` });
      const check = () => {
        PRESET_RULES.entra.checkClaims({ tid }, { ...provider, signIn: settingsOf('entra') });
      };
      expect(check).toThrow('not that of one tenant');
    },
  );

  it.each([
    [
      'a source for them',
      { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph' } } },
    ],
    ['hasgroups', { hasgroups: true }],
    ['hasgroups as a text', { hasgroups: 'true' }],
  ])('tells people that their groups did not fit: %s', async (_, claims) => {
    const { finish, key } = createWorld('entra', { groups: undefined, ...claims });
    const { notices, identity } = await finish();
    expect(notices).toEqual(['group-overage']);
    expect(identity.conditionKeys.has(key('groups'))).toBe(false);
  });

  it('signs out where it says, without the ID token', async () => {
    const url = new URL((await createWorld('entra').logout({ state: 's' })) ?? '');
    expect(url.pathname).toBe(`/${TENANT}/oauth2/v2.0/logout`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client-1',
      post_logout_redirect_uri: RETURN_TO,
      state: 's',
    });
  });
});

describe('Okta', () => {
  it('pushes the request, and adds what the thin ID token leaves to userinfo', async () => {
    const { start, finish, key, asked } = createWorld('okta', {}, { mfa: 'trust-amr', mfaValues: ['mfa'] });
    expect((await start()).search).toBe('?request_uri=urn%3Ax&client_id=client-1');
    const { identity, profile, mfaAuthenticatedAtMs, idToken } = await finish();
    expect(identity.conditionKeys.get(key('groups'))).toEqual(['Everyone', 'Admins']);
    expect(profile).toEqual({ displayName: 'Alice Example', email: 'alice@acme.example' });
    expect(mfaAuthenticatedAtMs).toBe((NOW - 30) * 1000);
    expect(idToken).toMatch(/^eyJ/);
    expect(asked.map((url) => url.slice(url.lastIndexOf('/') + 1))).toEqual([
      'openid-configuration',
      'par',
      'token',
      'userinfo',
    ]);
  });

  it('signs out with the ID token as a hint, and not without', async () => {
    const { logout } = createWorld('okta');
    const url = new URL((await logout({ idToken: 'a.b.c', state: 's' })) ?? '');
    expect(url.origin + url.pathname).toBe('https://acme.okta.com/oauth2/default/v1/logout');
    expect(url.searchParams.get('id_token_hint')).toBe('a.b.c');
    expect(await logout()).toBeUndefined();
  });
});
