import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAssumeRoleRequest } from '../../../../src/domain/federation/assume-role-with-saml.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { SamlIdentity } from '../../../../src/domain/identity/saml-identity.ts';
import type { SamlProvider } from '../../../../src/domain/identity/saml-provider.ts';
import { isAccountId, isArn } from '../../../../src/domain/role/arn.ts';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/team/dev`;
const PROVIDER = `arn:aws:iam::${ACCOUNT}:saml-provider/corp`;
const ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/';

if (!isArn(PROVIDER) || !isAccountId(ACCOUNT)) throw new Error('not an ARN');
const provider: SamlProvider = {
  name: 'corp',
  arn: PROVIDER,
  account: ACCOUNT,
  metadata: { kind: 'document', xml: '' },
  roleAttribute: 'required',
  idpInitiated: 'deny',
  audiences: [],
  signatureAlgorithms: ['rsa-sha256'],
  signed: 'either',
  encryptionAlgorithms: [],
  clockSkewSeconds: 0,
  tags: {},
};
const optional: SamlProvider = { ...provider, roleAttribute: 'optional' };

type Attributes = Readonly<Record<string, readonly string[]>>;

function identity(attributes: Attributes, given: Partial<SamlIdentity> = {}): SamlIdentity {
  return {
    kind: 'saml',
    providerArn: provider.arn,
    issuer: 'https://corp.example.com/idp',
    subject: 'alice@example.com',
    audience: 'https://signin.aws.amazon.com/saml',
    conditionKeys: new Map(),
    tags: {},
    transitiveTagKeys: [],
    proofHash: '',
    proofId: '_1',
    expiresAtMs: 0,
    saml: {
      assertionId: '_1',
      recipient: 'https://signin.aws.amazon.com/saml',
      subjectType: 'persistent',
      nameQualifier: '',
      nameId: { value: 'alice@example.com' },
      issueInstantMs: 0,
      authnInstantMs: 0,
      attributes: new Map(Object.entries(attributes).map(([name, values]) => [ATTRIBUTE + name, values])),
    },
    ...given,
  };
}

const GOOD: Attributes = { Role: [`${ROLE},${PROVIDER}`], RoleSessionName: ['alice'] };

function outcome(attributes: Attributes, by = provider, roleArn = ROLE) {
  try {
    return toAssumeRoleRequest({ roleArn, policyArns: [] }, { identity: identity(attributes), provider: by });
  } catch (error) {
    if (error instanceof FederationError) return { code: error.code, text: error.params['text'] };
    throw error;
  }
}

const DENIED = { code: 'federation-denied', text: undefined };
const refused = (text: string) => ({ code: 'invalid-identity-token', text });

describe('the Role attribute (wire-spec 4)', () => {
  it.each([
    ['role first', `${ROLE},${PROVIDER}`],
    ['provider first', `${PROVIDER},${ROLE}`],
    ['blanks around', ` ${ROLE} , ${PROVIDER}\n`],
  ])('lists the pair, %s', (_, pair) => {
    expect(outcome({ ...GOOD, Role: ['something else', pair] })).toMatchObject({ roleArn: ROLE });
  });

  it.each([
    ['another role', `${ROLE}2,${PROVIDER}`],
    ['another provider', `${ROLE},${PROVIDER}2`],
    ["another account's provider of that name", `${ROLE},arn:aws:iam::444455556666:saml-provider/corp`],
    ['the role alone', ROLE],
    ['the role twice', `${ROLE},${ROLE}`],
    ['the provider twice', `${PROVIDER},${PROVIDER}`],
    ['no comma', `${ROLE} ${PROVIDER}`],
    ['two commas', `${ROLE},,${PROVIDER}`],
    ['a third ARN', `${ROLE},${ROLE},${PROVIDER}`],
    ['another case', `${ROLE.toUpperCase()},${PROVIDER}`],
    ['a pattern', `arn:aws:iam::${ACCOUNT}:role/*,${PROVIDER}`],
    ['nothing', ''],
  ])('opens nothing with %s', (_, pair) => {
    expect(outcome({ ...GOOD, Role: [pair] })).toEqual(DENIED);
    // Where it may be absent, what it says still counts.
    expect(outcome({ ...GOOD, Role: [pair] }, optional)).toEqual(DENIED);
  });

  it('may be absent only where the provider makes it optional', () => {
    expect(outcome({ RoleSessionName: ['alice'] })).toEqual(DENIED);
    expect(outcome({ RoleSessionName: ['alice'] }, optional)).toMatchObject({ roleArn: ROLE });
    expect(outcome({ ...GOOD, Role: [] }, optional)).toEqual(DENIED);
  });

  it('finds a role whose name holds a comma', () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/a,b`;
    expect(outcome({ ...GOOD, Role: [`${roleArn},${PROVIDER}`] }, provider, roleArn)).toMatchObject({
      roleArn,
    });
  });

  it.each(['AWSReservedSSO_Admin_0123456789abcdef', 'aws-reserved/sso.amazonaws.com/AWSReservedSSO_x_1'])(
    'does not open %s, which is for IAM Identity Center',
    (name) => {
      const roleArn = `arn:aws:iam::${ACCOUNT}:role/${name}`;
      expect(outcome({ ...GOOD, Role: [`${roleArn},${PROVIDER}`] }, provider, roleArn)).toEqual(DENIED);
    },
  );
});

describe('the session name (wire-spec 1.6, 4)', () => {
  const SYNTAX = refused('RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}');

  it.each([
    ['a blank', ['John Doe']],
    ['one character', ['a']],
    ['65 characters', ['a'.repeat(65)]],
    ['a letter outside ASCII', ['josé']],
    ['a line feed at its end', ['alice\n']],
    ['nothing in it', ['']],
    ['no value', []],
    ['two values', ['alice', 'alice']],
  ])('is refused with %s, also where the attribute is optional', (_, RoleSessionName) => {
    expect(outcome({ ...GOOD, RoleSessionName })).toEqual(SYNTAX);
    expect(outcome({ ...GOOD, RoleSessionName }, optional)).toEqual(SYNTAX);
  });

  it('is required where the Role attribute is', () => {
    expect(outcome({ Role: [`${ROLE},${PROVIDER}`] })).toEqual(
      refused('RoleSessionName is required in AuthnResponse'),
    );
  });

  it('is the subject where an IdP knows nothing of AWS', () => {
    expect(outcome({}, optional)).toMatchObject({ roleSessionName: 'alice@example.com' });
  });

  it('made from any other subject keeps to the alphabet, and two subjects do not share one', () => {
    const nameOf = (subject: string) =>
      toAssumeRoleRequest(
        { roleArn: ROLE, policyArns: [] },
        { identity: identity({}, { subject }), provider: optional },
      ).roleSessionName;
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), fc.string({ minLength: 1 }), (one, other) => {
        expect(nameOf(one)).toMatch(/^[\w+=,.@-]{2,64}$/);
        fc.pre(one !== other);
        expect(nameOf(one)).not.toBe(nameOf(other));
      }),
    );
    expect(nameOf('John Doe')).toMatch(/^John-Doe-[0-9a-f]{16}$/);
  });
});

describe('the durations (wire-spec 4)', () => {
  it.each([['899'], ['43201'], ['-900'], ['+900'], ['9e2'], ['1800.0'], [' 1800'], ['']])(
    'refuses a SessionDuration of %j',
    (text) => {
      const told = 'SessionDuration in AuthnResponse must be between 900 and 43200 seconds';
      expect(outcome({ ...GOOD, SessionDuration: [text] })).toEqual(refused(told));
    },
  );

  it('takes the SessionDuration attribute and SessionNotOnOrAfter as limits', () => {
    const saml = { ...identity({ ...GOOD, SessionDuration: ['1800'] }).saml, sessionNotOnOrAfterMs: 5 };
    const request = { roleArn: ROLE, policyArns: [], durationSeconds: 3600 };
    expect(toAssumeRoleRequest(request, { identity: identity({}, { saml }), provider })).toMatchObject({
      durationSeconds: 3600,
      proofLimits: { durationSeconds: 1800, notOnOrAfterMs: 5 },
    });
  });
});

it('hands on tags, transitive keys and source identity of the assertion, and nothing else as such', () => {
  const given = { tags: { Team: 'x' }, transitiveTagKeys: ['Team'], sourceIdentity: 'alice' };
  const { saml } = identity(GOOD);
  expect(
    toAssumeRoleRequest(
      { roleArn: ROLE, policyArns: [], policy: '{}' },
      { identity: identity({}, { ...given, saml }), provider },
    ),
  ).toEqual({
    action: 'sts:AssumeRoleWithSAML',
    roleArn: ROLE,
    roleSessionName: 'alice',
    policy: '{}',
    policyArns: [],
    proofLimits: {},
    tags: [{ key: 'Team', value: 'x' }],
    transitiveTagKeys: ['Team'],
    sourceIdentity: 'alice',
  });
});
