import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MalformedPolicyError,
  parsePolicy,
  parsePolicyText,
  type PolicyKind,
} from '../../../../src/domain/policy/document.ts';
import { allowAll } from './fixtures.ts';

function faultsOf(parse: () => unknown): MalformedPolicyError['faults'] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof MalformedPolicyError) return error.faults;
    throw error;
  }
}

function faultsIn(kind: PolicyKind, statement: Readonly<Record<string, unknown>>) {
  const document = { Version: '2012-10-17', Statement: [statement] };
  return faultsOf(() => parsePolicy(document, { kind, name: 'p' }));
}

function faultsInText(text: string, kind: PolicyKind = 'identity') {
  return faultsOf(() => parsePolicyText(text, { kind, name: 'p' }));
}

const trust = {
  Effect: 'Allow',
  Principal: { AWS: '111122223333' },
  Action: 'sts:AssumeRole',
};

describe('documents that are read (wire-spec 6.2)', () => {
  it('takes single values for lists, both versions, Id and Sid', () => {
    const document = { Version: '2008-10-17', Id: 'x', Statement: { ...allowAll, Sid: 'One' } };
    const policy = parsePolicy(document, { kind: 'identity', name: 'p' });
    expect(policy.statements).toMatchObject([{ sid: 'One', effect: 'Allow', path: ['Statement'], index: 0 }]);
  });

  it.each([
    ['sts:AssumeRole*'],
    ['sts:*'],
    ['STS:tagsession'],
    [['sts:AssumeRoleWithSAML', 'sts:SetSourceIdentity', 'sts:SetContext']],
  ])('takes %j in a trust policy', (action) => {
    expect(faultsIn('trust', { ...trust, Action: action })).toEqual([]);
  });

  it.each([
    { AWS: ['*', '111122223333', 'arn:aws:iam::111122223333:root', 'arn:aws:iam::111122223333:user/a/b'] },
    { AWS: 'arn:aws:sts::111122223333:assumed-role/dev/s1' },
    { AWS: 'arn:aws:sts::111122223333:federated-user/bob' },
    { AWS: 'AROAEXAMPLEDEV0000001' },
    { Service: ['ec2.amazonaws.com', 'states.eu-west-1.amazonaws.com'] },
    { Federated: 'arn:aws:iam::111122223333:saml-provider/corp' },
    '*',
  ])('takes the principal %j', (principal) => {
    expect(faultsIn('trust', { ...trust, Principal: principal })).toEqual([]);
  });

  it('lets a policy of one resource leave the resource out and name other services’ actions', () => {
    expect(faultsIn('resource', { ...trust, Action: 'rolebridge:ExchangeToken' })).toEqual([]);
  });

  it('takes an empty condition block', () => {
    expect(faultsIn('identity', { ...allowAll, Condition: {} })).toEqual([]);
    expect(faultsIn('identity', { ...allowAll, Condition: { StringEquals: {} } })).toEqual([]);
  });
});

describe('documents that are refused (wire-spec 6.2, 8.3)', () => {
  it.each<[PolicyKind, Readonly<Record<string, unknown>>, string]>([
    ['identity', { ...allowAll, Principal: '*' }, 'Policy document should not specify a principal.'],
    ['identity', { Effect: 'Allow', Resource: '*' }, 'Policy statement must contain actions.'],
    ['identity', { ...allowAll, Action: [] }, 'Policy statement must contain actions.'],
    ['identity', { ...allowAll, Resource: [] }, 'Policy statement must contain resources.'],
    ['identity', { ...allowAll, Action: 's3:Get:Object' }, 'Actions/Condition can contain only one colon.'],
    ['identity', { ...allowAll, Action: 's3:' }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, NotAction: 's3:*' }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Action: 7 }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Effect: 'allow' }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Sid: 1 }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Sid: 'not alnum' }, 'Statement IDs (SID) must be alpha-numeric.'],
    [
      'identity',
      { ...allowAll, Resource: 'arn:foo:s3:::b' },
      'Partition "foo" is not valid for resource "arn:foo:s3:::b".',
    ],
    [
      'identity',
      { ...allowAll, Resource: 'arn:aws:iam:us-east-1:111122223333:role/x' },
      'IAM resource arn:aws:iam:us-east-1:111122223333:role/x cannot contain region information.',
    ],
    [
      'identity',
      { ...allowAll, Resource: 'arn:aws:iam::111122223333:roles/x' },
      expect.stringContaining('IAM resource path must either be "*" or start with user/'),
    ],
    ['identity', { ...allowAll, Resource: 'arn:aws:s3:::${aws:username' }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Resource: 'arn:aws:s3:::${}' }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Resource: 'arn:aws:s3:::${aws:username, x}' }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Condition: 'x' }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Condition: { StringEquals: 'x' } }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Condition: { StringEquals: { 'aws:x': null } } }, 'Syntax errors in policy.'],
    ['identity', { ...allowAll, Condition: { StringEquals: { 'aws:x': [{}] } } }, 'Syntax errors in policy.'],
    [
      'identity',
      { ...allowAll, Condition: { NumericEquals: { 'aws:x': 2 ** 53 } } },
      'Syntax errors in policy.',
    ],
    [
      'identity',
      { ...allowAll, Condition: { NullIfExists: { 'aws:x': 'true' } } },
      'Invalid Condition type : NullIfExists',
    ],
    [
      'identity',
      { ...allowAll, Condition: { 'ForAnyValue:Null': { 'aws:x': 'true' } } },
      'Invalid Condition type : ForAnyValue:Null',
    ],
    [
      'identity',
      { ...allowAll, Condition: { constructor: { 'aws:x': 'a' } } },
      'Invalid Condition type : constructor',
    ],
    [
      'identity',
      { ...allowAll, Condition: { StringEquals: { username: 'a' } } },
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'trust',
      { ...trust, Action: 'sts:GetCallerIdentity' },
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    ['trust', { ...trust, Action: '*' }, 'AssumeRole policy may only specify STS AssumeRole actions.'],
    [
      'trust',
      { ...trust, Action: 's3:GetObject' },
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'trust',
      { Effect: 'Allow', Principal: '*', NotAction: 'sts:TagSession' },
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    ['trust', { Effect: 'Allow', Action: 'sts:AssumeRole' }, 'Missing required field Principal'],
    ['trust', { Effect: 'Allow', Principal: '*' }, 'Missing required field Action'],
    ['trust', { ...trust, Principal: {} }, 'Syntax errors in policy.'],
    ['trust', { ...trust, Principal: { AWS: [] } }, 'Syntax errors in policy.'],
    ['trust', { ...trust, Principal: 'alice' }, 'Invalid principal in policy: "AWS":"alice"'],
    ['trust', { ...trust, Principal: { Toaster: 'x' } }, 'Invalid principal in policy: "Toaster":"x"'],
    ['trust', { ...trust, Principal: { toString: 'x' } }, 'Invalid principal in policy: "toString":"x"'],
    [
      'trust',
      { ...trust, Principal: { CanonicalUser: 'ab12' } },
      'Invalid principal in policy: "CanonicalUser":"ab12"',
    ],
    [
      'rcp',
      { ...allowAll, Principal: { AWS: '111122223333' } },
      'Resource control policies must name the principal "*".',
    ],
    ['rcp', allowAll, 'Missing required field Principal'],
  ])('%s %j', (kind, statement, message) => {
    expect(faultsIn(kind, statement)[0]?.message).toEqual(message);
  });

  it.each([
    'arn:aws:iam::111122223333:group/admins',
    'arn:aws:iam::111122223333:user/*',
    'arn:aws:iam::*:root',
    'arn:aws:iam::1111:user/alice',
    'arn:aws:s3:::bucket',
    'arn:aws:sts::111122223333:assumed-role/dev',
    '11112222333',
  ])('refuses %s as AWS principal (wire-spec 6.3)', (value) => {
    const message = `Invalid principal in policy: "AWS":"${value}"`;
    expect(faultsIn('trust', { ...trust, Principal: { AWS: value } })[0]?.message).toBe(message);
  });

  it.each([
    null,
    [],
    'text',
    7,
    { Statement: [null] },
    { Statement: 'x' },
    {},
    { Version: 2012, Statement: [allowAll] },
  ])('refuses %j', (document) => {
    expect(faultsOf(() => parsePolicy(document, { kind: 'identity', name: 'p' }))).not.toEqual([]);
  });

  it('demands the newer version of stored policies', () => {
    const faults = faultsOf(() => parsePolicy({ Statement: allowAll }, { kind: 'managed', name: 'p' }));
    expect(faults[0]?.message).toBe('Policy document must be version 2012-10-17 or greater.');
  });

  it('reports every fault with its place, the first one first', () => {
    const document = {
      Version: '2012-10-17',
      Statement: [
        { ...allowAll, Action: ['s3:GetObject', 'Get'] },
        { ...allowAll, Condition: { StringEqual: {} } },
      ],
    };
    expect(
      faultsOf(() => parsePolicy(document, { kind: 'identity', name: 'p' })).map(({ path }) => path),
    ).toEqual([
      ['Statement', 0, 'Action', 1],
      ['Statement', 1, 'Condition', 'StringEqual'],
    ]);
  });
});

describe('hostile JSON text', () => {
  const valid = JSON.stringify({ Version: '2012-10-17', Statement: [allowAll] });

  it('reads what is well formed', () => {
    expect(faultsInText(valid)).toEqual([]);
    expect(faultsInText(` {"Statement" : ${JSON.stringify(allowAll)} , "Id":"a\\"}:{" } `)).toEqual([]);
  });

  it.each([
    ['nested 100,000 deep', '['.repeat(100_000)],
    ['nested 60,000 deep and closed', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['nested inside a condition value', valid.replace('"*"', `${'['.repeat(40)}"*"${']'.repeat(40)}`)],
    ['longer than 131,072 characters', `${valid}${' '.repeat(131_072)}`],
    ['with a member twice', valid.replace('"Effect":"Allow"', '"Effect":"Deny","Effect":"Allow"')],
    [
      'with a member twice, once escaped',
      valid.replace('"Effect":"Allow"', '"\\u0045ffect":"Deny","Effect":"Allow"'),
    ],
    ['with a prototype in it', valid.replace('"Effect"', '"__proto__":{"Effect":"Allow"},"Effect"')],
    ['with an unclosed string', '{"a'],
    ['with a backslash at its end', '{"a\\'],
    ['with a byte order mark', `\uFEFF${valid}`],
    ['empty', ''],
  ])('refuses text %s', (_, text) => {
    expect(faultsInText(text)[0]?.message).toBe('Syntax errors in policy.');
    expect(faultsInText(text, 'trust')).not.toEqual([]);
  });

  it('throws nothing but MalformedPolicyError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(faultsInText(text)).not.toEqual([]);
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(faultsIn('identity', { ...allowAll, Condition: value, Extra: value })).not.toEqual([]);
      }),
    );
  });
});
