import { generateKeyPairSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type FailureCode, FederationError } from '../../../src/domain/errors.ts';
import type { KeySource, OidcProvider } from '../../../src/domain/identity/oidc-provider.ts';
import type { WantedKey } from '../../../src/domain/identity/provider-keys.ts';
import { isAccountId, isArn } from '../../../src/domain/role/arn.ts';
import { createGuardedFetch, GuardedFetchError } from '../../../src/keys/guarded-fetch.ts';
import { createKeySource } from '../../../src/keys/remote-jwks.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FINAL_TEXT =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

const ecJwk = (kid?: string, more: object = {}) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  ...(kid === undefined ? {} : { kid }),
  ...more,
});
const rsaPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaJwk = (kid: string, more: object = {}) => ({
  ...rsaPair.publicKey.export({ format: 'jwk' }),
  kid,
  ...more,
});

const wanted = (keyId: string): WantedKey => ({ algorithm: 'ES256', keyId });

function provider(issuer: string, jwks: KeySource = { kind: 'discovery' }): OidcProvider {
  const arn = 'arn:aws:iam::111122223333:oidc-provider/idp.example.com';
  const account = '111122223333';
  if (!isArn(arn) || !isAccountId(account)) throw new Error('not an ARN');
  return {
    name: 'idp',
    arn,
    account,
    issuer,
    audiences: ['client-1'],
    algorithms: ['RS256', 'ES256'],
    clockSkewSeconds: 60,
    jwks,
    tags: {},
  };
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** An issuer whose documents, and whose clock, the test may change at any time. */
async function startIssuer(first: { keys?: readonly object[]; answer?: RequestListener } = {}) {
  const state: {
    keys: readonly object[];
    answer: RequestListener | undefined;
    discovery: object;
    cacheControl: string;
  } = { keys: first.keys ?? [ecJwk('k1')], answer: first.answer, discovery: {}, cacheControl: '' };
  const server: LoopbackServer = await startLoopbackServer((request, response) => {
    if (state.answer !== undefined) {
      state.answer(request, response);
      return;
    }
    response.setHeader('cache-control', state.cacheControl);
    const discovery = request.url === '/.well-known/openid-configuration';
    response.end(
      JSON.stringify(
        discovery ? { ...discoveryOf(server.origin), ...state.discovery } : { keys: state.keys },
      ),
    );
  });
  closers.push(server.close);
  const clock = { nowMs: 1_800_000_000_000 };
  const fetch = createGuardedFetch({ privateAddresses: 'allow', http: 'allow', timeoutMs: 300 });
  const keysOf = createKeySource({ fetch, now: () => clock.nowMs });
  const find = (keyId = 'k1', of = provider(server.origin)) => keysOf(of, wanted(keyId));
  const jwksFetches = () => server.requests.filter((path) => path === '/jwks').length;
  return { state, server, clock, keysOf, find, jwksFetches };
}

const discoveryOf = (origin: string) => ({
  issuer: origin,
  jwks_uri: `${origin}/jwks`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
});

async function failureOf(finding: Promise<unknown>): Promise<FailureCode> {
  const error = await finding.then(
    () => new Error('a key was found'),
    (cause: unknown) => cause,
  );
  if (!(error instanceof FederationError)) throw error;
  if (error.code === 'invalid-identity-token') expect(error.params).toEqual({ text: FINAL_TEXT });
  return error.code;
}

/** Waits until a background fetch has reached the issuer and its answer has been taken in. */
async function settled(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 5, timeout: 3000 }).toBe(true);
}

describe('a key source', () => {
  it('finds a key by discovery (OpenID Connect Discovery 4)', async () => {
    const { find, server } = await startIssuer();
    expect((await find()).type).toBe('public');
    expect(server.requests).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  it('removes the issuer’s last slash before it appends the well-known path (OpenID Connect Discovery 4.1)', async () => {
    const { state, find, server } = await startIssuer();
    state.discovery = { issuer: `${server.origin}/` };
    expect((await find('k1', provider(`${server.origin}/`))).type).toBe('public');
  });

  it('asks a configured address without discovery', async () => {
    const { find, server } = await startIssuer();
    await find('k1', provider('https://idp.example.com', { kind: 'uri', uri: `${server.origin}/jwks` }));
    expect(server.requests).toEqual(['/jwks']);
  });

  it('uses pinned keys without any request', async () => {
    const { find, server } = await startIssuer();
    await find('p1', provider(server.origin, { kind: 'pinned', keys: [{ kty: 'EC', ...ecJwk('p1') }] }));
    expect(server.requests).toEqual([]);
  });

  it('shares one fetch among concurrent callers and imports a key once', async () => {
    const { find, server } = await startIssuer();
    const keys = await Promise.all(Array.from({ length: 50 }, () => find()));
    expect(new Set(keys).size).toBe(1);
    expect(server.requests).toHaveLength(2);
  });

  it('gives the only fitting key to a token without kid, and none where two fit', async () => {
    const { keysOf, server, state, clock } = await startIssuer({ keys: [ecJwk(), rsaJwk('r1')] });
    const find = () => keysOf(provider(server.origin), { algorithm: 'ES256' });
    expect((await find()).type).toBe('public');
    state.keys = [ecJwk(), ecJwk('k2')];
    clock.nowMs += 25 * HOUR;
    expect(await failureOf(find())).toBe('invalid-identity-token');
  });

  it.each([
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', kid: 'k1' }],
    ['a key with its private part', ecJwk('k1', { d: 'AAAA' })],
    ['a key for encryption', ecJwk('k1', { use: 'enc' })],
    ['a key whose operations lack verify', ecJwk('k1', { key_ops: ['deriveKey'] })],
    ['a key for another algorithm', ecJwk('k1', { alg: 'ES384' })],
    ['a key of another type', rsaJwk('k1')],
    [
      'a key of another curve',
      {
        ...generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }),
        kid: 'k1',
      },
    ],
    ['a point that is not on the curve', ecJwk('k1', { x: Buffer.alloc(32, 1).toString('base64url') })],
    ['a key without kid', ecJwk()],
    ['a kid in another case', ecJwk('K1')],
    ['a kid that is no text', ecJwk(undefined, { kid: 1 })],
    ['null', null],
    ['a text', 'k1'],
  ])('never uses %s', async (_, key) => {
    const { server, keysOf, state } = await startIssuer();
    state.answer = (request, response) => {
      const discovery = request.url === '/.well-known/openid-configuration';
      response.end(JSON.stringify(discovery ? discoveryOf(server.origin) : { keys: [key] }));
    };
    expect(await failureOf(keysOf(provider(server.origin), wanted('k1')))).toBe('invalid-identity-token');
  });

  it.each([
    ['1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }).n],
    ['16384 bits', Buffer.alloc(2048, 255).toString('base64url')],
  ])('never uses an RSA key of %s', async (_, n) => {
    const { keysOf, server } = await startIssuer({ keys: [rsaJwk('r1', { n })] });
    const finding = keysOf(provider(server.origin), { algorithm: 'RS256', keyId: 'r1' });
    expect(await failureOf(finding)).toBe('invalid-identity-token');
  });

  it('considers only the first 100 keys of each type in a JWKS of 5,000 (wire-spec 3.2)', async () => {
    const key = ecJwk();
    const many = Array.from({ length: 5000 }, (_, index) => ({ ...key, kid: `k${index}` }));
    const { find, keysOf, server } = await startIssuer({ keys: [...many, rsaJwk('r1')] });
    expect((await find('k99')).type).toBe('public');
    expect(await failureOf(find('k100'))).toBe('invalid-identity-token');
    expect((await keysOf(provider(server.origin), { algorithm: 'RS256', keyId: 'r1' })).type).toBe('public');
  });

  it.each([
    ['a discovery document of another issuer', { issuer: 'https://evil.example.com' }],
    ['an issuer that differs by a slash', { issuer: 'http://127.0.0.1/' }],
    ['no issuer', { issuer: undefined }],
    ['no jwks_uri', { jwks_uri: undefined }],
    ['no response_types_supported', { response_types_supported: undefined }],
    ['no subject_types_supported', { subject_types_supported: undefined }],
    ['no id_token_signing_alg_values_supported', { id_token_signing_alg_values_supported: undefined }],
    ['a jwks_uri at the metadata service', { jwks_uri: 'http://169.254.169.254/latest/meta-data' }],
    ['a jwks_uri that is a file', { jwks_uri: 'file:///etc/passwd' }],
  ])('refuses for good: %s (wire-spec 3.1)', async (_, discovery) => {
    const { find, state } = await startIssuer();
    state.discovery = discovery;
    expect(await failureOf(find())).toBe('invalid-identity-token');
  });

  const answers: [string, FailureCode, RequestListener][] = [
    [
      'HTML',
      'invalid-identity-token',
      (_, response) => response.end('<!doctype html><title>Sign in</title>'),
    ],
    ['404', 'invalid-identity-token', (_, response) => response.writeHead(404).end('{}')],
    ['a list', 'invalid-identity-token', (_, response) => response.end('[]')],
    ['deeply nested JSON', 'invalid-identity-token', (_, response) => response.end('['.repeat(500_000))],
    ['10 MB', 'invalid-identity-token', (_, response) => response.end(Buffer.alloc(10_000_000, 0x20))],
    [
      'a redirect to another host',
      'invalid-identity-token',
      (_, response) => response.writeHead(302, { location: 'https://example.com/' }).end(),
    ],
    [
      'a redirect that never ends',
      'invalid-identity-token',
      (_, response) => response.writeHead(302, { location: '/' }).end(),
    ],
    ['nothing, and hangs', 'identity-provider-unreachable', () => undefined],
    ['a broken connection', 'identity-provider-unreachable', (request) => request.socket.destroy()],
    ['503', 'identity-provider-unreachable', (_, response) => response.writeHead(503).end()],
    ['429', 'identity-provider-unreachable', (_, response) => response.writeHead(429).end()],
  ];
  it.each(answers)('an issuer that answers %s gives %s', async (_, code, answer) => {
    const { find } = await startIssuer({ answer });
    expect(await failureOf(find())).toBe(code);
  });

  it('refuses a document without a list of keys', async () => {
    const { find, state, server } = await startIssuer();
    state.discovery = { jwks_uri: `${server.origin}/.well-known/openid-configuration` };
    expect(await failureOf(find())).toBe('invalid-identity-token');
  });

  it('fetches once more for an unknown kid and finds a rotated key', async () => {
    const { find, state, jwksFetches } = await startIssuer();
    await find();
    state.keys = [ecJwk('k2')];
    expect((await find('k2')).type).toBe('public');
    expect(jwksFetches()).toBe(2);
  });

  it('makes one fetch of a flood of unknown kids, and another ten seconds later', async () => {
    const { find, jwksFetches, clock } = await startIssuer();
    await find();
    const flood = () =>
      Promise.all(Array.from({ length: 200 }, (_, index) => failureOf(find(`invented-${index}`))));
    expect(new Set([...(await flood()), ...(await flood())])).toEqual(new Set(['invalid-identity-token']));
    expect(jwksFetches()).toBe(2);
    clock.nowMs += 10_000;
    await flood();
    expect(jwksFetches()).toBe(3);
  });

  it('renews aging keys in the background, without making anybody wait', async () => {
    const { find, state, clock, jwksFetches } = await startIssuer();
    const old = await find();
    state.keys = [ecJwk('k1')];
    clock.nowMs += 0.8 * HOUR;
    expect(await find()).toBe(old);
    await settled(() => jwksFetches() === 2);
    await expect.poll(() => find(), { interval: 5 }).not.toBe(old);
  });

  it('waits for new keys once the old ones are no longer fresh, so a withdrawn key ends', async () => {
    const { find, state, clock } = await startIssuer();
    await find();
    state.keys = [ecJwk('k2')];
    clock.nowMs += HOUR;
    expect(await failureOf(find())).toBe('invalid-identity-token');
  });

  it.each([
    ['max-age=7200', 2 * HOUR],
    ['public, Max-Age=7200, immutable', 2 * HOUR],
    ['max-age=1', 5 * MINUTE],
    ['max-age=-5', 5 * MINUTE],
    ['max-age=99999999', 24 * HOUR],
    ['max-age=x', HOUR],
    ['no-cache', HOUR],
    ['', HOUR],
  ])('keeps keys under "%s" fresh for %i ms', async (cacheControl, freshMs) => {
    const { find, state, clock, jwksFetches } = await startIssuer();
    state.cacheControl = cacheControl;
    await find();
    clock.nowMs += freshMs * 0.8 - 1;
    await find();
    expect(jwksFetches()).toBe(1);
    clock.nowMs += freshMs;
    await find();
    expect(jwksFetches()).toBe(2);
  });

  it('keeps known keys for 24 h after their freshness while the issuer is unreachable, and no longer', async () => {
    const { find, state, clock } = await startIssuer();
    const key = await find();
    state.answer = (request) => request.socket.destroy();
    clock.nowMs += 2 * HOUR;
    expect(await find()).toBe(key);
    clock.nowMs += 22 * HOUR + 59 * MINUTE;
    expect(await find()).toBe(key);
    clock.nowMs += MINUTE;
    expect(await failureOf(find())).toBe('identity-provider-unreachable');
  });

  it('lets only the first request in ten seconds wait for an issuer that hangs', async () => {
    const { find, clock, server } = await startIssuer({ answer: () => undefined });
    expect(await failureOf(find())).toBe('identity-provider-unreachable');
    for (let request = 0; request < 100; request++) {
      expect(await failureOf(find())).toBe('identity-provider-unreachable');
    }
    expect(server.requests).toHaveLength(1);
    clock.nowMs += 10_000;
    expect(await failureOf(find())).toBe('identity-provider-unreachable');
    expect(server.requests).toHaveLength(2);
  });

  it('says that a retry could help where an unknown kid cannot be asked about', async () => {
    const { find, state } = await startIssuer();
    const key = await find();
    state.answer = (_, response) => response.writeHead(503).end();
    expect(await failureOf(find('k2'))).toBe('identity-provider-unreachable');
    expect(await find()).toBe(key);
  });

  it('recovers by itself when the issuer is back', async () => {
    const { find, state, clock } = await startIssuer({
      answer: (_, response) => response.writeHead(503).end(),
    });
    expect(await failureOf(find())).toBe('identity-provider-unreachable');
    state.answer = undefined;
    clock.nowMs += 10_000;
    expect((await find()).type).toBe('public');
    expect(await failureOf(find('k2'))).toBe('invalid-identity-token');
  });

  it('serves known keys without waiting for an issuer that already failed', async () => {
    const { server, clock } = await startIssuer();
    const guarded = createGuardedFetch({ privateAddresses: 'allow', http: 'allow', timeoutMs: 300 });
    let fetch = guarded;
    const keysOf = createKeySource({ fetch: (url) => fetch(url), now: () => clock.nowMs });
    const find = () => keysOf(provider(server.origin), wanted('k1'));
    const key = await find();
    clock.nowMs += 2 * HOUR;
    fetch = () => Promise.reject(new GuardedFetchError('timeout', 'no answer'));
    expect(await find()).toBe(key);
    clock.nowMs += 10_000;
    fetch = () => new Promise(() => undefined);
    expect(await find()).toBe(key);
  });

  it('shares keys between the providers of one issuer and never between issuers', async () => {
    const one = await startIssuer();
    const other = await startIssuer({ keys: [ecJwk('k2')] });
    await one.find();
    await one.keysOf({ ...provider(one.server.origin), name: 'again' }, wanted('k1'));
    expect(one.jwksFetches()).toBe(1);
    expect(await failureOf(one.keysOf(provider(other.server.origin), wanted('k1')))).toBe(
      'invalid-identity-token',
    );
  });
});
