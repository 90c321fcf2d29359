import { describe, expect, it } from 'vitest';
import { MalformedPolicyError } from '../../../../src/domain/policy/document.ts';
import { lintTrustPolicy } from '../../../../src/domain/policy/lint-trust.ts';
import { ACCOUNT, devSession, outcomeOf, policyOf, token } from './fixtures.ts';

const GITHUB = 'token.actions.githubusercontent.com';
const IDP = 'idp.example.com';
const arnOf = (issuer: string) => `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}`;
const CORP = `arn:aws:iam::${ACCOUNT}:saml-provider/corp`;
const FOREIGN = 'arn:aws:iam::444455556666:oidc-provider/idp.example.com';

const world = {
  resourceArn: `arn:aws:rolebridge::${ACCOUNT}:service/orders`,
  providers: [
    { arn: arnOf(GITHUB), issuer: `https://${GITHUB}`, kind: 'oidc', audiences: ['sts'] },
    { arn: arnOf(IDP), issuer: `https://${IDP}`, kind: 'oidc', audiences: ['sts', 'other'] },
    { arn: FOREIGN, issuer: `https://${IDP}`, kind: 'oidc', audiences: ['sts'] },
    { arn: CORP, kind: 'saml' },
  ],
} as const;

const ACTIONS = { exchange: 'rolebridge:ExchangeToken', client: 'rolebridge:AuthenticateClient' } as const;
type Kind = keyof typeof ACTIONS;
const KINDS = ['exchange', 'client'] as const;

const statementOf = (kind: Kind, more: object = {}) => ({
  Effect: 'Allow',
  Principal: { Federated: arnOf(IDP) },
  Action: ACTIONS[kind],
  Condition: { StringEquals: { [`${IDP}:aud`]: 'sts' } },
  ...more,
});

function lint(kind: Kind, more: object = {}) {
  return lintTrustPolicy(policyOf(kind, statementOf(kind, more)), world).map(
    ({ code, severity }) => `${severity} ${code}`,
  );
}

const conditions = (tests: Readonly<Record<string, Readonly<Record<string, unknown>>>>) => ({
  Condition: { ...tests, StringEquals: { [`${IDP}:aud`]: 'sts', ...tests['StringEquals'] } },
});

describe.each(KINDS)('the grammar of an %s policy', (kind) => {
  it.each([
    ['another action of ours', { Action: ACTIONS[kind === 'client' ? 'exchange' : 'client'] }],
    ['all actions', { Action: '*' }],
    ['a wildcard', { Action: 'rolebridge:*' }],
    ['one action too many', { Action: [ACTIONS[kind], 'sts:AssumeRole'] }],
    ['all actions but its own', { Action: undefined, NotAction: ACTIONS[kind] }],
    ['no action', { Action: undefined }],
    ['no principal', { Principal: undefined }],
    ['everybody but one', { Principal: undefined, NotPrincipal: { Federated: arnOf(IDP) } }],
    ['a canonical user', { Principal: { CanonicalUser: 'ab12' } }],
    ['a resource', { Resource: '*' }],
    ['no effect', { Effect: undefined }],
  ])('refuses %s', (_title, more) => {
    const members = Object.entries({ ...statementOf(kind), ...more }).filter(
      ([, value]) => value !== undefined,
    );
    expect(() => policyOf(kind, Object.fromEntries(members))).toThrow(MalformedPolicyError);
  });

  it('takes its action in any case', () => {
    expect(lint(kind, { Action: ACTIONS[kind].toUpperCase() })).toEqual([]);
  });

  it('opens nothing where there is no statement for the caller, even in the own account', () => {
    const resource = policyOf(kind, statementOf(kind));
    const mine = { identity: [policyOf('identity', { Effect: 'Allow', Action: '*', Resource: '*' })] };
    const action = ACTIONS[kind].toLowerCase();
    const context = { [`${IDP}:aud`]: 'sts' };
    expect(outcomeOf({ principal: devSession, action, context }, { resource, ...mine })).toBe('implicitDeny');
    expect(outcomeOf({ principal: token, action, context }, { resource })).toBe('allow');
    expect(outcomeOf({ principal: token, action }, { resource })).toBe('implicitDeny');
  });
});

describe.each(KINDS)('an unsafe %s policy', (kind) => {
  it('does not pin whose workloads of a shared issuer may come (wire-spec 3.3)', () => {
    const github = (Condition: object) => lint(kind, { Principal: { Federated: arnOf(GITHUB) }, Condition });
    expect(github({})).toEqual(['error unpinned-shared-issuer']);
    expect(github({ StringEquals: { 'rolebridge:ClientId': 'deployer' } })).toEqual([
      'error unpinned-shared-issuer',
    ]);
    expect(github({ StringEquals: { [`${GITHUB}:repository_owner`]: 'acme' } })).toEqual([]);
  });

  it.each([
    ['everybody', { Principal: '*', Condition: {} }, 'open-principal'],
    ['all providers', { Principal: { Federated: '*' }, Condition: {} }, 'open-principal'],
    ['a provider that is not there', { Principal: { Federated: arnOf('gone') } }, 'unknown-provider'],
    [
      'a claim of nobody',
      conditions({ StringEquals: { 'idp.example.org:sub': 'x' } }),
      'unknown-claim-prefix',
    ],
    [
      'a key of ours that is misspelt',
      conditions({ StringNotEquals: { 'rolebridge:Client': 'x' } }),
      'unknown-condition-key',
    ],
    [
      'ForAllValues on a claim',
      conditions({ 'ForAllValues:StringEquals': { [`${IDP}:amr`]: 'hwk' } }),
      'for-all-values-in-allow',
    ],
    [
      'a list without a set operator',
      conditions({ StringEquals: { [`${IDP}:amr`]: 'hwk' } }),
      'missing-set-operator',
    ],
  ])('names %s', (_title, more, code) => {
    expect(lint(kind, more)).toContain(`error ${code}`);
  });

  it('leaves it to chance which audience of a provider with several is brought', () => {
    expect(lint(kind, { Condition: {} })).toEqual(['warning missing-audience']);
    expect(lint(kind, { Condition: { StringEquals: { [`${IDP}:aud`]: 'gone' } } })).toEqual([
      'warning unknown-audience',
    ]);
  });
});

describe('the keys of ours', () => {
  it.each(['ClientId', 'Audience', 'SubjectTokenType', 'ActorIssuer', 'ActorSubject'])(
    'rolebridge:%s is known to exchanges in any case',
    (name) => {
      const key = `RoleBridge:${name}`;
      expect(lint('exchange', conditions({ StringLike: { [key]: 'x' } }))).toEqual([]);
      const found = lint('client', conditions({ StringLike: { [key]: 'x' } }));
      expect(found).toEqual(name === 'ClientId' ? [] : ['error unknown-condition-key']);
    },
  );

  it('rolebridge:Scope is a list: a plain operator would match nothing, not even in a Deny', () => {
    const scope = (operator: string, Effect: string) =>
      lint('exchange', { Effect, ...conditions({ [operator]: { 'rolebridge:Scope': 'read' } }) });
    for (const effect of ['Allow', 'Deny']) {
      expect(scope('StringLike', effect)).toEqual(['error missing-set-operator']);
      expect(scope('ForAnyValue:StringLike', effect)).toEqual([]);
      expect(scope('ForAllValues:StringLike', effect)).toEqual([]);
    }
  });

  it('rolebridge:Scope bounds what is asked for with ForAllValues', () => {
    const statement = statementOf('exchange', {
      Condition: { 'ForAllValues:StringEquals': { 'rolebridge:Scope': ['read', 'list'] } },
    });
    const resource = policyOf('exchange', statement);
    const ask = (scopes: readonly string[]) =>
      outcomeOf(
        { principal: token, action: 'rolebridge:exchangetoken', context: { 'rolebridge:scope': scopes } },
        { resource },
      );
    expect([ask(['read']), ask(['read', 'list']), ask([])]).toEqual(['allow', 'allow', 'allow']);
    expect([ask(['write']), ask(['read', 'write'])]).toEqual(['implicitDeny', 'implicitDeny']);
  });
});

describe('who can never come', () => {
  it.each([
    ['a SAML assertion as a client', 'client', { Principal: { Federated: CORP }, Condition: {} }],
    ['a signed caller as a client', 'client', { Principal: { AWS: ACCOUNT } }],
    ['a workload of another account as a client', 'client', { Principal: { Federated: FOREIGN } }],
    [
      'a claim of another issuer',
      'exchange',
      { Principal: { Federated: CORP }, ...conditions({ StringEquals: { [`${IDP}:sub`]: 'x' } }) },
    ],
  ] as const)('is %s', (_title, kind, more) => {
    expect(lint(kind, more)).toContain('warning unreachable-statement');
  });

  it.each([
    ['a SAML assertion', { Principal: { Federated: CORP }, Condition: {} }],
    ['the session of a role', { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/dev` } }],
    ['a token of another account’s provider', { Principal: { Federated: FOREIGN } }],
  ])('is not %s, where tokens are exchanged', (_title, more) => {
    expect(lint('exchange', more)).toEqual([]);
  });
});
