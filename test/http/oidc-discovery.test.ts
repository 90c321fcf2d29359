import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { callSts, startWorldBridge, userKeys, type WorldBridge } from '../support/world-bridge.ts';

const DISCOVERY = '/.well-known/openid-configuration';
const JWKS = '/oidc/jwks';
const PUBLIC_URL = 'https://sts.acme.example';
const ACCOUNTS = [{ id: '111122223333', outboundWebIdentityFederation: true }, { id: '444455556666' }];
const keySet = z.strictObject({
  keys: z.array(z.looseObject({ kid: z.string(), alg: z.string(), use: z.literal('sig'), kty: z.string() })),
});

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge({ publicUrl: PUBLIC_URL, accounts: ACCOUNTS });
  await vi.waitUntil(async () => (await keys()).length === 2, { timeout: 10_000 });
});
afterAll(async () => {
  await world.stop();
});

const get = (path: string, init: RequestInit = {}) => fetch(world.url + path, init);
const keys = async () => keySet.parse(await (await get(JWKS)).json()).keys;
const TOKEN = {
  Action: 'GetWebIdentityToken',
  'Audience.member.1': 'a',
  SigningAlgorithm: 'ES384',
};

const PROOFS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'];
const PROOF_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'];
const CLAIMS = [
  ...['iss', 'aud', 'iat', 'exp', 'sub', 'sid', 'acr', 'amr', 'auth_time'],
  ...['name', 'family_name', 'given_name', 'middle_name', 'nickname', 'preferred_username', 'profile'],
  ...['picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at'],
  ...['email', 'email_verified', 'roles'],
];

describe('the discovery document (OpenID Connect Discovery 3)', () => {
  test('says what exists, below the public URL, and nothing else', async () => {
    expect(await (await get(DISCOVERY)).json()).toEqual({
      issuer: PUBLIC_URL,
      authorization_endpoint: `${PUBLIC_URL}/oidc/authorize`,
      token_endpoint: `${PUBLIC_URL}/oidc/token`,
      userinfo_endpoint: `${PUBLIC_URL}/oidc/userinfo`,
      jwks_uri: `${PUBLIC_URL}/oidc/jwks`,
      introspection_endpoint: `${PUBLIC_URL}/oidc/introspect`,
      revocation_endpoint: `${PUBLIC_URL}/oidc/revoke`,
      pushed_authorization_request_endpoint: `${PUBLIC_URL}/oidc/par`,
      device_authorization_endpoint: `${PUBLIC_URL}/oidc/device_authorization`,
      end_session_endpoint: `${PUBLIC_URL}/oidc/logout`,
      response_types_supported: ['code'],
      response_modes_supported: ['form_post', 'query'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['EdDSA', 'ES256', 'ES384', 'RS256'],
      scopes_supported: ['openid', 'offline_access', 'profile', 'email', 'roles'],
      claim_types_supported: ['normal'],
      claims_supported: CLAIMS,
      claims_parameter_supported: true,
      acr_values_supported: ['urn:rolebridge:acr:sign-in', 'urn:rolebridge:acr:mfa', 'phr'],
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: PROOFS,
      token_endpoint_auth_signing_alg_values_supported: PROOF_ALGORITHMS,
      introspection_endpoint_auth_methods_supported: PROOFS,
      introspection_endpoint_auth_signing_alg_values_supported: PROOF_ALGORITHMS,
      revocation_endpoint_auth_methods_supported: PROOFS,
      revocation_endpoint_auth_signing_alg_values_supported: PROOF_ALGORITHMS,
      request_parameter_supported: true,
      request_uri_parameter_supported: false,
      request_object_signing_alg_values_supported: PROOF_ALGORITHMS,
      require_pushed_authorization_requests: false,
      dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256'],
      authorization_response_iss_parameter_supported: true,
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    });
  });

  test('believes neither Host nor forwarded headers', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    };
    expect(await (await get(DISCOVERY, { headers })).text()).not.toContain('evil');
  });
});

describe('the key set (RFC 7517 5)', () => {
  test('has the keys of GetWebIdentityToken before the first token, where an account may have some', async () => {
    expect((await keys()).map(({ alg }) => alg).toSorted()).toEqual(['ES384', 'RS256']);
  });

  test('has no private member', async () => {
    const names = new Set((await keys()).flatMap((key) => Object.keys(key)));
    expect([...names].toSorted()).toEqual(['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'y']);
  });

  test('is empty where no account may have tokens: no key is made for nothing', async () => {
    const other = await startWorldBridge();
    try {
      expect(await (await fetch(other.url + JWKS)).json()).toEqual({ keys: [] });
    } finally {
      await other.stop();
    }
  });

  test('survives a reload', async () => {
    const before = await keys();
    await world.reconfigure({ extra: { tokens: { keyRotation: '30d' } } });
    expect(await keys()).toEqual(before);
  });

  test('holds the key of each token that is given out', async () => {
    const answer = await callSts(world, TOKEN, userKeys('alice'));
    const [header = ''] = (answer.text('WebIdentityToken') ?? '').split('.');
    const { kid } = z
      .object({ kid: z.string() })
      .parse(JSON.parse(Buffer.from(header, 'base64url').toString()));
    expect((await keys()).map((key) => key.kid)).toContain(kid);
  });
});

describe.each([DISCOVERY, JWKS])('%s', (path) => {
  test('may be kept as long as the schedule of the keys allows, by everybody and in every origin', async () => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=900');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('set-cookie')).toBeNull();
  });

  test('answers 304 to who has it, and all of it to who has another', async () => {
    const etag = (await get(path)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    // fetch() itself would ask with no-cache, which wants a whole answer.
    const ask = (tag: string) =>
      get(path, { headers: { 'if-none-match': tag, 'cache-control': 'max-age=0' } });
    const known = await ask(etag);
    expect(known.status).toBe(304);
    expect(known.headers.get('cache-control')).toBe('public, max-age=900');
    expect(known.headers.get('etag')).toBe(etag);
    expect(await known.text()).toBe('');
    expect((await ask('"other"')).status).toBe(200);
  });

  test('answers HEAD as GET, without a body', async () => {
    const [head, full] = [await get(path, { method: 'HEAD' }), await get(path)];
    expect(head.status).toBe(200);
    expect(head.headers.get('etag')).toBe(full.headers.get('etag'));
    expect(head.headers.get('content-length')).toBe(String((await full.text()).length));
    expect(await head.text()).toBe('');
  });

  test.each(['POST', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    expect((await get(path, { method })).status).toBe(405);
  });
});

test('no other path has CORS headers', async () => {
  for (const path of ['/', '/signin', '/roles', '/oidc', '/oidc/token', '/.well-known/jwks.json'])
    expect((await get(path, { redirect: 'manual' })).headers.get('access-control-allow-origin')).toBeNull();
});
