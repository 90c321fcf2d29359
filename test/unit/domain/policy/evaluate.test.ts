import { describe, expect, it } from 'vitest';
import { evaluatePolicies } from '../../../../src/domain/policy/evaluate.ts';
import type { Principal } from '../../../../src/domain/policy/request.ts';
import {
  ACCOUNT,
  alice,
  allowAll,
  bob,
  denyAll,
  devSession,
  outcomeOf,
  policyOf,
  requestOf,
  token,
} from './fixtures.ts';

const OTHER = '444455556666';
const identity = [policyOf('identity', allowAll)];
const nothing = policyOf('session', { ...allowAll, Action: 'ec2:*' });
const everything = policyOf('session', allowAll);
const root: Principal = {
  type: 'root',
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  account: ACCOUNT,
  userId: ACCOUNT,
};
const service: Principal = { type: 'service', service: 'ec2.amazonaws.com' };
const anonymous: Principal = { type: 'anonymous' };
const accountOnly = (resourceAccount: string) => ({ resourceAccount });

function resourcePolicy(principal: unknown, effect: 'Allow' | 'Deny' = 'Allow') {
  return policyOf('resource', { Effect: effect, Principal: principal, Action: 's3:*', Resource: '*' });
}

describe('layers of session policies (wire-spec 5, 6.1)', () => {
  it.each([
    ['no layer', [], 'allow'],
    ['one layer of which one document allows', [[nothing, everything]], 'allow'],
    ['two layers that allow', [[everything], [everything]], 'allow'],
    ['a parent layer that does not allow', [[nothing], [everything]], 'implicitDeny'],
    ['a child layer that does not allow', [[everything], [nothing]], 'implicitDeny'],
    ['a layer without documents', [[everything], []], 'implicitDeny'],
    ['a deny in any layer', [[everything], [everything, policyOf('session', denyAll)]], 'explicitDeny'],
  ])('%s', (_, session, expected) => {
    expect(outcomeOf({ principal: devSession }, { identity, session })).toBe(expected);
  });

  it('gives a federated user nothing without a session policy', () => {
    expect(outcomeOf({ principal: bob }, { identity })).toBe('implicitDeny');
    expect(outcomeOf({ principal: bob }, { identity, session: [] })).toBe('implicitDeny');
    expect(outcomeOf({ principal: bob }, { identity, session: [[everything]] })).toBe('allow');
    expect(outcomeOf({ principal: bob }, { session: [[everything]] })).toBe('implicitDeny');
  });

  it('limits a grant to the role, not one to the session itself', () => {
    const limits = { session: [[nothing]], boundary: nothing };
    const grantTo = (arn: string) =>
      outcomeOf({ principal: devSession }, { ...limits, resource: resourcePolicy({ AWS: arn }) });
    expect(grantTo(`arn:aws:iam::${ACCOUNT}:role/dev`)).toBe('implicitDeny');
    expect(grantTo(devSession.arn)).toBe('allow');
  });
});

describe('who is admitted by a resource policy (wire-spec 6.1 D4, D5, 6.3)', () => {
  it.each<[Principal, unknown, string]>([
    [token, { Federated: token.providerArn }, 'allow'],
    [token, '*', 'implicitDeny'],
    [token, { AWS: '*' }, 'implicitDeny'],
    [token, { Federated: '*' }, 'implicitDeny'],
    [token, { AWS: ACCOUNT }, 'implicitDeny'],
    [token, { Federated: 'arn:aws:iam::444455556666:oidc-provider/idp.example.com' }, 'implicitDeny'],
    [service, { Service: ['s3.amazonaws.com', 'ec2.amazonaws.com'] }, 'allow'],
    [service, '*', 'allow'],
    [service, { Service: 's3.amazonaws.com' }, 'implicitDeny'],
    [anonymous, '*', 'allow'],
    [anonymous, { AWS: '*' }, 'allow'],
    [anonymous, { AWS: ACCOUNT }, 'implicitDeny'],
    [bob, { AWS: bob.arn }, 'allow'],
    [bob, { AWS: alice.arn }, 'implicitDeny'],
    [bob, { AWS: ACCOUNT }, 'implicitDeny'],
    [devSession, { AWS: `${devSession.arn}x` }, 'implicitDeny'],
    [alice, { AWS: `arn:aws:iam::${ACCOUNT}:user/Alice` }, 'implicitDeny'],
    [alice, { AWS: 'AIDAEXAMPLEALICE00001' }, 'implicitDeny'],
    [alice, { CanonicalUser: 'ab12' }, 'implicitDeny'],
  ])('%j by %j: %s', (principal, named, expected) => {
    expect(outcomeOf({ principal }, { resource: resourcePolicy(named) })).toBe(expected);
  });

  it.each<[Principal, unknown]>([
    [token, '*'],
    [token, { AWS: '*' }],
    [token, { Federated: '*' }],
    [anonymous, '*'],
    [service, '*'],
    [root, { AWS: ACCOUNT }],
    [alice, { AWS: `arn:aws:iam::${ACCOUNT}:root` }],
    [devSession, { AWS: `arn:aws:iam::${ACCOUNT}:role/dev` }],
    [bob, { AWS: alice.arn }],
  ])('a Deny for %2$j hits %1$j', (principal, named) => {
    const resource = policyOf(
      'resource',
      { Effect: 'Deny', Principal: named, Action: '*', Resource: '*' },
      { Effect: 'Allow', Principal: { AWS: '*', Federated: token.providerArn }, Action: '*', Resource: '*' },
    );
    expect(outcomeOf({ principal }, { identity, resource })).toBe('explicitDeny');
  });
});

describe('NotPrincipal (wire-spec 6.3)', () => {
  const sparing = (...AWS: readonly string[]) => ({
    identity,
    resource: policyOf('resource', { Effect: 'Deny', NotPrincipal: { AWS }, Action: '*', Resource: '*' }),
  });
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/dev`;

  it('spares a caller all of whose layers are listed', () => {
    expect(outcomeOf({}, sparing(alice.arn, ACCOUNT))).toBe('allow');
    expect(outcomeOf({ principal: devSession }, sparing(devSession.arn, roleArn, ACCOUNT))).toBe('allow');
    expect(outcomeOf({ principal: root }, sparing(ACCOUNT))).toBe('allow');
  });

  it.each<[Principal, readonly string[]]>([
    [alice, [alice.arn]],
    [alice, [ACCOUNT]],
    [alice, ['*']],
    [devSession, [devSession.arn, ACCOUNT]],
    [devSession, [roleArn, ACCOUNT]],
    [devSession, [devSession.arn, roleArn]],
    [bob, [bob.arn, ACCOUNT]],
    [anonymous, ['*']],
    [token, ['*', ACCOUNT]],
  ])('hits %j when only %j are listed', (principal, listed) => {
    expect(outcomeOf({ principal }, sparing(...listed))).toBe('explicitDeny');
  });

  it('always hits a principal with a permissions boundary', () => {
    expect(outcomeOf({}, { ...sparing(alice.arn, ACCOUNT), boundary: everything })).toBe('explicitDeny');
  });

  it('admits with Allow only callers of whom no layer is listed, and never a token', () => {
    const resource = policyOf('resource', {
      Effect: 'Allow',
      NotPrincipal: { AWS: alice.arn },
      Action: '*',
      Resource: '*',
    });
    expect(outcomeOf({}, { resource })).toBe('implicitDeny');
    expect(outcomeOf({ principal: bob }, { resource })).toBe('implicitDeny');
    expect(outcomeOf({ principal: devSession }, { resource })).toBe('allow');
    expect(outcomeOf({ principal: token }, { resource })).toBe('implicitDeny');
  });
});

describe('both sides (wire-spec 6.1 D7, D8)', () => {
  it.each([
    [
      'the other account names the user and identity allows',
      { identity, resource: resourcePolicy({ AWS: alice.arn }) },
      'allow',
    ],
    [
      'the other account names nobody',
      { identity, resource: resourcePolicy({ AWS: bob.arn }) },
      'implicitDeny',
    ],
    ['the user’s own account is silent', { resource: resourcePolicy('*') }, 'implicitDeny'],
    [
      'the boundary is silent',
      { identity, boundary: nothing, resource: resourcePolicy('*') },
      'implicitDeny',
    ],
  ])('across accounts, %s', (_, policies, expected) => {
    expect(outcomeOf(accountOnly(OTHER), policies)).toBe(expected);
  });

  it('takes the caller’s own account for the resource’s unless told', () => {
    const { principal, action, resource, context } = requestOf();
    expect(evaluatePolicies({ principal, action, resource, context }, { identity }).outcome).toBe('allow');
  });

  it('needs a grant in a trust policy, whatever identity policies say (wire-spec 6.6)', () => {
    const trust = policyOf('trust', {
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    });
    const request = { action: 'sts:AssumeRole', resource: `arn:aws:iam::${ACCOUNT}:role/target` };
    const decision = evaluatePolicies(requestOf(request), { identity, resource: trust });
    expect(decision).toMatchObject({ outcome: 'implicitDeny', reason: 'the trust policy does not allow' });
    expect(outcomeOf({ ...request, resourcePolicyMandatory: true }, { identity })).toBe('implicitDeny');
  });

  it('does not let the root user into another account’s resource', () => {
    expect(outcomeOf({ principal: root }, {})).toBe('allow');
    expect(outcomeOf({ principal: root, ...accountOnly(OTHER) }, {})).toBe('implicitDeny');
    expect(outcomeOf({ principal: root }, { scps: [[nothing]] })).toBe('implicitDeny');
  });
});

describe('organisation policies (wire-spec 6.1 D2, D3)', () => {
  const slr: Principal = {
    ...devSession,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/x.amazonaws.com/X`,
  };
  const denyingRcp = policyOf('rcp', { ...denyAll, Principal: '*' });
  const tokenRole = policyOf('resource', {
    Effect: 'Allow',
    Principal: { Federated: token.providerArn },
    Action: '*',
  });

  it.each([
    ['a level without documents allows nothing', { scps: [[everything], []] }, 'implicitDeny'],
    ['a level that does not allow', { scps: [[everything], [nothing]] }, 'implicitDeny'],
    ['no levels bind nothing', { scps: [], rcps: [] }, 'allow'],
    ['a resource’s level without documents', { rcps: [[]] }, 'implicitDeny'],
  ])('%s', (_, policies, expected) => {
    expect(outcomeOf({}, { identity, ...policies })).toBe(expected);
  });

  it('does not bind service-linked roles, and binds every other role', () => {
    expect(outcomeOf({ principal: slr }, { identity, scps: [[nothing]], rcps: [[denyingRcp]] })).toBe(
      'allow',
    );
    expect(outcomeOf({ principal: devSession }, { identity, scps: [[nothing]] })).toBe('implicitDeny');
  });

  it('binds tokens by the resource’s policies, not by a principal’s account which they do not have', () => {
    expect(outcomeOf({ principal: token }, { resource: tokenRole, scps: [[nothing]] })).toBe('allow');
    expect(outcomeOf({ principal: token }, { resource: tokenRole, rcps: [[denyingRcp]] })).toBe(
      'explicitDeny',
    );
    expect(outcomeOf({ principal: token }, { resource: tokenRole, rcps: [[]] })).toBe('implicitDeny');
  });
});

describe('NotResource with a variable that has no value', () => {
  const statement = { Action: '*', NotResource: 'arn:aws:s3:::${aws:PrincipalTag/none}/*' };

  it('grants nothing in an Allow and applies in a Deny (wire-spec 11, fails closed)', () => {
    const request = { resource: 'arn:aws:s3:::x/y' };
    expect(outcomeOf(request, { identity: [policyOf('identity', { Effect: 'Allow', ...statement })] })).toBe(
      'implicitDeny',
    );
    expect(
      outcomeOf(request, { identity: [...identity, policyOf('identity', { Effect: 'Deny', ...statement })] }),
    ).toBe('explicitDeny');
  });
});

describe('keys that the engine derives', () => {
  const pins = (condition: unknown, principal: Principal) =>
    outcomeOf({ principal }, { identity: [policyOf('identity', { ...allowAll, Condition: condition })] }) ===
    'allow';

  it.each<[string, string, Principal]>([
    ['aws:PrincipalArn', `arn:aws:iam::${ACCOUNT}:role/dev`, devSession],
    ['aws:PrincipalAccount', ACCOUNT, devSession],
    ['aws:PrincipalType', 'AssumedRole', devSession],
    ['aws:PrincipalType', 'User', alice],
    ['aws:userid', 'AROAEXAMPLEDEV0000001:s1', devSession],
    ['aws:username', 'carl', { ...alice, arn: `arn:aws:iam::${ACCOUNT}:user/team/x/carl` }],
    ['aws:PrincipalIsAWSService', 'false', alice],
    ['aws:ResourceAccount', ACCOUNT, alice],
  ])('%s is %s', (key, value, principal) => {
    expect(pins({ StringEquals: { [key]: value } }, principal)).toBe(true);
    expect(pins({ StringEquals: { [key]: `${value}x` } }, principal)).toBe(false);
  });

  it('gives way to a value that the request brings', () => {
    const condition = { StringEquals: { 'aws:PrincipalAccount': OTHER } };
    const policies = { identity: [policyOf('identity', { ...allowAll, Condition: condition })] };
    expect(outcomeOf({ context: { 'aws:principalaccount': OTHER } }, policies)).toBe('allow');
  });
});

describe('a decision explains itself', () => {
  it('names the statement that decided', () => {
    const policies = {
      identity: [policyOf('identity', { ...allowAll, Action: 'ec2:*' }, { ...allowAll, Sid: 'Read' })],
    };
    expect(evaluatePolicies(requestOf(), policies)).toMatchObject({
      outcome: 'allow',
      decidedBy: { set: 'identity', policy: 'a identity policy', statement: 1, sid: 'Read' },
      reason: 'allowed in an identity-based policy',
    });
  });

  it.each([
    [{}, 'no identity-based policy allows'],
    [{ identity, boundary: nothing }, 'the permissions boundary does not allow'],
    [{ identity, session: [[nothing]] }, 'no session policy allows'],
    [{ identity, scps: [[nothing]] }, 'no service control policy allows at some level'],
    [{ identity, rcps: [[]] }, 'no resource control policy allows at some level'],
  ])('names the layer that failed', (policies, reason) => {
    expect(evaluatePolicies(requestOf(), policies)).toMatchObject({ outcome: 'implicitDeny', reason });
  });

  it('traces expected and actual values, and what nearly matched', () => {
    const Condition = {
      StringLike: { 'aws:RequestTag/ref': 'refs/heads/*' },
      StringEquals: { 'aws:TagKeys': 'x', 'aws:PrincipalTag/none': 'y' },
    };
    const statements = [
      { ...allowAll, Condition },
      { ...allowAll, Resource: 'arn:aws:s3:::other' },
      { ...allowAll, Action: 'ec2:*' },
    ];
    const request = requestOf({ context: { 'aws:RequestTag/ref': 'Refs/heads/main', 'aws:TagKeys': ['x'] } });
    const { policies } = evaluatePolicies(request, {
      identity: [policyOf('identity', ...statements)],
    }).trace();
    expect(policies).toMatchObject([
      {
        set: 'identity',
        statements: [
          {
            index: 0,
            matched: false,
            failed: 'condition',
            conditions: [
              {
                key: 'aws:RequestTag/ref',
                actual: 'Refs/heads/main',
                passed: false,
                hint: 'differs only in case',
              },
              { actual: ['x'], hint: 'a multivalued key needs ForAnyValue or ForAllValues' },
              { expected: ['y'], actual: null, passed: false },
            ],
          },
          {
            index: 1,
            failed: 'resource',
            expected: ['arn:aws:s3:::other'],
            actual: 'arn:aws:s3:::data/report',
          },
        ],
      },
    ]);
  });

  it('traces the caller that a trust policy does not name', () => {
    const resource = policyOf('trust', {
      Effect: 'Allow',
      Principal: { AWS: bob.arn },
      Action: 'sts:AssumeRole',
    });
    const { policies } = evaluatePolicies(requestOf({ action: 'sts:AssumeRole' }), { resource }).trace();
    expect(policies[0]?.statements).toMatchObject([
      { failed: 'principal', expected: [`AWS:${bob.arn}`], actual: alice.arn },
    ]);
  });
});
