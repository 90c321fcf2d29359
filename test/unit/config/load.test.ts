import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { parseIdpMetadata } from '../../../src/protocols/saml/metadata.ts';
import { worldConfig, worldEnv } from '../../support/world.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const FROM_URL = 'metadata: { url: https://idp.example.com/metadata }';
const saml = (more: string, name = 'corp') =>
  `${BASE}samlProviders:\n  - { name: ${name}, account: '123456789012', ${more} }\n`;

const ENV = { SECRET: 'wJalrXUtnFEMI/K7MDENG', EMPTY: '', SEED: 'GEZD GNBV gy3t qojq' };

function load(text: string | Uint8Array, env: Readonly<Record<string, string>> = ENV) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return loadConfig(file, { env, parseSamlMetadata: parseIdpMetadata });
}

function configOf(text: string, env?: Readonly<Record<string, string>>): Config {
  const result = load(text, env);
  if (!result.ok) throw new Error(inspect(result.faults));
  return result.config;
}

function faultsOf(text: string | Uint8Array) {
  const result = load(text);
  const faults = result.ok ? result.warnings : result.faults;
  return faults.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`);
}

const BASE = "publicUrl: http://localhost:8080\naccounts: [{ id: '123456789012' }]\n";
const provider = (more: string) =>
  `${BASE}oidcProviders:\n  - { name: p, account: '123456789012', issuer: https://idp.example.com, audiences: [a], ${more} }\n`;
const role = (more: string) => `${BASE}roles:
  - name: r
    account: '123456789012'
    trustPolicy:
      Version: '2012-10-17'
      Statement:
        - { Effect: Allow, Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' }
    ${more}
`;
const user = (more: string) => `${BASE}users:\n  - { name: u, account: '123456789012', ${more} }\n`;

describe('loadConfig', () => {
  it('needs no more than an origin and an account', () => {
    expect(configOf(BASE)).toMatchObject({
      publicUrl: 'http://localhost:8080',
      listen: { host: '127.0.0.1', port: 8080, trustedProxies: [] },
      management: { host: '127.0.0.1', port: 9090 },
      store: { kind: 'sqlite', path: '.rolebridge/state.db' },
      masterKey: { kind: 'file', path: '.rolebridge/master.key' },
      outbound: { privateAddresses: 'deny', http: 'deny', timeoutMs: 5000 },
      sts: { errorReference: 'element' },
      audit: { retainSeconds: 7_776_000 },
      tokens: { keyRotationMs: 7_776_000_000 },
      accounts: [
        {
          id: '123456789012',
          guardrails: { isManagementAccount: false },
          outboundWebIdentityFederation: false,
        },
      ],
    });
  });

  it('reads JSON as well', () => {
    const text = JSON.stringify({
      publicUrl: 'https://sts.example.com/',
      accounts: [{ id: '123456789012' }],
    });
    expect(configOf(text).publicUrl).toBe('https://sts.example.com');
  });

  it('resolves names to ARNs, durations to seconds, and policies in their order', () => {
    const config =
      configOf(`${role("path: /team/\n    maxSessionDuration: 2h\n    managedPolicies: ['arn:aws:iam::123456789012:policy/m']")}
policies:
  - { name: m, account: '123456789012', document: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 's3:*', Resource: '*' }] } }
`);
    expect(config.roles[0]).toMatchObject({
      arn: 'arn:aws:iam::123456789012:role/team/r',
      maxSessionDurationSeconds: 7200,
      identityPolicies: [{ name: 'arn:aws:iam::123456789012:policy/m' }],
      singleUseToken: false,
    });
    expect(config.roles[0]?.id).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect(config.managedPolicies.has('arn:aws:iam::123456789012:policy/m')).toBe(true);
  });

  it('gives users the policies of their groups, and a root user its ARN and id (wire-spec 2)', () => {
    const document =
      "{ Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 's3:*', Resource: '*' }] }";
    const config = configOf(`${user('groups: [g], inlinePolicies: { own: ' + document + ' }')}
  - { name: root, account: '123456789012', root: true }
groups: [{ name: g, account: '123456789012', inlinePolicies: { shared: ${document} } }]
`);
    expect(config.users[0]?.identityPolicies.map(({ name }) => name)).toEqual(['own', 'shared']);
    expect(config.users[1]).toMatchObject({
      arn: 'arn:aws:iam::123456789012:root',
      id: '123456789012',
      isRoot: true,
    });
  });

  it('reads secrets from variables and from files beside it, without the final line break', () => {
    writeFileSync(join(folder, 'secret.txt'), 'from a file\n');
    const config = configOf(
      user(
        "accessKeys: [{ id: AKIAAAAAAAAAAAAAAAAA, secret: { file: secret.txt } }], mfaDevices: [{ serial: 'arn:aws:iam::123456789012:mfa/u', totpSecret: { env: SEED } }]",
      ),
    );
    expect(config.users[0]?.accessKeys[0]?.secret.reveal()).toBe('from a file');
    expect(config.users[0]?.mfaDevices[0]?.totpSecret.reveal()).toBe('GEZDGNBVGY3TQOJQ');
  });

  it('prints no secret, however it is printed', () => {
    const config = configOf(`${user('accessKeys: [{ id: AKIAAAAAAAAAAAAAAAAA, secret: { env: SECRET } }]')}
masterKey: { env: SECRET }
`);
    const key = config.users[0]?.accessKeys[0];
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9 }), String(key?.secret)]) {
      expect(text).not.toContain(ENV.SECRET);
    }
    expect(JSON.stringify(key)).toContain('[redacted]');
  });

  it('is frozen all the way down', () => {
    const config = configOf(role('tags: { team: a }'));
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.roles[0]?.tags)).toBe(true);
    expect(Object.isFrozen(config.outbound)).toBe(true);
  });

  it('gives each account the levels above it, and resource control levels the full access that AWS adds', () => {
    const { accounts } = configOf(`publicUrl: https://sts.example.com
accounts: [{ id: '111111111111' }, { id: '222222222222' }]
organization:
  id: o-acmeexample
  managementAccount: '111111111111'
  serviceControlPolicies:
    - { level: root, documents: [{ Version: '2012-10-17', Statement: [{ Effect: Allow, Action: '*', Resource: '*' }] }] }
    - { level: ou, accounts: ['222222222222'], documents: [{ Version: '2012-10-17', Statement: [{ Effect: Deny, Action: 's3:*', Resource: '*' }] }] }
  resourceControlPolicies:
    - { level: root, documents: [{ Version: '2012-10-17', Statement: [{ Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*' }] }] }
`);
    expect(accounts.map(({ guardrails }) => guardrails.scps?.length)).toEqual([1, 2]);
    expect(accounts[1]?.guardrails.rcps?.[0]?.map(({ name }) => name)).toEqual([
      'root[0]',
      'RCPFullAWSAccess',
    ]);
    expect(accounts.map(({ guardrails }) => guardrails.isManagementAccount)).toEqual([true, false]);
  });

  it.each([
    ["redis: { url: 'redis://localhost:6379/0' }", { url: 'redis://localhost:6379/0' }],
    ["redis: { cluster: ['redis://a:1', 'redis://b:2'] }", { cluster: ['redis://a:1', 'redis://b:2'] }],
    ["redis: { sentinels: ['redis://a:1'], master: m }", { sentinels: ['redis://a:1'], master: 'm' }],
  ])('reads the store %s', (store, connection) => {
    expect(configOf(`${BASE}store: { ${store} }\n`).store).toEqual({ kind: 'redis', connection });
  });

  it('reads the example with its secrets given, warning of nothing but the two subject forms and its address', () => {
    const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    const names = [
      'GOOGLE_CLIENT_SECRET',
      'BREAK_GLASS_SECRET',
      'BREAK_GLASS_TOTP',
      'DASHBOARD_CLIENT_SECRET',
    ];
    const env = Object.fromEntries(names.map((name) => [name, seed]));
    const file = join(import.meta.dirname, '../../../config/example.yaml');
    expect(readFileSync(file, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n/);
    const result = loadConfig(file, { env, parseSamlMetadata: parseIdpMetadata });
    const found = result.ok ? result.warnings : result.faults;
    const others = found.map(({ code }) => code).filter((code) => !code.includes('subject'));
    expect(others).toEqual(['passkeys-need-a-name']);
    expect(result.ok).toBe(true);
  });

  it('gives SAML providers sound defaults and their metadata, and keeps what is named', () => {
    const xml = readFileSync(join(import.meta.dirname, '../../../config/corp-metadata.xml'), 'utf8');
    writeFileSync(join(folder, 'idp.xml'), xml);
    const sha1 =
      'signatureAlgorithms: [rsa-sha1], encryptionAlgorithms: [aes256-cbc, rsa-oaep-mgf1p], clockSkew: 5s';
    const { samlProviders } = configOf(
      `${saml('metadata: { file: idp.xml }')}  - { name: old, account: '123456789012', ${FROM_URL}, ${sha1} }\n`,
    );
    expect(samlProviders).toMatchObject([
      {
        arn: 'arn:aws:iam::123456789012:saml-provider/corp',
        metadata: { kind: 'document', xml },
        roleAttribute: 'required',
        idpInitiated: 'deny',
        signed: 'either',
        clockSkewSeconds: 60,
        encryptionAlgorithms: ['aes128-gcm', 'aes256-gcm', 'rsa-oaep'],
      },
      {
        metadata: { kind: 'url', url: 'https://idp.example.com/metadata' },
        signatureAlgorithms: ['rsa-sha1'],
        encryptionAlgorithms: ['aes256-cbc', 'rsa-oaep-mgf1p'],
        clockSkewSeconds: 5,
      },
    ]);
    expect(samlProviders[0]?.signatureAlgorithms).not.toContain('rsa-sha1');
  });

  it.each([
    ['no XML', 'It is plain text.', /tag|text/],
    ['an XML bomb', '<!DOCTYPE a [<!ENTITY b "b">]><a/>', /DOCTYPE/],
    ['no identity provider', '<a xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', /./],
  ])('says what a metadata file is when it is %s', (_name, xml, problem) => {
    writeFileSync(join(folder, 'faulty.xml'), xml);
    const result = load(saml('metadata: { file: faulty.xml }'));
    const [fault] = result.ok ? [] : result.faults;
    expect(fault).toMatchObject({ code: 'malformed-metadata', line: 4, column: 62 });
    expect(fault?.message).toMatch(problem);
    expect(fault?.message).not.toContain('does not exist');
  });

  it('reads the world of the STS cases', () => {
    writeFileSync(join(folder, 'jwks.json'), JWKS);
    const place = {
      jwksFile: 'jwks.json',
      samlMetadataFile: join(import.meta.dirname, '../../../config/corp-metadata.xml'),
      storePath: 'a.db',
      masterKeyFile: 'a.key',
      port: 8080,
      managementPort: 0,
    };
    const { roles, users, oidcProviders } = configOf(worldConfig(place), worldEnv);
    expect(users.map(({ name }) => name)).toContain('alice');
    expect(roles.map(({ arn }) => arn)).toContain('arn:aws:iam::111122223333:role/team/x/pathrole');
    expect(oidcProviders[0]).toMatchObject({
      arn: 'arn:aws:iam::111122223333:oidc-provider/idp.example.com',
      clockSkewSeconds: 300,
      jwks: { kind: 'pinned', keys: [{ kty: 'EC' }] },
    });
  });
});

// RFC 7517 A.1, the public EC key.
const EC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
};
const JWKS = JSON.stringify({ keys: [EC_KEY] });

describe('loadConfig, one fault at a time', () => {
  it.each([
    // the file's form
    ['a duplicate key', `${BASE}region: a\nregion: b\n`, '4:1 duplicate-key '],
    ['broken YAML', `${BASE}listen: { port: 1\nregion: a`, ' yaml-syntax '],
    ['two documents', `${BASE}---\n${BASE}`, ' yaml-syntax '],
    ['a __proto__ key', `${BASE}__proto__: { region: a }\n`, '3:1 yaml-syntax '],
    ['an empty file', '', '1:1 invalid-value '],
    ['a list', '[]', '1:1 invalid-value '],
    // keys and values
    ['a misspelt key', `${BASE}regoin: a\n`, '3:1 unknown-key regoin'],
    ['a misspelt nested key', role('maxSesionDuration: 1h'), '10:5 unknown-key roles[0].maxSesionDuration'],
    [
      'a missing key',
      `${BASE}roles:\n  - { name: r, account: '123456789012' }\n`,
      '4:5 missing-key roles[0].trustPolicy',
    ],
    ['a missing origin', "accounts: [{ id: '123456789012' }]\n", '1:1 missing-key publicUrl'],
    [
      'an account id without quotes',
      'publicUrl: http://localhost\naccounts: [{ id: 123456789012 }]',
      '2:18 invalid-value accounts[0].id',
    ],
    [
      'an account id of 11 digits',
      "publicUrl: http://localhost\naccounts: [{ id: '12345678901' }]",
      '2:18 invalid-value accounts[0].id',
    ],
    ['no account at all', 'publicUrl: http://localhost\naccounts: []', '2:11 invalid-value accounts'],
    [
      'plain http on another machine',
      "publicUrl: http://sts.example.com\naccounts: [{ id: '123456789012' }]",
      '1:12 invalid-value publicUrl',
    ],
    [
      'a loopback name that is only a prefix',
      "publicUrl: http://127.0.0.1.example.com\naccounts: [{ id: '123456789012' }]",
      '1:12 invalid-value publicUrl',
    ],
    [
      'an origin with a path',
      "publicUrl: https://sts.example.com/sts\naccounts: [{ id: '123456789012' }]",
      '1:12 invalid-value publicUrl',
    ],
    ['a port beyond 65535', `${BASE}listen: { port: 65536 }`, '3:17 invalid-value listen.port'],
    [
      'one port for both listeners',
      `${BASE}management: { port: 8080 }`,
      '3:21 invalid-value management.port',
    ],
    [
      'a proxy that is no network',
      `${BASE}listen: { trustedProxies: [10.0.0.0/33] }`,
      '3:28 invalid-value listen.trustedProxies[0]',
    ],
    ['a duration without unit', `${BASE}audit: { retain: 90 }`, '3:18 invalid-value audit.retain'],
    [
      'keys that rotate before everybody knows them',
      `${BASE}tokens: { keyRotation: 23h }`,
      '3:24 invalid-value tokens.keyRotation',
    ],
    [
      'keys that hardly ever rotate',
      `${BASE}tokens: { keyRotation: 401d }`,
      '3:24 invalid-value tokens.keyRotation',
    ],
    [
      'outbound federation by a word that is no truth value',
      "publicUrl: http://localhost\naccounts: [{ id: '123456789012', outboundWebIdentityFederation: 'yes' }]",
      '2:65 invalid-value accounts[0].outboundWebIdentityFederation',
    ],
    ['a duration of an unknown unit', `${BASE}audit: { retain: 90w }`, '3:18 invalid-value audit.retain'],
    [
      'two stores',
      `${BASE}store: { sqlite: { path: a }, redis: { url: 'redis://a' } }`,
      '3:8 invalid-value store',
    ],
    ['no store', `${BASE}store: {}`, '3:8 invalid-value store'],
    [
      'Sentinels without master',
      `${BASE}store: { redis: { sentinels: ['redis://a:1'] } }`,
      '3:17 invalid-value store.redis',
    ],
    [
      'a password in a URL',
      `${BASE}store: { redis: { url: 'redis://:pw@a' } }`,
      '3:24 invalid-value store.redis.url',
    ],
    ['a switch that is neither', `${BASE}outbound: { http: maybe }`, '3:19 invalid-value outbound.http'],
    // secrets
    ['a secret in the file', `${BASE}masterKey: hunter2`, '3:12 invalid-value masterKey'],
    ['a secret from two places', `${BASE}masterKey: { env: A, file: b }`, '3:12 invalid-value masterKey'],
    ['a variable that is not set', `${BASE}masterKey: { env: NOT_SET }`, '3:19 secret-missing masterKey.env'],
    ['a variable that is empty', `${BASE}masterKey: { env: EMPTY }`, '3:19 secret-missing masterKey.env'],
    [
      'a secret file that is missing',
      user('accessKeys: [{ id: AKIAAAAAAAAAAAAAAAAA, secret: { file: gone } }]'),
      ' secret-missing users[0].accessKeys[0].secret.file',
    ],
    [
      'a TOTP seed that is not base32',
      user("mfaDevices: [{ serial: 'GAHT12345678', totpSecret: { env: SECRET } }]"),
      ' secret-malformed users[0].mfaDevices[0].totpSecret',
    ],
    // accounts and names
    [
      'an account that does not exist',
      role('').replace("account: '123456789012'", "account: '999999999999'"),
      '5:14 unknown-account roles[0].account',
    ],
    [
      'an account twice',
      "publicUrl: http://localhost\naccounts: [{ id: '123456789012' }, { id: '123456789012' }]",
      '2:42 duplicate-entry accounts[1].id',
    ],
    [
      'a role name outside the alphabet',
      role('').replace('name: r', 'name: r/s'),
      '4:11 invalid-value roles[0].name',
    ],
    [
      'a role name of 65 characters',
      role('').replace('name: r', `name: ${'r'.repeat(65)}`),
      '4:11 invalid-value roles[0].name',
    ],
    ['a path without its slashes', role('path: team'), '10:11 invalid-value roles[0].path'],
    [
      'a session of 13 hours',
      role('maxSessionDuration: 13h'),
      '10:25 invalid-value roles[0].maxSessionDuration',
    ],
    [
      'a session of 59 minutes',
      role('maxSessionDuration: 59m'),
      '10:25 invalid-value roles[0].maxSessionDuration',
    ],
    [
      'role names that differ in case only',
      `${role('')}${role('')
        .slice(BASE.length + 7)
        .replace('name: r', 'name: R')}`,
      ' duplicate-entry roles[1].name',
    ],
    ['a reserved tag', role("tags: { 'AWS:x': a }"), ' invalid-value roles[0].tags["AWS:x"]'],
    ['tags that differ in case only', role('tags: { a: x, A: y }'), '10:11 invalid-value roles[0].tags'],
    [
      'a tag of 257 characters',
      role(`tags: { a: ${'x'.repeat(257)} }`),
      '10:16 invalid-value roles[0].tags.a',
    ],
    [
      '51 tags',
      role(`tags: { ${Array.from({ length: 51 }, (_, index) => `t${index}: x`).join(', ')} }`),
      '10:11 invalid-value roles[0].tags',
    ],
    [
      'an access key id outside the form',
      user('accessKeys: [{ id: ASIAAAAAAAAAAAAAAAAA, secret: { env: SECRET } }]'),
      ' invalid-value users[0].accessKeys[0].id',
    ],
    [
      'an access key id twice',
      user(
        'accessKeys: [{ id: AKIAAAAAAAAAAAAAAAAA, secret: { env: SECRET } }, { id: AKIAAAAAAAAAAAAAAAAA, secret: { env: SECRET } }]',
      ),
      ' duplicate-entry users[0].accessKeys[1].id',
    ],
    [
      'an MFA device of another account',
      user("mfaDevices: [{ serial: 'arn:aws:iam::999999999999:mfa/u', totpSecret: { env: SEED } }]"),
      ' wrong-account users[0].mfaDevices[0].serial',
    ],
    [
      'two root users in an account',
      `${user('root: true')}  - { name: v, account: '123456789012', root: true }\n`,
      ' duplicate-entry users[1].root',
    ],
    ['a group that does not exist', user('groups: [nobody]'), ' unknown-group users[0].groups[0]'],
    // policies
    [
      'a managed policy that does not exist',
      role("managedPolicies: ['arn:aws:iam::123456789012:policy/gone']"),
      '10:23 unknown-policy roles[0].managedPolicies[0]',
    ],
    [
      "one of AWS's managed policies",
      role("managedPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess']"),
      ' unknown-policy roles[0].managedPolicies[0]',
    ],
    [
      'a boundary that does not exist',
      role('permissionsBoundary: arn:aws:iam::123456789012:policy/gone'),
      '10:26 unknown-policy roles[0].permissionsBoundary',
    ],
    [
      'a trust policy with a Resource',
      role('').replace("Action: 'sts:AssumeRole'", "Action: 'sts:AssumeRole', Resource: '*'"),
      ' malformed-policy roles[0].trustPolicy.Statement[0]',
    ],
    [
      'an inline policy without actions',
      role("inlinePolicies: { p: { Version: '2012-10-17', Statement: [{ Effect: Allow, Resource: '*' }] } }"),
      ' malformed-policy roles[0].inlinePolicies.p.Statement[0]',
    ],
    [
      'a trust policy that is text',
      role('').replace(/trustPolicy:[^]*/, "trustPolicy: '{}'"),
      '6:18 invalid-value roles[0].trustPolicy',
    ],
    [
      'a faulty exchange policy',
      `${BASE}services: [{ name: s, account: '123456789012', audience: a, exchangePolicy: {} }]`,
      ' malformed-policy services[0].exchangePolicy',
    ],
    // providers
    [
      'an issuer with a query',
      provider('').replace('idp.example.com', 'idp.example.com?a'),
      ' invalid-value oidcProviders[0].issuer',
    ],
    [
      'an issuer with a wildcard',
      provider('').replace('idp', "'*'").replace("'*'", '*'),
      ' invalid-value oidcProviders[0].issuer',
    ],
    [
      'an issuer over plain http',
      provider('').replace('https://idp', 'http://idp'),
      ' insecure-url oidcProviders[0].issuer',
    ],
    [
      'keys over plain http',
      provider('jwks: { uri: http://idp.example.com/keys }'),
      ' insecure-url oidcProviders[0].jwks.uri',
    ],
    [
      'SAML metadata over plain http',
      saml('metadata: { url: http://idp.example.com/metadata }'),
      ' insecure-url samlProviders[0].metadata.url',
    ],
    [
      'SAML metadata that is missing',
      saml('metadata: { file: gone.xml }'),
      ' malformed-metadata samlProviders[0].metadata.file',
    ],
    [
      'a SAML clock skew beyond a minute',
      saml(`${FROM_URL}, clockSkew: 61s`),
      ' invalid-value samlProviders[0].clockSkew',
    ],
    [
      'a SAML signature by a shared secret',
      saml(`${FROM_URL}, signatureAlgorithms: [hmac-sha256]`),
      ' invalid-value samlProviders[0].signatureAlgorithms[0]',
    ],
    [
      'SAML encryption by 3DES',
      saml(`${FROM_URL}, encryptionAlgorithms: [tripledes-cbc]`),
      ' invalid-value samlProviders[0].encryptionAlgorithms[0]',
    ],
    [
      'SAML key transport by RSA 1.5',
      saml(`${FROM_URL}, encryptionAlgorithms: [rsa-1_5]`),
      ' invalid-value samlProviders[0].encryptionAlgorithms[0]',
    ],
    [
      'a SAML response that nobody signs',
      saml(`${FROM_URL}, signed: none`),
      ' invalid-value samlProviders[0].signed',
    ],
    [
      'a SAML subject format that is no URI',
      saml(`${FROM_URL}, subjectFormat: email`),
      ' invalid-value samlProviders[0].subjectFormat',
    ],
    [
      'a SAML provider that URLs would resolve away',
      saml(FROM_URL, "'..'"),
      ' invalid-value samlProviders[0].name',
    ],
    [
      'two SAML providers of one name, in whatever accounts: URLs tell them apart by it',
      `${BASE.replace("[{ id: '123456789012' }]", "[{ id: '123456789012' }, { id: '210987654321' }]")}samlProviders:
  - { name: corp, account: '123456789012', ${FROM_URL} }
  - { name: Corp, account: '210987654321', ${FROM_URL} }
`,
      ' duplicate-entry samlProviders[1].name',
    ],
    [
      'a symmetric algorithm',
      provider('algorithms: [HS256]'),
      ' invalid-value oidcProviders[0].algorithms[0]',
    ],
    ['the algorithm none', provider('algorithms: [none]'), ' invalid-value oidcProviders[0].algorithms[0]'],
    ['no algorithm', provider('algorithms: []'), ' invalid-value oidcProviders[0].algorithms'],
    ['a skew beyond five minutes', provider('clockSkew: 301s'), ' invalid-value oidcProviders[0].clockSkew'],
    [
      'a key set that is missing',
      provider('jwks: { file: gone.json }'),
      ' malformed-jwks oidcProviders[0].jwks.file',
    ],
    [
      'an issuer twice in an account',
      `${provider('')}${provider('')
        .slice(BASE.length + 15)
        .replace('name: p', 'name: q')}`,
      ' duplicate-entry oidcProviders[1].issuer',
    ],
  ])('refuses %s', (_title, text, expected) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });

  it.each([
    ['JSON that is no key set', '{"keys":{}}'],
    ['no JSON', 'keys'],
    ['an empty key set', '{"keys":[]}'],
    ['a symmetric key', '{"keys":[{"kty":"oct","k":"AAAA"}]}'],
    [
      'a private key',
      JSON.stringify({ keys: [{ ...EC_KEY, d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE' }] }),
    ],
    ['a damaged key', JSON.stringify({ keys: [{ ...EC_KEY, y: 'AAAA' }] })],
    ['5,000 keys', JSON.stringify({ keys: Array.from({ length: 5000 }, () => EC_KEY) })],
  ])('refuses a pinned key set that is %s', (_title, keys) => {
    writeFileSync(join(folder, 'pinned.json'), keys);
    expect(faultsOf(provider('jwks: { file: pinned.json }'))).toEqual([
      expect.stringContaining('malformed-jwks oidcProviders[0].jwks.file'),
    ]);
  });

  it('refuses a trust policy that names an unknown provider, at its statement', () => {
    const text = role('').replace(
      /- \{ Effect.*/,
      "- { Effect: Allow, Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/gone' }, Action: 'sts:AssumeRoleWithWebIdentity', Condition: { StringEquals: { 'gone:aud': a, 'gone:sub': b } } }",
    );
    expect(load(text)).toMatchObject({ ok: false });
    expect(faultsOf(text).filter((fault) => fault.startsWith('9:'))).not.toEqual([]);
  });

  it('warns of a role that nobody can assume, and loads', () => {
    const text = role('').replace("AWS: '123456789012'", "AWS: 'arn:aws:iam::123456789012:user/gone'");
    expect(load(text)).toMatchObject({
      ok: true,
      warnings: [{ code: 'unused-role', severity: 'warning', line: 7 }],
    });
  });

  it('allows plain http issuers inside a network where the switch says so', () => {
    const text = `${provider('').replace('https://idp', 'http://idp')}outbound: { http: allow }\n`;
    expect(configOf(text).oidcProviders[0]?.arn).toBe(
      'arn:aws:iam::123456789012:oidc-provider/idp.example.com',
    );
  });

  it('says what a misspelt key should have been', () => {
    const result = load(role('maxSesionDuration: 1h'));
    expect(result).toMatchObject({ ok: false, faults: [{ remedy: 'Did you mean "maxSessionDuration"?' }] });
  });

  it('never quotes a secret that stands in the file', () => {
    expect(JSON.stringify(load(`${BASE}masterKey: hunter2\n`))).not.toContain('hunter2');
  });
});

describe('loadConfig, many faults', () => {
  it('reports faults of every kind in one run, in the order of the file', () => {
    const text = `publicUrl: http://sts.example.com
accounts: [{ id: '123456789012' }]
regoin: a
roles:
  - name: first
    account: '123456789012'
    maxSessionDuration: 13h
    trustPolicy:
      Version: '2012-10-17'
      Statement: [{ Effect: Alow, Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' }]
  - account: '123456789012'
    trustPolicy: {}
  - name: third
    account: '999999999999'
    permissionsBoundary: arn:aws:iam::123456789012:policy/gone
    trustPolicy:
      Version: '2012-10-17'
      Statement: [{ Effect: Allow, Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' }]
masterKey: { env: NOT_SET }
region: a
region: b
`;
    expect(faultsOf(text).map((fault) => fault.replace(/:\d+/, ''))).toEqual([
      '1 invalid-value publicUrl',
      '3 unknown-key regoin',
      '7 invalid-value roles[0].maxSessionDuration',
      expect.stringMatching(/^10 malformed-policy roles\[0\]\.trustPolicy\.Statement\[0\]/),
      '11 missing-key roles[1].name',
      '14 unknown-account roles[2].account',
      '15 unknown-policy roles[2].permissionsBoundary',
      '19 secret-missing masterKey.env',
      '21 duplicate-key ',
    ]);
  });

  it('blames nobody for naming an entry that is there but faulty', () => {
    const text = `${role("managedPolicies: ['arn:aws:iam::123456789012:policy/m']")}policies:
  - { name: m, account: '123456789012', document: { Version: '2012-10-17' }, extra: 1 }
`;
    const faults = faultsOf(text);
    expect(faults.filter((fault) => fault.includes('unknown-policy'))).toEqual([]);
    expect(faults).toHaveLength(2);
  });
});

describe('loadConfig, hostile files', () => {
  it('refuses a file that is missing, too large or not UTF-8', () => {
    const missing = loadConfig(join(folder, 'gone.yaml'), { env: {}, parseSamlMetadata: parseIdpMetadata });
    expect(missing).toMatchObject({ ok: false, faults: [{ code: 'unreadable-file', line: 1, column: 1 }] });
    expect(loadConfig(folder, { env: {}, parseSamlMetadata: parseIdpMetadata })).toMatchObject({
      ok: false,
      faults: [{ code: 'unreadable-file' }],
    });
    expect(faultsOf(' '.repeat(5_000_001))).toEqual(['1:1 file-too-large ']);
    expect(faultsOf(Uint8Array.of(0x61, 0xff))).toEqual(['1:1 unreadable-file ']);
  });

  it('refuses aliases that expand beyond all bounds', () => {
    const levels = Array.from(
      { length: 20 },
      (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}]`,
    );
    expect(faultsOf(`a0: &a0 [x]\n${levels.join('\n')}\n`)).toEqual([expect.stringContaining('yaml-syntax')]);
  });

  it('refuses brackets that nest a hundred thousand deep', () => {
    const faults = faultsOf('['.repeat(100_000));
    expect(faults[0]).toContain('yaml-syntax');
    expect(faults.length).toBeLessThanOrEqual(100);
  });

  it('locates faults in a part that an alias stands for', () => {
    const text = `${BASE}listen: &l { port: 70000 }\nmanagement: *l\n`;
    expect(faultsOf(text)).toEqual(['3:20 invalid-value listen.port', '3:20 invalid-value management.port']);
  });

  it('never throws, and never accepts, arbitrary text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(load(text).ok).toBe(false);
      }),
    );
  });

  it('never throws for arbitrary values under known keys', () => {
    const keys = fc.constantFrom(
      'roles',
      'users',
      'accounts',
      'oidcProviders',
      'organization',
      'store',
      'listen',
    );
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 })), (value) => {
        expect(load(JSON.stringify(value)).ok).toBe(false);
      }),
    );
  });
});

const issued = (issuer: string) => `publicUrl: https://sts.acme.example
accounts: [{ id: '123456789012' }]
oidcProviders: [{ name: own, account: '123456789012', issuer: '${issuer}', audiences: [a] }]
`;
const codes = (issuer: string) => {
  const result = load(issued(issuer));
  return result.ok ? [] : result.faults.map(({ code, path }) => `${code} ${path}`);
};

describe('the bridge as its own identity provider', () => {
  it.each(['https://sts.acme.example', 'https://sts.acme.example/', 'https://STS.acme.example'])(
    'is refused under %s: a session could ask for a token and prolong itself with it for ever',
    (issuer) => {
      expect(codes(issuer)).toEqual(['own-issuer oidcProviders[0].issuer']);
    },
  );

  it.each(['https://sts.acme.example/realms/a', 'https://sts.acme.example:8443', 'https://idp.acme.example'])(
    'is not what %s is',
    (issuer) => {
      expect(codes(issuer)).toEqual([]);
    },
  );
});

describe('an issuer whose claims would be condition keys of ours', () => {
  it.each(['aws', 'AWS', 'sts', 'saml', 'rolebridge'])('is refused: https://%s', (host) => {
    expect(codes(`https://${host}`)).toEqual(['reserved-issuer oidcProviders[0].issuer']);
    expect(codes(`https://${host}.example.com`)).toEqual([]);
  });
});
