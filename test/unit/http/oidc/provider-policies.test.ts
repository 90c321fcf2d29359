import { errors } from 'oidc-provider';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProviderPolicies } from '../../../../src/http/oidc/provider-policies.ts';
import { makeApplication, makeService } from '../../domain/federation/exchange-world.ts';
import { createProviderWorld, subjectOf, type ProviderWorld } from './provider-world.ts';

const a = makeService('a', { claims: { who: 'sub' }, algorithm: 'ES256', tokenLifetimeSeconds: 300 });
const b = makeService('b');
const web = makeApplication('web', [a]);

let world: ProviderWorld;
let policies: ReturnType<typeof createProviderPolicies>;
beforeEach(() => {
  world = createProviderWorld({ services: [a, b], applications: [web] });
  policies = createProviderPolicies(world.deps);
});

describe('a script of another origin', () => {
  const may = (origin: string, client: object = {}) =>
    policies.mayReadFromOrigin(undefined, origin, {
      tokenEndpointAuthMethod: 'none',
      redirectUris: ['https://app.example/callback', 'com.acme.app:/callback', 'http://localhost:3000/cb'],
      ...client,
    });

  it.each(['https://app.example', 'http://localhost:3000'])(
    'may read where a public client is: %s',
    (origin) => {
      expect(may(origin)).toBe(true);
    },
  );

  it.each([
    'https://evil.example',
    'http://app.example',
    'https://app.example:444',
    'https://app.example/',
    'https://sub.app.example',
    'http://localhost:3001',
    // Of sandboxed frames, and, as URLs have it, of an app's own scheme.
    'null',
    '',
    '*',
  ])('may not read elsewhere: %j', (origin) => {
    expect(may(origin)).toBe(false);
  });

  it.each(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])(
    'may not read for a client that proves itself by %s',
    (tokenEndpointAuthMethod) => {
      expect(may('https://app.example', { tokenEndpointAuthMethod })).toBe(false);
    },
  );

  it('may not read for one without addresses', () => {
    expect(may('https://app.example', { redirectUris: undefined })).toBe(false);
  });
});

describe('a resource (RFC 8707 2)', () => {
  const info = (audience: string, clientId = 'web') =>
    policies.resourceIndicators.getResourceServerInfo(undefined, audience, { clientId });

  it('that the application lists has the algorithm and lifetime of its service', () => {
    expect(info(a.audience)).toEqual({
      audience: a.audience,
      scope: 'read write admin',
      accessTokenTTL: 300,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    });
  });

  it('that it does not list is refused as one that there is not', () => {
    const refusal = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    const [unlisted, unknown, nobodys] = [
      refusal(() => info(b.audience)),
      refusal(() => info('https://none.example')),
      refusal(() => info(a.audience, 'nobody')),
    ];
    for (const refused of [unlisted, unknown, nobodys]) expect(refused).toBeInstanceOf(errors.InvalidTarget);
    expect(unlisted).toEqual(unknown);
    expect(unlisted).toEqual(nobodys);
  });
});

describe('introspection and revocation (RFC 7662 4, RFC 7009 2.1)', () => {
  const own = { clientId: 'web' };

  it('are of own tokens only', async () => {
    expect(await policies.mayIntrospect(undefined, own, own)).toBe(true);
    expect(policies.mayRevoke(undefined, own, own)).toBe(true);
    for (const other of [{ clientId: 'other' }, { clientId: undefined }]) {
      expect(await policies.mayIntrospect(undefined, own, other)).toBe(false);
      expect(policies.mayRevoke(undefined, own, other)).toBe(false);
    }
  });

  it('say nothing of a token whose person was removed', async () => {
    const session = await world.signIn();
    const token = {
      clientId: 'web',
      accountId: subjectOf(session),
      iat: Math.floor(world.clock.now / 1000),
    };
    const ask = () => world.ask(() => Promise.resolve(policies.mayIntrospect(undefined, own, token)));
    expect(await ask()).toBe(true);
    await world.deps.browserSessions.end(session.id);
    await world.deps.people.remove(session.signIn.identity);
    expect(await ask()).toBe(false);
  });
});

describe('an assertion of a client (RFC 7523 3)', () => {
  const NOW = () => world.clock.now / 1000;
  const assertClaims = (claims: object) =>
    world.ask(() =>
      Promise.resolve().then(() => {
        policies.assertClientAssertion(undefined, { ...claims });
      }),
    );

  it('for us alone, and for an hour at most, is taken', async () => {
    await assertClaims({ aud: 'https://bridge.example', exp: NOW() + 60 });
    await assertClaims({ aud: ['https://bridge.example'], exp: NOW() + 3600 });
  });

  it.each([
    ['two audiences', () => ({ aud: ['https://bridge.example', 'https://evil.example'], exp: NOW() + 60 })],
    ['no audience in a list', () => ({ aud: [], exp: NOW() + 60 })],
    ['more than an hour to live', () => ({ aud: 'x', exp: NOW() + 3601 })],
    ['no end', () => ({ aud: 'x' })],
    ['an end that is no number', () => ({ aud: 'x', exp: 'tomorrow' })],
  ])('with %s is refused', async (_, claims) => {
    await expect(assertClaims(claims())).rejects.toBeInstanceOf(errors.InvalidClientAuth);
  });
});

it.each([3601, undefined])('refuses a request object that lives for %s seconds', async (seconds) => {
  const claims = seconds === undefined ? {} : { exp: world.clock.now / 1000 + seconds };
  const run = world.ask(() =>
    Promise.resolve().then(() => {
      policies.assertRequestObject(undefined, claims);
    }),
  );
  await expect(run).rejects.toBeInstanceOf(errors.InvalidRequestObject);
});

describe('the claims parameter (OpenID Connect Core 5.5)', () => {
  it('has nulls and objects as members', () => {
    policies.assertClaimsParameter(undefined, { id_token: { acr: null, sub: { value: 'x' } }, userinfo: {} });
    policies.assertClaimsParameter(undefined, {});
  });

  it.each([7, 'x', true, [], undefined])('has no %j there', (wanted) => {
    for (const claims of [{ id_token: { acr: wanted } }, { userinfo: { email: wanted } }])
      expect(() => {
        policies.assertClaimsParameter(undefined, claims);
      }).toThrow(errors.InvalidRequest);
  });
});

describe('an access token for a service (RFC 9068 2.2)', () => {
  const claimsOf = (token: object) =>
    world.ask(async () => policies.extraTokenClaims(undefined, { kind: 'AccessToken', ...token }));

  it('says which sign-in it is of, how that was proved, and what the service’s mapping names', async () => {
    const session = await world.signIn();
    const token = { accountId: subjectOf(session), sessionUid: session.signInId, aud: a.audience };
    expect(await claimsOf(token)).toEqual({
      sid: session.signInId,
      who: 'alice',
      acr: 'urn:rolebridge:acr:sign-in',
      auth_time: Math.floor(world.clock.now / 1000),
    });
    await world.deps.browserSessions.end(session.id);
    expect(await claimsOf(token)).toEqual({ sid: session.signInId });
  });

  it('says nothing more where it is for userinfo, for nobody, or the application’s own', async () => {
    const session = await world.signIn();
    const token = { accountId: subjectOf(session), sessionUid: session.signInId, aud: a.audience };
    for (const other of [
      { ...token, aud: undefined },
      { ...token, aud: 'https://none.example' },
      { ...token, accountId: undefined },
      { ...token, sessionUid: undefined },
      { ...token, kind: 'ClientCredentials' },
    ])
      expect(await claimsOf(other)).toBeUndefined();
  });
});

it('binds all but offline access to the sign-in (OpenID Connect Core 11)', () => {
  const isBound = (...scopes: readonly string[]) =>
    policies.expiresWithSession(undefined, { scopes: new Set(scopes) });
  expect([isBound('openid'), isBound('openid', 'offline_access')]).toEqual([true, false]);
});

it('gives refresh tokens to applications with the grant', () => {
  const may = (grant: string) =>
    policies.issueRefreshToken(undefined, { grantTypeAllowed: (type) => type === grant });
  expect([may('refresh_token'), may('authorization_code')]).toEqual([true, false]);
});
