import { afterAll, describe, expect, it } from 'vitest';
import { createDirectory } from '../../../src/config/directory.ts';
import { BASE, createConfigFolder } from './config-folder.ts';

const SECRET = 'GOCSPX-not-for-anybody';
const { findings, faultsOf, configOf, remove } = createConfigFolder({ SECRET });
afterAll(remove);

const TWO_ACCOUNTS = BASE.replace(
  "[{ id: '123456789012' }]",
  "[{ id: '123456789012' }, { id: '210987654321' }]",
);
type Place = {
  readonly name?: string;
  readonly account?: string;
  readonly issuer?: string;
  readonly more?: string;
};
const ISSUER = 'https://idp.example.com';

/** One line of `oidcProviders`, with sign-in. */
const oidc = (
  signIn: string,
  { name = 'web', account = '123456789012', issuer = ISSUER, more = '' }: Place = {},
) =>
  `  - { name: ${name}, account: '${account}', issuer: ${issuer}, audiences: [app], ${more} signIn: { displayName: Web, clientId: app, ${signIn} } }\n`;
const saml = (signIn: string, { name = 'corp', account = '123456789012', more = '' }: Place = {}) =>
  `  - { name: ${name}, account: '${account}', metadata: { url: ${ISSUER}/saml }, ${more} signIn: { displayName: Corp, ${signIn} } }\n`;
/** A role for the people of `web` and `corp`. */
const roles = (actions = 'sts:AssumeRoleWithWebIdentity', samlActions = 'sts:AssumeRoleWithSAML') => `roles:
  - name: r
    account: '123456789012'
    trustPolicy:
      Version: '2012-10-17'
      Statement:
        - Effect: Allow
          Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/idp.example.com' }
          Action: [${actions}]
          Condition: { StringEquals: { idp.example.com:aud: app } }
        - { Effect: Allow, Principal: { Federated: 'arn:aws:iam::123456789012:saml-provider/corp' }, Action: [${samlActions}] }
`;
const both = (oidcSignIn = '', samlSignIn = '') =>
  `${BASE}oidcProviders:\n${oidc(oidcSignIn)}samlProviders:\n${saml(samlSignIn)}${roles()}`;
const one = (signIn: string, place: Place = {}) => `${BASE}oidcProviders:\n${oidc(signIn, place)}`;

describe('what the configuration says of sign-in', () => {
  it('carries the registration, with its secret and the defaults', () => {
    const { oidcProviders, samlProviders } = configOf(
      both('clientSecret: { env: SECRET }, domains: [a.example]'),
    );
    const { clientSecret, ...signIn } = oidcProviders[0]?.signIn ?? {};
    expect(clientSecret?.reveal()).toBe(SECRET);
    expect(signIn).toEqual({
      displayName: 'Web',
      domains: ['a.example'],
      mfa: 'never',
      mfaValues: [],
      preset: 'generic',
      clientId: 'app',
      scopes: ['openid', 'email', 'profile'],
      hostedDomains: [],
    });
    expect(samlProviders[0]?.signIn).toEqual({
      displayName: 'Corp',
      domains: [],
      mfa: 'never',
      mfaValues: [],
    });
  });

  it('carries neither a section nor a secret where nobody signs in', () => {
    const text = `${BASE}oidcProviders:\n  - { name: ci, account: '123456789012', issuer: ${ISSUER}, audiences: [a] }\n`;
    expect(configOf(text).oidcProviders[0]).not.toHaveProperty('signIn');
    expect(createDirectory(configOf(text)).signInProviders()).toEqual([]);
    expect(configOf(BASE)).toMatchObject({
      mfa: { required: 'by-policy', issuerName: 'Rolebridge' },
      browserSession: { idleMs: 3_600_000, absoluteMs: 43_200_000 },
      branding: { name: 'Rolebridge' },
    });
  });

  it.each([
    ['https://accounts.google.com', 'google'],
    ['https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab1', 'cognito'],
    ['https://login.microsoftonline.com/33e01921-4d64-4f8c-a055-5bdaffd5e33d/v2.0', 'entra'],
    ['https://acme.okta.com', 'okta'],
    ['https://acme.oktapreview.com/oauth2/default', 'okta'],
    ['https://accounts.google.com.evil.example', 'generic'],
    ['https://evil.example/accounts.google.com', 'generic'],
    ['https://acmeokta.com', 'generic'],
    ['https://cognito-idp.evil.example.amazonaws.com', 'generic'],
    ['https://cognito-idp.amazonaws.com.evil.example', 'generic'],
  ])('takes %s for %s', (issuer, preset) => {
    expect(configOf(one('', { issuer })).oidcProviders[0]?.signIn?.preset).toBe(preset);
  });

  it('takes the preset that is named, whatever the host', () => {
    const { signIn } = configOf(one('preset: google, hostedDomains: [acme.example]')).oidcProviders[0] ?? {};
    expect(signIn).toMatchObject({ preset: 'google', hostedDomains: ['acme.example'] });
  });

  it("believes only values that promise a second factor, unless others are named, and none where the provider's is not trusted", () => {
    const valuesOf = (signIn: string) => configOf(one(signIn)).oidcProviders[0]?.signIn?.mfaValues;
    expect(valuesOf('mfa: trust-amr')).toContain('mfa');
    expect(valuesOf('mfa: trust-acr')).toContain('https://refeds.org/profile/mfa');
    for (const mfa of ['trust-amr', 'trust-acr'])
      for (const weak of ['pwd', 'sms', '0', '1', 'urn:okta:loa:2fa:any:ifpossible'])
        expect(valuesOf(`mfa: ${mfa}`)).not.toContain(weak);
    expect(valuesOf('mfa: trust-amr, mfaValues: [hwk]')).toEqual(['hwk']);
    expect(valuesOf('mfa: never')).toEqual([]);
  });

  it('finds providers by name and by ARN, in the order of the file', () => {
    const directory = createDirectory(configOf(both()));
    const [web, corp] = directory.signInProviders();
    expect([web?.kind, corp?.kind]).toEqual(['oidc', 'saml']);
    expect(directory.signInProviderNamed('web')).toBe(web);
    expect(directory.signInProviderNamed('Web')).toBeUndefined();
    expect(directory.signInProvider('arn:aws:iam::123456789012:saml-provider/corp')).toBe(corp);
    expect(directory.signInProvider('corp')).toBeUndefined();
    expect(directory.signInProviderNamed('__proto__')).toBeUndefined();
  });

  it('prints no client secret', () => {
    expect(JSON.stringify(configOf(one('clientSecret: { env: SECRET }')))).not.toContain(SECRET);
  });

  it('finds nothing in providers of both kinds that a role names', () => {
    expect(findings(both())).toEqual([]);
  });
});

describe('faults of sign-in', () => {
  const two = (first: string, second: string) => `${BASE}oidcProviders:\n${first}${second}`;

  it.each([
    [
      'an OIDC and a SAML provider of one name',
      both().replace('name: corp', 'name: WEB').replace('saml-provider/corp', 'saml-provider/WEB'),
      '6:13 duplicate-entry samlProviders[0].name',
    ],
    [
      'providers of one name in two accounts',
      `${TWO_ACCOUNTS}oidcProviders:\n${oidc('')}${oidc('', { account: '210987654321' })}`,
      '5:13 duplicate-entry oidcProviders[1].name',
    ],
    [
      'providers of one name in one account, once',
      two(oidc(''), oidc('', { issuer: 'https://other.example.com' })),
      '5:13 duplicate-entry oidcProviders[1].name',
    ],
    [
      'an e-mail domain that two providers claim',
      both('domains: [a.example, b.example]', 'domains: [c.example, b.example]'),
      ' duplicate-entry samlProviders[0].signIn.domains[1]',
    ],
    [
      'an e-mail domain in capitals, which would match nobody',
      one('domains: [A.example]'),
      ' invalid-value oidcProviders[0].signIn.domains[0]',
    ],
    ['scopes without openid', one('scopes: [email]'), ' invalid-value oidcProviders[0].signIn.scopes'],
    [
      'hosted domains of another provider than Google',
      one('hostedDomains: [acme.example]'),
      ' invalid-value oidcProviders[0].signIn.hostedDomains',
    ],
    [
      'values of a second factor that counts for nothing',
      one('mfaValues: [mfa]'),
      ' invalid-value oidcProviders[0].signIn.mfaValues',
    ],
    [
      'no value at all',
      one('mfa: trust-amr, mfaValues: []'),
      ' invalid-value oidcProviders[0].signIn.mfaValues',
    ],
    ['an unknown preset', one('preset: auth0'), ' invalid-value oidcProviders[0].signIn.preset'],
    [
      'a client secret that is not set',
      one('clientSecret: { env: GONE }'),
      ' secret-missing oidcProviders[0].signIn.clientSecret.env',
    ],
    [
      'a sign-in that ends before it may idle',
      `${BASE}browserSession: { idle: 2h, absolute: 1h }\n`,
      '3:39 invalid-value browserSession.absolute',
    ],
    [
      'the same with the default end',
      `${BASE}browserSession: { idle: 13h }\n`,
      '3:17 invalid-value browserSession.absolute',
    ],
  ])('refuses %s', (_title, text, expected) => {
    const errors = findings(text).filter(({ severity }) => severity === 'error');
    expect(errors).toHaveLength(1);
    expect(faultsOf(text).join('\n')).toContain(expected);
  });

  it.each(['common', 'organizations', 'consumers', 'Common', '9188040d-6c67-4c5b-b112-36a304b66dad'])(
    'refuses the address of Entra ID for %s, which is nobody’s own tenant',
    (tenant) => {
      const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`;
      const [fault] = findings(one('', { issuer }));
      expect(fault).toMatchObject({ code: 'any-tenant-issuer', path: 'oidcProviders[0].issuer', line: 4 });
      expect(fault?.remedy).toContain('<tenant id>');
    },
  );

  it('leaves two providers of one name alone where people sign in with only one of them', () => {
    const silent = `  - { name: web, account: '210987654321', issuer: ${ISSUER}, audiences: [a] }\n`;
    const text = `${TWO_ACCOUNTS}oidcProviders:\n${oidc('')}${silent}${roles().replace(/ +- \{ Effect.*\n/, '')}`;
    expect(faultsOf(text)).toEqual([]);
  });

  it('takes a sign-in that may idle until its end', () => {
    expect(faultsOf(`${BASE}browserSession: { idle: 8h, absolute: 8h }\n`)).toEqual([]);
  });
});

describe('warnings of sign-in', () => {
  it('tells of providers whose people will see no role', () => {
    const text = both().replace(/roles:[^]*/, '');
    expect(faultsOf(text)).toEqual([
      expect.stringContaining('unused-provider oidcProviders[0].signIn'),
      expect.stringContaining('unused-provider samlProviders[0].signIn'),
    ]);
  });

  it.each([
    ['no owner', 'accounts.google.com:aud: c', 1],
    ['the domain of an organisation', 'accounts.google.com:hd: acme.example', 0],
    ['one account', "accounts.google.com:sub: '117'", 0],
  ])('tells of a role for Google that tests %s', (_, condition, warnings) => {
    const provider = 'arn:aws:iam::123456789012:oidc-provider/accounts.google.com';
    const text = `${BASE}oidcProviders:
  - { name: g, account: '123456789012', issuer: https://accounts.google.com, audiences: [c] }
roles:
  - name: r
    account: '123456789012'
    trustPolicy:
      Version: '2012-10-17'
      Statement:
        - Effect: Allow
          Principal: { Federated: '${provider}' }
          Action: sts:AssumeRoleWithWebIdentity
          Condition: { StringEquals: { ${condition} } }
`;
    const found = faultsOf(text).filter((fault) => fault.includes('open-to-google-accounts'));
    expect(found).toHaveLength(warnings);
  });

  it('does not take a Deny for an open role', () => {
    const text = both().replace('- { Effect: Allow', '- { Effect: Deny');
    expect(faultsOf(text)).toContainEqual(expect.stringContaining('unused-provider samlProviders[0].signIn'));
  });

  it.each([
    ['tags: { team: team },', 'sts:TagSession'],
    ['sourceIdentity: email,', 'sts:SetSourceIdentity'],
  ])('tells of a role that refuses what %s brings', (more, action) => {
    const text = (actions: string, samlActions: string) =>
      `${BASE}oidcProviders:\n${oidc('', { more })}samlProviders:\n${saml('', { more })}${roles(actions, samlActions)}`;
    const [web, corp] = ['sts:AssumeRoleWithWebIdentity', 'sts:AssumeRoleWithSAML'];
    const warnings = findings(text(web, corp));
    expect(warnings.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'missing-companion-action roles[0].trustPolicy',
      'missing-companion-action roles[0].trustPolicy',
    ]);
    expect(warnings[0]?.remedy).toContain(action);
    expect(findings(text(`${web}, ${action}`, `${corp}, ${action}`))).toEqual([]);
    expect(findings(text("'sts:*'", "'sts:*'"))).toEqual([]);
  });

  it.each([
    ['http://127.0.0.1:8080', 1],
    ["'http://[::1]:8080'", 1],
    ['https://192.0.2.7', 1],
    ['http://localhost:8080', 0],
    ['https://sts.example.com', 0],
  ])('counts for %s %i warnings that passkeys need a name (WebAuthn 3, 5.1.3)', (publicUrl, count) => {
    const found = faultsOf(both().replace('http://localhost:8080', publicUrl));
    expect(found.filter((fault) => fault.includes('passkeys-need-a-name publicUrl'))).toHaveLength(count);
    expect(found).toHaveLength(count);
  });

  it('says nothing of passkeys where nobody signs in', () => {
    expect(faultsOf(BASE.replace('localhost', '127.0.0.1'))).toEqual([]);
  });
});
