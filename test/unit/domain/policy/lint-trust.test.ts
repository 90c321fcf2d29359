import { describe, expect, it } from 'vitest';
import type { TrustedProvider } from '../../../../src/domain/policy/lint-scope.ts';
import { lintTrustPolicy } from '../../../../src/domain/policy/lint-trust.ts';
import { ACCOUNT, policyOf } from './fixtures.ts';

const arnOf = (issuer: string) => `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}`;

function oidc(issuer: string, audiences: readonly string[] = ['sts']): TrustedProvider {
  return { arn: arnOf(issuer), issuer: `https://${issuer}`, kind: 'oidc', audiences };
}

const GITHUB = 'token.actions.githubusercontent.com';
const IDP = 'idp.example.com';
const CORP = `arn:aws:iam::${ACCOUNT}:saml-provider/corp`;
const foreign = 'arn:aws:iam::444455556666:oidc-provider/idp.example.com';
const shared = [
  'gitlab.com',
  'agent.buildkite.com',
  'app.terraform.io',
  'oidc.circleci.com/org/abc',
  'oidc.vercel.com/acme',
  'scalr.io',
];
const world = {
  resourceArn: `arn:aws:iam::${ACCOUNT}:role/target`,
  providers: [
    ...[GITHUB, IDP, ...shared].map((issuer) => oidc(issuer)),
    { arn: CORP, kind: 'saml' },
    { arn: foreign, issuer: 'https://idp.example.com', kind: 'oidc' },
  ],
} as const;

function lint(...statements: readonly unknown[]) {
  return lintTrustPolicy(policyOf('trust', ...statements), world);
}

function codesOf(...statements: readonly unknown[]): readonly string[] {
  return lint(...statements).map(({ code }) => code);
}

/** Opens the role to tokens of the issuer under these conditions and the audience. */
function opening(issuer: string, tests: Readonly<Record<string, Readonly<Record<string, unknown>>>>) {
  const Condition = { ...tests, StringEquals: { [`${issuer}:aud`]: 'sts', ...tests['StringEquals'] } };
  return {
    Effect: 'Allow',
    Principal: { Federated: arnOf(issuer) },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition,
  };
}

const github = (operator: string, claim: string, value: unknown) =>
  opening(GITHUB, { [operator]: { [`${GITHUB}:${claim}`]: value } });

describe('the owner of a shared issuer (wire-spec 3.3)', () => {
  it.each([
    ['StringEquals', 'sub', 'repo:acme/app:ref:refs/heads/main'],
    ['StringLike', 'sub', 'repo:acme/*'],
    ['StringLike', 'sub', 'repo:acme@123/app@456:*'],
    ['StringLike', 'sub', ['repo:acme/app:*', 'repo:acme@123/app@456:*']],
    ['ForAnyValue:StringLike', 'sub', 'repo:acme/app:*'],
    ['StringLike', 'sub', 'repository_owner:acme:*'],
    ['StringEquals', 'repository_owner', 'acme'],
    ['StringEquals', 'repository_owner_id', '123'],
    ['StringLike', 'repository', 'acme/*'],
    ['StringEquals', 'repository_id', '456'],
    ['StringEquals', 'enterprise', 'acme-corp'],
  ])('is pinned by %s %s %j', (operator, claim, value) => {
    expect(codesOf(github(operator, claim, value))).not.toContain('unpinned-shared-issuer');
  });

  it.each([
    ['StringLike', 'sub', '*'],
    ['StringLike', 'sub', 'repo:*'],
    ['StringLike', 'sub', 'repo:acme*'],
    ['StringLike', 'sub', 'repo:acme*/app:*'],
    ['StringLike', 'sub', 'repo:acm?/app:*'],
    ['StringLike', 'sub', 'repo:*/app:ref:refs/heads/main'],
    ['StringLike', 'sub', 'repo:acme@*/app@*:*'],
    ['StringLike', 'sub', '*:ref:refs/heads/main'],
    ['StringLike', 'sub', 'repo:/app:*'],
    ['StringLike', 'sub', ['repo:acme/app:*', 'repo:*']],
    ['StringLike', 'sub', 'repo:${aws:PrincipalTag/org}/app:*'],
    ['StringLike', 'sub', []],
    ['StringEquals', 'sub', 'ref:refs/heads/main'],
    ['StringEquals', 'ref', 'refs/heads/main'],
    ['StringEquals', 'actor', 'octocat'],
    ['StringLike', 'repository_owner', '*'],
    ['StringLike', 'repository', '*/app'],
    ['StringLike', 'job_workflow_ref', 'acme/app/.github/workflows/x.yml@*'],
    ['StringNotEquals', 'sub', 'repo:acme/app:ref:refs/heads/main'],
    ['StringNotLike', 'sub', 'repo:evil/*'],
    ['StringLikeIfExists', 'sub', 'repo:acme/app:*'],
    ['StringEqualsIfExists', 'repository_owner', 'acme'],
    ['ForAllValues:StringLike', 'sub', 'repo:acme/app:*'],
    ['Null', 'sub', 'false'],
  ])('is not pinned by %s %s %j', (operator, claim, value) => {
    expect(codesOf(github(operator, claim, value))).toContain('unpinned-shared-issuer');
  });

  it('must be pinned in each statement that opens the role', () => {
    const pinned = github('StringLike', 'sub', 'repo:acme/*');
    const findings = lint(pinned, opening(GITHUB, {})).filter(({ severity }) => severity === 'error');
    expect(findings).toMatchObject([{ code: 'unpinned-shared-issuer', path: ['Statement', 1] }]);
    expect(codesOf({ ...opening(GITHUB, {}), Effect: 'Deny' })).not.toContain('unpinned-shared-issuer');
    expect(codesOf({ ...opening(GITHUB, {}), Action: 'sts:*' })).toContain('unpinned-shared-issuer');
  });

  it.each([
    ['gitlab.com', 'project_path:acme/app:ref_type:branch:ref:main', 'project_path:*'],
    ['agent.buildkite.com', 'organization:acme:pipeline:*', 'organization:*:pipeline:deploy:*'],
    ['app.terraform.io', 'organization:acme:project:*', 'organization:*'],
    ['oidc.circleci.com/org/abc', 'org/abc/project/*', 'org/*'],
    ['scalr.io', 'acme:*', '*acme'],
  ])('is asked for by %s', (issuer, pinned, open) => {
    const withSubject = (sub: string) => opening(issuer, { StringLike: { [`${issuer}:sub`]: sub } });
    expect(codesOf(withSubject(pinned))).toEqual([]);
    expect(codesOf(withSubject(open))).toEqual(['unpinned-shared-issuer']);
    expect(codesOf(opening(issuer, {}))).toEqual(['unpinned-shared-issuer']);
  });

  it('is the audience where the issuer puts it there', () => {
    expect(codesOf(opening('oidc.vercel.com/acme', {}))).toEqual([]);
  });

  it('does not matter for an issuer of one’s own', () => {
    expect(codesOf(opening(IDP, {}))).toEqual([]);
  });
});

describe('what opens a role to more than it seems', () => {
  const bare = {
    Effect: 'Allow',
    Principal: { Federated: arnOf(IDP) },
    Action: 'sts:AssumeRoleWithWebIdentity',
  };
  const aud = `${IDP}:aud`;

  it.each([
    [{}],
    [{ StringLike: { [aud]: '*' } }],
    [{ StringLike: { [aud]: ['sts', '**'] } }],
    [{ StringNotEquals: { [aud]: 'other' } }],
    [{ StringEqualsIfExists: { [aud]: 'sts' } }],
    [{ Null: { [aud]: 'false' } }],
    [{ StringEquals: { [`${IDP}:sub`]: 'u1' } }],
  ])('refuses a statement that does not demand the audience: %j', (Condition) => {
    expect(codesOf({ ...bare, Condition })).toContain('missing-audience');
  });

  it.each([['aws:TagKeys'], [`${IDP}:amr`]])(
    'refuses ForAllValues on %s in an Allow, not in a Deny',
    (key) => {
      const statement = {
        ...bare,
        Condition: { StringEquals: { [aud]: 'sts' }, 'forallvalues:StringLike': { [key]: 'x' } },
      };
      expect(codesOf(statement)).toEqual(['for-all-values-in-allow']);
      expect(codesOf({ ...statement, Effect: 'Deny' })).toEqual([]);
    },
  );

  it.each(['*', { AWS: '*' }, { Federated: '*' }])(
    'refuses the principal %j on web identity without conditions',
    (Principal) => {
      expect(codesOf({ ...bare, Principal })).toContain('open-principal');
      expect(codesOf({ ...bare, Principal, Action: 'sts:AssumeRole*' })).toContain('open-principal');
      expect(codesOf({ ...bare, Principal, Condition: { StringEquals: { [aud]: 'sts' } } })).not.toContain(
        'open-principal',
      );
    },
  );

  it.each([arnOf('idp.example.org'), arnOf('IDP.example.com'), `${CORP}x`, 'accounts.google.com'])(
    'refuses the provider %s, which nobody configured',
    (Federated) => {
      expect(codesOf({ ...bare, Principal: { Federated } })).toEqual(['unknown-provider']);
    },
  );

  it('says so when only letter case is wrong', () => {
    const [finding] = lint({ ...bare, Principal: { Federated: arnOf('IDP.example.com') } });
    expect(finding?.path).toEqual(['Statement', 0, 'Principal', 'Federated']);
    expect(finding?.remedy).toContain(arnOf(IDP));
  });

  it.each(['idp.example.org:sub', 'idp.example.com.evil:sub', `https://${IDP}:sub`, 's3:prefix'])(
    'refuses the claim %s',
    (key) => {
      const Condition = { StringEquals: { [aud]: 'sts', [key]: 'x' } };
      expect(lint({ ...bare, Condition })).toMatchObject([
        {
          code: 'unknown-claim-prefix',
          severity: 'error',
          path: ['Statement', 0, 'Condition', 'StringEquals', key],
        },
      ]);
    },
  );

  it.each([
    'aws:SourceIp',
    'sts:ExternalId',
    'SAML:aud',
    'rolebridge:CLIENTID',
    'accounts.google.com:sub',
    `${IDP.toUpperCase()}:sub`,
  ])('knows the key %s', (key) => {
    expect(
      codesOf({ ...bare, Condition: { StringEquals: { [aud]: 'sts' }, StringNotEquals: { [key]: 'x' } } }),
    ).toEqual([]);
  });
});

describe('what is probably not meant', () => {
  it.each([
    [
      'a token’s action for a signed caller',
      { Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRoleWithWebIdentity' },
    ],
    ['a signed action for a token', { Principal: { Federated: CORP }, Action: 'sts:AssumeRole' }],
    [
      'a SAML action for an OIDC provider',
      { Principal: { Federated: arnOf(IDP) }, Action: 'sts:AssumeRoleWithSAML' },
    ],
    [
      'an OIDC action for a SAML provider',
      { Principal: { Federated: CORP }, Action: 'sts:AssumeRoleWithWebIdentity' },
    ],
    [
      'a claim of another issuer',
      {
        Principal: { Federated: CORP },
        Action: 'sts:AssumeRoleWithSAML',
        Condition: { StringEquals: { [`${IDP}:sub`]: 'x' } },
      },
    ],
    ['SAML’s keys for a token', opening(IDP, { StringLike: { 'saml:sub': 'x' } })],
    ['a provider of another account', { ...opening(IDP, {}), Principal: { Federated: foreign } }],
  ])('warns of %s', (_, statement) => {
    expect(lint({ Effect: 'Allow', ...statement })).toMatchObject([
      { code: 'unreachable-statement', severity: 'warning' },
    ]);
  });

  it.each([
    { Principal: { AWS: ACCOUNT }, Action: 'sts:*' },
    { Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
    { Principal: { Federated: CORP }, Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession'] },
    { Principal: { Federated: arnOf(IDP) }, Action: 'sts:SetSourceIdentity' },
    {
      Principal: { AWS: ACCOUNT },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { [`${IDP}:sub`]: 'x' } },
    },
    {
      Principal: { Federated: CORP },
      Action: 'sts:AssumeRoleWithSAML',
      Condition: { StringEquals: { 'SAML:aud': 'x' } },
    },
  ])('says nothing about %j', (statement) => {
    expect(lint({ Effect: 'Allow', ...statement })).toEqual([]);
  });

  it.each([
    ['repo:acme/app:*', 'old'],
    ['repo:acme@1/app@2:*', 'new'],
  ])('says which of GitHub’s subject forms %s matches', (sub, form) => {
    const [finding, ...others] = lint(github('StringLike', 'sub', sub));
    expect(finding).toMatchObject({ code: 'github-subject-form', severity: 'warning' });
    expect(finding?.message).toContain(`only the ${form} subject form`);
    expect(others).toEqual([]);
  });

  it('says nothing when both subject forms are listed', () => {
    expect(codesOf(github('StringLike', 'sub', ['repo:acme/app:*', 'repo:acme@1/app@2:*']))).toEqual([]);
  });

  it.each([
    ['STS', 'it differs in letter case'],
    ['https://elsewhere.example', 'accepts no token'],
  ])('warns of the audience %s', (audience, words) => {
    const statement = opening(IDP, { StringEquals: { [`${IDP}:aud`]: audience } });
    const [finding, ...others] = lint(statement);
    expect(finding).toMatchObject({ code: 'unknown-audience', severity: 'warning' });
    expect(finding?.message).toContain(words);
    expect(others).toEqual([]);
  });
});
