import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createDirectory } from '../../../src/config/directory.ts';
import { BASE, createConfigFolder } from './config-folder.ts';

const SECRET = 'x'.repeat(32);
const { write, findings, faultsOf, configOf, remove } = createConfigFolder({
  SECRET,
  SHORT: 'x'.repeat(31),
  BROKEN: `${SECRET}\nx`,
});
afterAll(remove);

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
write('keys.json', JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }));

const ROLE = 'arn:aws:iam::123456789012:role/r';
const IDP = 'arn:aws:iam::123456789012:oidc-provider/idp.example.com';
const CALLBACK = 'https://app.example/callback';

/** A file with a role, a provider with two audiences, a service that its application uses, and whatever else. */
const world = {
  publicUrl: 'http://localhost:8080',
  accounts: [{ id: '123456789012' }, { id: '210987654321' }],
  oidcProviders: [
    { name: 'p', account: '123456789012', issuer: 'https://idp.example.com', audiences: ['a', 'b'] },
  ],
  roles: [
    { name: 'r', account: '123456789012', trustPolicy: policy('sts:AssumeRole', { AWS: '123456789012' }) },
  ],
};
const SERVICE = { name: 's', account: '123456789012', audience: 'https://s.example' };
const APP = { clientId: 'app', displayName: 'App', redirectUris: [CALLBACK], firstParty: true };

function policy(Action: string, Principal: unknown = { Federated: IDP }, Condition: unknown = {}) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action, Condition }] };
}

const TESTED = { StringEquals: { 'idp.example.com:aud': 'a' } };
const EXCHANGE = policy('rolebridge:ExchangeToken', { Federated: IDP }, TESTED);
const CLIENT = policy('rolebridge:AuthenticateClient', { Federated: IDP }, TESTED);

const file = (more: object) => JSON.stringify({ ...world, ...more });
/** A file with one application that uses the service; the members stand over those of a sound one. */
const app = (more: object, services: readonly object[] = [SERVICE]) =>
  file({ applications: [{ ...APP, audiences: [SERVICE.audience], ...more }], services });
/** The same with one service. */
const service = (more: object) => app({}, [{ ...SERVICE, ...more }]);
/** `code path` of all that is found. */
const codesOf = (text: string) => findings(text).map(({ code, path }) => `${code} ${path}`);
const applicationOf = (more: object) => configOf(app(more)).applications[0];

describe('applications', () => {
  it('need no more than a client id and where to come back to', () => {
    const { applications } = configOf(
      `${BASE}applications: [{ clientId: dashboard, redirectUris: ['${CALLBACK}'], firstParty: true }]`,
    );
    expect(applications).toEqual([
      {
        clientId: 'dashboard',
        arn: 'arn:aws:rolebridge::123456789012:application/dashboard',
        account: '123456789012',
        displayName: 'dashboard',
        redirectUris: [CALLBACK],
        postLogoutRedirectUris: [],
        authentication: { kind: 'public' },
        grants: ['authorization_code'],
        firstParty: true,
        audiences: [],
        roleClaims: [],
        claims: {},
        idTokenLifetimeSeconds: 600,
        refreshTokenLifetimeSeconds: 1_209_600,
        idTokenAlgorithm: 'RS256',
        requirePushedRequests: false,
        requireDpop: false,
      },
    ]);
  });

  it('keep what is named', () => {
    const named = {
      account: '210987654321',
      grants: ['authorization_code', 'refresh_token', 'refresh_token'],
      allowedRoles: [ROLE],
      roleClaims: [ROLE],
      claims: { groups: 'groups', 'https://app.example/team': 'tags.team' },
      idTokenAlgorithm: 'EdDSA',
      backchannelLogoutUri: 'https://app.example/logout?tenant=1',
      postLogoutRedirectUris: ['https://app.example/bye'],
    };
    expect(
      applicationOf({
        ...named,
        idTokenLifetime: '1h',
        refreshTokenLifetime: '90d',
        exchangePolicy: EXCHANGE,
      }),
    ).toMatchObject({
      ...named,
      grants: ['authorization_code', 'refresh_token'],
      arn: 'arn:aws:rolebridge::210987654321:application/app',
      audiences: [SERVICE.audience],
      idTokenLifetimeSeconds: 3600,
      refreshTokenLifetimeSeconds: 7_776_000,
      exchangePolicy: {
        kind: 'exchange',
        name: 'arn:aws:rolebridge::210987654321:application/app',
      },
    });
  });

  it.each([
    ['nothing at all', {}, { kind: 'public' }],
    ['a secret', { clientSecret: { env: 'SECRET' } }, { kind: 'secret', method: 'basic' }],
    [
      'a secret in the body',
      { clientSecret: { env: 'SECRET' }, clientSecretMethod: 'post' },
      { kind: 'secret', method: 'post' },
    ],
    [
      'keys at an address',
      { jwks: { uri: 'https://app.example/jwks' } },
      { kind: 'keys', keys: { uri: 'https://app.example/jwks' } },
    ],
    [
      'keys in a file',
      { jwks: { file: 'keys.json' } },
      { kind: 'keys', keys: { jwks: [{ kty: 'EC', crv: 'P-256' }] } },
    ],
    [
      'the token of its platform (RFC 7523)',
      { clientPolicy: CLIENT },
      { kind: 'workload', policy: { kind: 'client' } },
    ],
  ])('prove who they are with %s', (_title, more, authentication) => {
    expect(codesOf(app(more))).toEqual([]);
    expect(applicationOf(more)).toMatchObject({ authentication });
  });

  it('have their secret, and print it nowhere', () => {
    const config = configOf(app({ clientSecret: { env: 'SECRET' } }));
    const { authentication } = config.applications[0] ?? {};
    expect(authentication?.kind === 'secret' && authentication.secret.reveal()).toBe(SECRET);
    expect(JSON.stringify(config)).not.toContain(SECRET);
  });

  it.each([
    ['https', CALLBACK],
    ['http on this machine', 'http://127.0.0.1:3000/callback'],
    ['http on this machine by name', 'http://localhost/callback'],
    ['http on this machine by IPv6', 'http://[::1]/callback'],
    ['a query (RFC 6749 3.1.2)', 'https://app.example/callback?tenant=1&at=a@b.example'],
    ['a scheme of a domain (RFC 8252 7.1)', 'com.example.app:/callback'],
  ])('may be come back to by %s', (_title, uri) => {
    expect(codesOf(app({ redirectUris: [uri], firstParty: false }))).toEqual([]);
    expect(codesOf(app({ postLogoutRedirectUris: [uri], firstParty: false }))).toEqual([]);
  });
});

describe('applications, one fault at a time', () => {
  it.each([
    ['http elsewhere', 'http://app.example/callback'],
    ['http at a name that only begins like this machine', 'http://127.0.0.1.evil.example/callback'],
    ['http at localhost of somebody', 'http://localhost.evil.example/callback'],
    ['a script', 'javascript:alert(1)'],
    ['a script with a dot behind the colon', 'javascript:alert(document.cookie)'],
    ['data', 'data:text/html,x'],
    ['a file', 'file:///etc/passwd'],
    ['a scheme without a dot (RFC 8252 7.1)', 'myapp:/callback'],
    ['the address of out-of-band codes', 'urn:ietf:wg:oauth:2.0:oob'],
    ['a fragment (RFC 6749 3.1.2)', 'https://app.example/callback#a'],
    ['an empty fragment', 'https://app.example/callback#'],
    ['a user name', 'https://app.example@evil.example/'],
    ['an empty user name', 'https://@app.example/'],
    ['an empty user name and password', 'https://:@app.example/'],
    ['a wildcard in the host', 'https://*.app.example/callback'],
    ['a wildcard in the path', 'https://app.example/*'],
    ['a backslash', 'https://app.example\\@evil.example/'],
    ['a line break', 'https://app.example/\ncallback'],
    ['a tab', 'https://app.example/\tcallback'],
    ['a blank', 'https://app.example/call back'],
    ['a letter outside ASCII', 'https://äpp.example/'],
    ['angle brackets', 'https://app.example/<x>'],
  ])('are not come back to by %s', (_title, uri) => {
    for (const list of ['redirectUris', 'postLogoutRedirectUris'])
      expect(codesOf(app({ [list]: [CALLBACK, uri], firstParty: false }))).toEqual([
        `unusable-redirect-uri applications[0].${list}[1]`,
      ]);
  });

  it('are never come back to at an address that another scheme than https and http names without a dot', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9+-]{0,20}$/), fc.webPath(), (scheme, path) => {
        fc.pre(scheme !== 'https' && scheme !== 'http');
        const [found, ...others] = codesOf(app({ redirectUris: [`${scheme}:${path}`] }));
        expect(found).toMatch(/^(unusable-redirect-uri|invalid-value) applications\[0\]\.redirectUris\[0\]$/);
        expect(others).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['a relative address', { redirectUris: ['/callback'] }, 'invalid-value applications[0].redirectUris[0]'],
    [
      'an address twice',
      { redirectUris: [CALLBACK, CALLBACK] },
      'duplicate-entry applications[0].redirectUris[1]',
    ],
    [
      'a private scheme of an application with a secret (RFC 8252 8.4)',
      { redirectUris: ['com.example.app:/cb'], clientSecret: { env: 'SECRET' } },
      'unusable-redirect-uri applications[0].redirectUris[0]',
    ],
    [
      'https on the machine of a native application',
      { redirectUris: ['http://127.0.0.1/cb', 'https://localhost/cb'], firstParty: false },
      'unusable-redirect-uri applications[0].redirectUris[1]',
    ],
    [
      'a logout address over plain http',
      { backchannelLogoutUri: 'http://app.example/logout' },
      'insecure-url applications[0].backchannelLogoutUri',
    ],
    [
      'a logout address with a fragment (Back-Channel Logout 2.2)',
      { backchannelLogoutUri: 'https://app.example/logout#a' },
      'unusable-redirect-uri applications[0].backchannelLogoutUri',
    ],
    [
      'a logout address that is a script',
      { backchannelLogoutUri: 'javascript:alert(1)' },
      'insecure-url applications[0].backchannelLogoutUri',
    ],
    [
      'keys over plain http',
      { jwks: { uri: 'http://app.example/jwks' } },
      'insecure-url applications[0].jwks.uri',
    ],
    ['keys that are missing', { jwks: { file: 'gone.json' } }, 'malformed-jwks applications[0].jwks.file'],
    [
      'a secret and keys',
      { clientSecret: { env: 'SECRET' }, jwks: { file: 'keys.json' } },
      'several-authentications applications[0].jwks',
    ],
    [
      'keys and a policy',
      { jwks: { file: 'keys.json' }, clientPolicy: CLIENT },
      'several-authentications applications[0].clientPolicy',
    ],
    [
      'a method without a secret',
      { clientSecretMethod: 'post' },
      'invalid-value applications[0].clientSecretMethod',
    ],
    [
      'a secret that is not there',
      { clientSecret: { env: 'GONE' } },
      'secret-missing applications[0].clientSecret.env',
    ],
    [
      'a secret with a line break inside (RFC 6749 A.2)',
      { clientSecret: { env: 'BROKEN' } },
      'secret-malformed applications[0].clientSecret',
    ],
    [
      'a code without an address to bring it to',
      { redirectUris: [] },
      'impossible-grant applications[0].redirectUris',
    ],
    [
      'credentials of nobody (RFC 6749 4.4)',
      { grants: ['authorization_code', 'client_credentials'] },
      'impossible-grant applications[0].grants',
    ],
    [
      'tokens of a key exchanged for tokens of none (RFC 9449)',
      {
        requireDpop: true,
        clientSecret: { env: 'SECRET' },
        grants: ['authorization_code', 'token_exchange'],
      },
      'impossible-grant applications[0].grants',
    ],
    ['a grant that does not exist', { grants: ['password'] }, 'invalid-value applications[0].grants[0]'],
    ['no grant', { grants: [] }, 'invalid-value applications[0].grants'],
    [
      'an account that does not exist',
      { account: '000000000000' },
      'unknown-account applications[0].account',
    ],
    [
      'a service that does not exist',
      { audiences: [SERVICE.audience, 'https://gone.example'] },
      'unknown-service applications[0].audiences[1]',
    ],
    [
      'a role that does not exist',
      { allowedRoles: [`${ROLE}x`] },
      'unknown-role applications[0].allowedRoles[0]',
    ],
    [
      'a role to tell of that does not exist',
      { roleClaims: [ROLE, `${ROLE}x`] },
      'unknown-role applications[0].roleClaims[1]',
    ],
    [
      'an ID token that outlives every key',
      { idTokenLifetime: '13h' },
      'invalid-value applications[0].idTokenLifetime',
    ],
    [
      'a refresh token of more than 90 days',
      { refreshTokenLifetime: '91d' },
      'invalid-value applications[0].refreshTokenLifetime',
    ],
    [
      'a symmetric algorithm',
      { idTokenAlgorithm: 'HS256' },
      'invalid-value applications[0].idTokenAlgorithm',
    ],
    ['no algorithm', { idTokenAlgorithm: 'none' }, 'invalid-value applications[0].idTokenAlgorithm'],
    ['a client id with a star', { clientId: 'app*' }, 'invalid-value applications[0].clientId'],
    ['a client id that is a role', { clientId: ROLE }, 'ambiguous-client-id applications[0].clientId'],
    [
      'a client id of the shape of a person (RFC 9068 5)',
      { clientId: `${'a'.repeat(28)}B` },
      'ambiguous-client-id applications[0].clientId',
    ],
    [
      'a client policy for another action',
      { clientPolicy: EXCHANGE },
      'malformed-policy applications[0].clientPolicy.Statement[0]',
    ],
    [
      'an exchange policy for another action',
      { exchangePolicy: CLIENT },
      'malformed-policy applications[0].exchangePolicy.Statement[0]',
    ],
    ['a key that does not exist', { redirectUri: [CALLBACK] }, 'unknown-key applications[0].redirectUri'],
  ])('refuse %s', (_title, more, expected) => {
    expect(codesOf(app(more))).toEqual([expected]);
  });

  it.each([
    ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'azp', 'nonce', 'acr', 'amr', 'auth_time', 'sid'],
    ['at_hash', 'c_hash', 's_hash', 'act', 'may_act', 'via', 'client_id', 'scope', 'cnf', 'events', 'roles'],
  ])('give no claim of a provider the name of one that the protocol owns: %s, …', (...names) => {
    for (const name of names) {
      expect(codesOf(app({ claims: { [name]: 'email' } }))).toEqual([
        `reserved-claim applications[0].claims.${name}`,
      ]);
      expect(codesOf(service({ claims: { [name]: 'email' } }))).toEqual([
        `reserved-claim services[0].claims.${name}`,
      ]);
    }
  });

  it.each(['__proto__', '', '0', ' groups', 'x'.repeat(129)])('have no claim named %j', (name) => {
    const text = app({ claims: { CLAIM: 'email' } }).replace('CLAIM', name);
    expect(faultsOf(text)).not.toEqual([]);
  });

  it('say what was probably meant', () => {
    const [found] = findings(app({ audiences: ['https://s.exampel'] }));
    expect(found?.remedy).toBe('Did you mean "https://s.example"?');
  });

  it('have client ids of their own', () => {
    expect(codesOf(file({ applications: [APP, APP] }))).toEqual(['duplicate-entry applications[1].clientId']);
  });

  it('may be told of a logout, and have their keys, over plain http where the switch allows it', () => {
    const more = { backchannelLogoutUri: 'http://app/logout', jwks: { uri: 'http://app/jwks' } };
    expect(codesOf(file({ applications: [{ ...APP, ...more }], outbound: { http: 'allow' } }))).toEqual([]);
  });

  it('are not blamed for naming what is there but faulty', () => {
    const text = file({
      applications: [{ ...APP, audiences: [SERVICE.audience], roleClaims: [ROLE] }],
      services: [{ ...SERVICE, account: 12 }],
      roles: [{ ...world.roles[0], account: 12 }],
    });
    expect(codesOf(text).toSorted()).toEqual([
      'invalid-value roles[0].account',
      'invalid-value services[0].account',
    ]);
  });
});

describe('applications, warnings', () => {
  it.each([
    ['a short secret', { clientSecret: { env: 'SHORT' } }, ['weak-secret applications[0].clientSecret']],
    [
      'refresh tokens that never come',
      { grants: ['token_exchange', 'refresh_token'], clientSecret: { env: 'SECRET' } },
      ['useless-grant applications[0].grants'],
    ],
    [
      'a consent page without a name',
      { displayName: undefined, firstParty: false },
      ['nameless-application applications[0]'],
    ],
    [
      'an exchange that anybody can ask for',
      { grants: ['token_exchange'] },
      ['public-exchange applications[0].grants'],
    ],
    [
      'codes that any program on the machine can ask for unseen (RFC 8252 8.6)',
      { redirectUris: ['http://127.0.0.1/cb'] },
      ['silent-consent applications[0].firstParty'],
    ],
    [
      'several audiences of a provider that are not told apart',
      { exchangePolicy: policy('rolebridge:ExchangeToken') },
      ['missing-audience applications[0].exchangePolicy.Statement[0]'],
    ],
  ])('tell of %s', (_title, more, expected) => {
    const found = findings(app(more));
    expect(found.map(({ code, path }) => `${code} ${path}`)).toEqual(expected);
    expect(found.every(({ severity }) => severity === 'warning')).toBe(true);
  });

  it('tell of statements that take every Google account', () => {
    const GOOGLE = 'arn:aws:iam::123456789012:oidc-provider/accounts.google.com';
    const oidcProviders = [
      { name: 'g', account: '123456789012', issuer: 'https://accounts.google.com', audiences: ['a'] },
    ];
    const open = policy('rolebridge:ExchangeToken', { Federated: GOOGLE });
    const client = policy('rolebridge:AuthenticateClient', { Federated: GOOGLE });
    const text = file({
      oidcProviders,
      applications: [{ ...APP, exchangePolicy: open, clientPolicy: client }],
      services: [{ ...SERVICE, exchangePolicy: open }],
    });
    expect(codesOf(text).toSorted()).toEqual([
      'open-to-google-accounts applications[0].clientPolicy.Statement[0]',
      'open-to-google-accounts applications[0].exchangePolicy.Statement[0]',
      'open-to-google-accounts services[0].exchangePolicy.Statement[0]',
    ]);
  });
});

describe('services', () => {
  it('need no more than a name and an audience, and keep what is named', () => {
    const [bare] = configOf(service({})).services;
    expect(bare).toEqual({
      ...SERVICE,
      arn: 'arn:aws:rolebridge::123456789012:service/s',
      scopes: [],
      tokenLifetimeSeconds: 600,
      algorithm: 'RS256',
      claims: {},
    });
    const named = { algorithm: 'ES256', claims: { team: 'team' }, clientId: 'app' };
    const more = { ...named, tokenLifetime: '5m', scopes: ['read', 'read'], exchangePolicy: EXCHANGE };
    expect(configOf(service(more)).services[0]).toMatchObject({
      ...named,
      tokenLifetimeSeconds: 300,
      scopes: ['read'],
      exchangePolicy: { kind: 'exchange', name: 'arn:aws:rolebridge::123456789012:service/s' },
    });
  });

  it.each([
    ['an application', 'app'],
    ['the bridge', 'http://localhost:8080'],
    ['the bridge, with a slash', 'http://localhost:8080/'],
    ['an endpoint of the bridge', 'http://localhost:8080/oidc/token'],
    ['a role', ROLE],
    ['a role that does not exist', 'arn:aws:iam::123456789012:role/path/gone'],
  ])('are not named as %s is (RFC 9068 5)', (_title, audience) => {
    const text = app({ audiences: [audience] }, [{ ...SERVICE, audience }]);
    expect(codesOf(text)).toEqual(['ambiguous-audience services[0].audience']);
  });

  it.each([
    ['an application that does not exist', { clientId: 'gone' }, 'unknown-application services[0].clientId'],
    ['a scope of two words', { scopes: ['a b'] }, 'invalid-value services[0].scopes[0]'],
    ['a scope of the bridge', { scopes: ['a', 'openid'] }, 'invalid-value services[0].scopes[1]'],
    ['another scope of the bridge', { scopes: ['offline_access'] }, 'invalid-value services[0].scopes[0]'],
    ['an algorithm that is symmetric', { algorithm: 'HS256' }, 'invalid-value services[0].algorithm'],
    ['a token that outlives its key', { tokenLifetime: '13h' }, 'invalid-value services[0].tokenLifetime'],
    ['an account that does not exist', { account: '000000000000' }, 'unknown-account services[0].account'],
    [
      'a trust policy for roles',
      { exchangePolicy: policy('sts:AssumeRoleWithWebIdentity', { Federated: IDP }, TESTED) },
      'malformed-policy services[0].exchangePolicy.Statement[0]',
    ],
    [
      'a policy for all actions',
      { exchangePolicy: policy('rolebridge:*', { Federated: IDP }, TESTED) },
      'malformed-policy services[0].exchangePolicy.Statement[0]',
    ],
    [
      'a provider that nobody configured',
      { exchangePolicy: policy('rolebridge:ExchangeToken', { Federated: `${IDP}x` }, TESTED) },
      'unknown-provider services[0].exchangePolicy.Statement[0].Principal.Federated',
    ],
  ])('refuse %s', (_title, more, expected) => {
    expect(codesOf(service(more))).toEqual([expected]);
  });

  it('have names and audiences of their own', () => {
    expect(codesOf(app({}, [SERVICE, { ...SERVICE, name: 'S', audience: 'https://t.example' }]))).toContain(
      'duplicate-entry services[1].name',
    );
    expect(codesOf(app({}, [SERVICE, { ...SERVICE, name: 't' }]))).toEqual([
      'duplicate-entry services[1].audience',
    ]);
  });

  it('that nobody can have a token for are warned of', () => {
    const unused = { ...SERVICE, name: 't', audience: 'https://t.example' };
    expect(codesOf(app({}, [SERVICE, unused]))).toEqual(['unused-service services[1]']);
    expect(codesOf(app({}, [SERVICE, { ...unused, exchangePolicy: EXCHANGE }]))).toEqual([]);
  });

  it('tell of an application that acts for them and may exchange nothing', () => {
    const acting = [{ ...SERVICE, clientId: 'app' }];
    const may = { grants: ['authorization_code', 'token_exchange'], clientSecret: { env: 'SECRET' } };
    expect(codesOf(app({}, acting))).toEqual(['useless-client services[0].clientId']);
    expect(codesOf(app(may, acting))).toEqual([]);
  });
});

describe('the directory', () => {
  const config = configOf(app({}));
  const directory = createDirectory(config);

  it('finds applications by client id and services by audience, each as text', () => {
    expect(directory.applications()).toEqual(config.applications);
    expect(directory.application('app')).toBe(config.applications[0]);
    expect(directory.service('https://s.example')).toBe(config.services[0]);
    for (const name of ['APP', 'app ', '', '__proto__', 'constructor'])
      expect(directory.application(name)).toBeUndefined();
    for (const name of ['https://s.example/', 'HTTPS://s.example', 's', ''])
      expect(directory.service(name)).toBeUndefined();
  });

  it('knows the providers behind identities, of either kind, and those of SAML by account', () => {
    const saml = {
      name: 'corp',
      account: '210987654321',
      metadata: { url: 'https://corp.example/metadata' },
    };
    const both = createDirectory(configOf(file({ samlProviders: [saml] })));
    expect(both.hasProvider(IDP)).toBe(true);
    expect(both.hasProvider('arn:aws:iam::210987654321:saml-provider/corp')).toBe(true);
    expect(both.hasProvider(IDP.toUpperCase())).toBe(false);
    expect(both.hasProvider('')).toBe(false);
    expect(both.samlProviders('210987654321').map(({ name }) => name)).toEqual(['corp']);
    expect(both.samlProviders('123456789012')).toEqual([]);
  });
});
