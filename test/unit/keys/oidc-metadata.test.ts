import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../src/domain/errors.ts';
import { GuardedFetchError } from '../../../src/keys/guarded-fetch.ts';
import { createOidcMetadataSource } from '../../../src/keys/oidc-metadata.ts';

const HOUR_MS = 3_600_000;
const ISSUER = 'https://idp.example.com';
const GOOD = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
};

/** A source whose document, and whose clock, the test may change at any time. */
function createWorld({ http = 'deny' }: { readonly http?: 'deny' | 'allow' } = {}) {
  const state: { document: unknown; status: number; cacheControl: string; failure?: Error; nowMs: number } = {
    document: GOOD,
    status: 200,
    cacheControl: '',
    nowMs: 0,
  };
  const asked: string[] = [];
  const metadataOf = createOidcMetadataSource({
    fetch: (url) => {
      asked.push(url);
      if (state.failure !== undefined) return Promise.reject(state.failure);
      const body = Buffer.from(JSON.stringify(state.document));
      const headers = { 'cache-control': state.cacheControl };
      return Promise.resolve({ status: state.status, contentType: 'application/json', headers, body });
    },
    http,
    now: () => state.nowMs,
  });
  return { state, asked, metadataOf: (issuer = ISSUER) => metadataOf({ issuer }) };
}

async function codeOf(asking: Promise<unknown>) {
  const error: unknown = await asking.catch((cause: unknown) => cause);
  if (error instanceof FederationError) return error.code;
  throw new Error('it was accepted');
}

describe('metadata of a provider', () => {
  it('is what the document says that a sign-in needs, whatever else is in it', async () => {
    const { state, metadataOf, asked } = createWorld();
    const endpoints = {
      userinfo_endpoint: `${ISSUER}/me`,
      end_session_endpoint: `${ISSUER}/logout?x=1`,
      pushed_authorization_request_endpoint: `${ISSUER}/par`,
      require_pushed_authorization_requests: true,
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    };
    state.document = { ...GOOD, ...endpoints, tenant_region_scope: 'EU', check_session_iframe: 7 };
    expect(await metadataOf()).toEqual({ ...GOOD, ...endpoints });
    expect(asked).toEqual([`${ISSUER}/.well-known/openid-configuration`]);
  });

  it('is asked for once, by however many at a time, and again after its hour', async () => {
    const { state, metadataOf, asked } = createWorld();
    await Promise.all([metadataOf(), metadataOf(), metadataOf()]);
    state.nowMs = HOUR_MS * 0.79;
    await metadataOf();
    expect(asked).toHaveLength(1);
    state.nowMs = HOUR_MS + 1;
    await metadataOf();
    expect(asked).toHaveLength(2);
  });

  it('is fresh as long as it says, within 5 minutes and a day', async () => {
    for (const [cacheControl, freshMs] of [
      ['max-age=0', HOUR_MS / 12],
      ['max-age=7200', 2 * HOUR_MS],
      ['max-age=999999999', 24 * HOUR_MS],
    ] as const) {
      const { state, metadataOf, asked } = createWorld();
      state.cacheControl = cacheControl;
      await metadataOf();
      state.nowMs = freshMs * 0.79;
      await metadataOf();
      expect([cacheControl, asked.length]).toEqual([cacheControl, 1]);
      state.nowMs = freshMs + 1;
      await metadataOf();
      expect([cacheControl, asked.length]).toEqual([cacheControl, 2]);
    }
  });

  it('goes on working for a day while the provider is down, which is asked once in 10 s', async () => {
    const { state, metadataOf, asked } = createWorld();
    await metadataOf();
    state.failure = new GuardedFetchError('unreachable', 'down');
    state.nowMs = 2 * HOUR_MS;
    expect(await metadataOf()).toEqual(GOOD);
    expect(await metadataOf()).toEqual(GOOD);
    expect(asked).toHaveLength(2);
    state.nowMs = 25 * HOUR_MS + 1;
    expect(await codeOf(metadataOf())).toBe('identity-provider-unreachable');
    delete state.failure;
    expect(await codeOf(metadataOf())).toBe('identity-provider-unreachable');
    state.nowMs += 10_000;
    expect(await metadataOf()).toEqual(GOOD);
  });

  it.each([500, 503, 429])('cannot be had for now when the provider answers %i', async (status) => {
    const { state, metadataOf } = createWorld();
    state.status = status;
    expect(await codeOf(metadataOf())).toBe('identity-provider-unreachable');
  });

  it.each([
    ['names another issuer (Discovery 4.3)', { issuer: 'https://other.example' }],
    ['names the issuer with a slash', { issuer: `${ISSUER}/` }],
    ['has no issuer', { issuer: undefined }],
    ['has no authorization endpoint', { authorization_endpoint: undefined }],
    ['has no token endpoint', { token_endpoint: undefined }],
    ['sends people to a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['sends people to plain http', { authorization_endpoint: 'http://idp.example.com/authorize' }],
    ['sends secrets to plain http', { token_endpoint: 'http://idp.example.com/token' }],
    ['sends tokens to plain http', { userinfo_endpoint: 'http://idp.example.com/me' }],
    ['signs out at a data URL', { end_session_endpoint: 'data:text/html,x' }],
    ['pushes requests to a file', { pushed_authorization_request_endpoint: 'file:///etc/passwd' }],
    ['has a password in an address', { token_endpoint: 'https://a:b@idp.example.com/token' }],
    ['has a fragment in an address', { authorization_endpoint: `${ISSUER}/authorize#x` }],
    ['has a relative address', { token_endpoint: '/token' }],
    ['has an address of 3,000 characters', { token_endpoint: `${ISSUER}/${'t'.repeat(3000)}` }],
    ['has an address that is a number', { token_endpoint: 7 }],
    ['lists methods as a text', { token_endpoint_auth_methods_supported: 'client_secret_post' }],
    ['answers yes in words', { require_pushed_authorization_requests: 'true' }],
  ])('is refused when it %s', async (_, change) => {
    const { state, metadataOf } = createWorld();
    state.document = { ...GOOD, ...change };
    expect(await codeOf(metadataOf())).toBe('invalid-identity-token');
  });

  it.each([
    ['is a list', [GOOD]],
    ['is null', null],
    ['is a text', 'x'],
  ])('is refused when it %s', async (_, document) => {
    const { state, metadataOf } = createWorld();
    state.document = document;
    expect(await codeOf(metadataOf())).toBe('invalid-identity-token');
  });

  it('may have plain http addresses only where that is allowed', async () => {
    const { state, metadataOf } = createWorld({ http: 'allow' });
    state.document = { ...GOOD, token_endpoint: 'http://127.0.0.1:1/token' };
    expect((await metadataOf()).token_endpoint).toBe('http://127.0.0.1:1/token');
    state.document = { ...GOOD, token_endpoint: 'javascript:0' };
    state.nowMs = 30 * HOUR_MS;
    expect(await codeOf(metadataOf())).toBe('invalid-identity-token');
  });
});
