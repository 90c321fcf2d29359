import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listRoles } from '../../../../src/domain/federation/list-roles.ts';
import { createRoleIndex } from '../../../../src/domain/federation/role-index.ts';
import type { Identity } from '../../../../src/domain/identity/identity.ts';
import type { Role } from '../../../../src/domain/role/role.ts';
import {
  createPersonWorld,
  facts,
  makeIdentity,
  makePerson,
  makeRole,
  OIDC_ARN,
  SAML_ARN,
  type Statement,
} from './person-world.ts';

const KEY = 'idp.example.com:';

function isFound(statements: readonly Statement[], identity: Identity = makeIdentity()): boolean {
  const role = makeRole('dev', statements);
  return createRoleIndex([role])(identity).includes(role);
}

function withCondition(Condition: Readonly<Record<string, unknown>>, identity?: Identity): boolean {
  return isFound([{ Condition }], identity);
}

describe('what the index leaves out', () => {
  it.each([
    ['another value', { StringEquals: { [`${KEY}sub`]: 'bob' } }],
    ['a value that differs in case', { StringEquals: { [`${KEY}sub`]: 'Alice' } }],
    ['a pattern with another beginning', { StringLike: { [`${KEY}sub`]: 'bob-*' } }],
    ['a pattern that the whole text does not match', { StringLike: { [`${KEY}sub`]: 'ali*e-x' } }],
    ['a claim that the person lacks', { StringEquals: { [`${KEY}department`]: 'x' } }],
    ['a negated test that fails', { StringNotEquals: { [`${KEY}sub`]: 'alice' } }],
    ['a list test on a claim that is absent', { 'ForAnyValue:StringEquals': { [`${KEY}groups`]: 'dev' } }],
    ['one of two conditions', { StringEquals: { [`${KEY}aud`]: 'client-1', [`${KEY}sub`]: 'bob' } }],
    ['no value at all', { StringEquals: { [`${KEY}sub`]: [] } }],
  ])('%s', (_, Condition) => {
    expect(withCondition(Condition)).toBe(false);
  });

  it.each([
    ['another provider', { Principal: { Federated: `${OIDC_ARN}/2` } }],
    ['everybody, which admits no token', { Principal: '*' }],
    ['another action', { Action: 'sts:AssumeRole' }],
    ["SAML's action for a token", { Action: 'sts:AssumeRoleWithSAML' }],
    ['a Deny', { Effect: 'Deny' }],
  ] as const)('%s', (_, statement) => {
    expect(isFound([statement])).toBe(false);
  });

  it('a token of OpenID Connect where SAML is named, and the other way round', () => {
    const saml = { Principal: { Federated: SAML_ARN }, Action: 'sts:AssumeRoleWithSAML' };
    expect(isFound([saml])).toBe(false);
    expect(isFound([saml], makeIdentity({}, { kind: 'saml', providerArn: SAML_ARN }))).toBe(true);
  });
});

describe('what the index must not lose', () => {
  it.each([
    ['no condition', {}],
    ['an equal value', { StringEquals: { [`${KEY}sub`]: ['bob', 'alice'] } }],
    ['a key in another case', { StringEquals: { [`${KEY.toUpperCase()}SUB`]: 'alice' } }],
    ['a pattern', { StringLike: { [`${KEY}sub`]: 'al?c*' } }],
    ['a pattern of which nothing is left but its beginning', { StringLike: { [`${KEY}sub`]: 'alice*' } }],
    ['a pattern without beginning', { StringLike: { [`${KEY}sub`]: '*ice' } }],
    ['a pattern that is a plain text', { StringLike: { [`${KEY}sub`]: 'alice' } }],
    ['a test that may be absent', { StringEqualsIfExists: { [`${KEY}department`]: 'x' } }],
    ['a negated test of an absent claim', { StringNotEquals: { [`${KEY}department`]: 'x' } }],
    ['a variable', { StringEquals: { [`${KEY}sub`]: '${aws:RequestTag/name}' } }],
    ['a variable behind a beginning', { StringEquals: { [`${KEY}sub`]: 'al${aws:RequestTag/rest}' } }],
    ['a key of the request', { StringEquals: { 'aws:RequestTag/team': 'x' } }],
    ['a key of the role', { StringEquals: { 'aws:ResourceTag/team': 'x' } }],
    ["the session's name", { StringEquals: { 'sts:RoleSessionName': 'alice' } }],
    ['a second factor', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }],
    ['an address', { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }],
    ['absence', { Null: { [`${KEY}department`]: 'true' } }],
  ])('%s', (_, Condition) => {
    expect(withCondition(Condition)).toBe(true);
  });

  it('a claim whose name is in another case', () => {
    const Condition = { StringEquals: { [`${KEY}team`]: 'x' } };
    expect(withCondition(Condition, makeIdentity({ Team: 'x' }))).toBe(true);
  });

  it('any value of a list', () => {
    const Condition = { 'ForAnyValue:StringLike': { [`${KEY}groups`]: ['ops', 'dev-*'] } };
    expect(withCondition(Condition, makeIdentity({ groups: ['a', 'dev-1'] }))).toBe(true);
    expect(withCondition(Condition, makeIdentity({ groups: ['a', 'de'] }))).toBe(false);
  });

  it('a second statement, when the first is for somebody else', () => {
    expect(
      isFound([
        { Condition: { StringEquals: { [`${KEY}sub`]: 'bob' } } },
        { Condition: { StringEquals: { [`${KEY}sub`]: 'alice' } } },
      ]),
    ).toBe(true);
  });
});

it('names a role once, however many statements and values lead to it', () => {
  const Condition = { 'ForAnyValue:StringEquals': { [`${KEY}groups`]: ['a', 'b'] } };
  const role = makeRole('dev', [{ Condition }, { Condition }, {}]);
  expect(createRoleIndex([role])(makeIdentity({ groups: ['a', 'b'] }))).toEqual([role]);
});

it('files statements under the rarest text, so that what all roles have in common finds none of them', () => {
  const roles = Array.from({ length: 100 }, (_, index) =>
    makeRole(`team-${index}`, [
      { Condition: { StringEquals: { [`${KEY}aud`]: 'client-1', [`${KEY}department`]: `d${index}` } } },
    ]),
  );
  let asked = 0;
  const counting = roles.map((role) => ({
    ...role,
    trustPolicy: {
      ...role.trustPolicy,
      statements: role.trustPolicy.statements.map((one) => ({
        ...one,
        conditions: one.conditions.map((condition) => ({
          ...condition,
          passes: (...given: Parameters<typeof condition.passes>) => {
            asked += 1;
            return condition.passes(...given);
          },
        })),
      })),
    },
  }));
  const found = createRoleIndex(counting)(makeIdentity({ department: 'd7' }));
  expect(found.map(({ name }) => name)).toEqual(['team-7']);
  expect(asked).toBe(2);
});

const values = fc.constantFrom('alice', 'al', 'bob', 'dev', 'dev-1', 'ops', '');
const operand = fc.constantFrom(
  'alice',
  'dev',
  'ops',
  '',
  'al*',
  'dev*',
  '*',
  '?ev',
  'dev-?',
  '*e',
  '${idp.example.com:sub}',
  'al${idp.example.com:rest}',
  'd${*}',
  "${aws:FederatedProvider, 'dev'}",
);
const key = fc.constantFrom(
  `${KEY}sub`,
  `${KEY}groups`,
  `${KEY}Department`,
  `${KEY}amr`,
  'aws:FederatedProvider',
  'aws:SourceIp',
  'aws:MultiFactorAuthPresent',
  'aws:ResourceTag/team',
  'sts:RoleSessionName',
);
const operator = fc
  .tuple(
    fc.constantFrom('', '', 'ForAnyValue:', 'ForAllValues:'),
    fc.constantFrom(
      'StringEquals',
      'StringLike',
      'StringNotEquals',
      'StringNotLike',
      'StringEqualsIgnoreCase',
      'ArnLike',
      'Bool',
    ),
    fc.constantFrom('', '', 'IfExists'),
  )
  .map((parts) => parts.join(''));
const block = fc.dictionary(key, fc.array(operand, { maxLength: 3 }), { minKeys: 1, maxKeys: 2 });
const nulls = fc.dictionary(key, fc.boolean(), { minKeys: 1, maxKeys: 1 }).map((keys) => ({ Null: keys }));
const condition = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(operator, block, { maxKeys: 2 }) },
  { weight: 1, arbitrary: nulls },
);
const statement: fc.Arbitrary<Statement> = fc.record(
  {
    Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    Principal: fc.constantFrom<unknown>(
      { Federated: OIDC_ARN },
      { Federated: OIDC_ARN },
      { Federated: [SAML_ARN, OIDC_ARN] },
      { Federated: SAML_ARN },
      '*',
    ),
    Action: fc.constantFrom('sts:AssumeRoleWithWebIdentity', 'sts:Assume*', [
      'sts:TagSession',
      'sts:assumerolewithWEBidentity',
    ]),
    Condition: condition,
  },
  { requiredKeys: ['Condition'] },
);
const roles = fc
  .array(fc.array(statement, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 })
  .map((lists) => lists.map((list, index) => makeRole(`r${index}`, list, { tags: { team: 'dev' } })));
const identity = fc
  .record(
    {
      sub: values,
      groups: fc.array(values, { maxLength: 3 }),
      department: fc.oneof(values, fc.array(values, { maxLength: 2 })),
      amr: fc.array(values, { maxLength: 2 }),
    },
    { requiredKeys: ['sub'] },
  )
  .map((claims) => makeIdentity(claims, { subject: claims.sub === '' ? 'x' : claims.sub }));

describe('the index and the gate', () => {
  it('no role that the gate would open is ever lost', () => {
    let opened = 0;
    fc.assert(
      fc.property(roles, identity, fc.boolean(), (list, bearer, proved) => {
        const { deps, store } = createPersonWorld(list);
        const person = makePerson(bearer, proved ? { mfaAgeSeconds: 5 } : {});
        const open = (candidates: readonly Role[]): readonly string[] =>
          listRoles(person, facts, {
            ...deps,
            directory: { ...deps.directory, candidateRoles: () => candidates },
          })
            .map(({ role }) => role.name)
            .sort();
        const all = open(list);
        opened += all.length;
        expect(open(deps.directory.candidateRoles(bearer))).toEqual(all);
        void store.close();
      }),
      { numRuns: 1500 },
    );
    // A property of nothing would hold, too.
    expect(opened).toBeGreaterThan(500);
  });
});
