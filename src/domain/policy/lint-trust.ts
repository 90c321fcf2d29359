import { namesAction } from './action-element.ts';
import type { Condition } from './condition.ts';
import type { Policy } from './document.ts';
import { error, warning, type Finding } from './lint-finding.ts';
import { findKeyTrouble } from './lint-keys.ts';
import { lintProvider } from './lint-provider.ts';
import { claimPrefix, lintScopeOf, TRUST_TERMS } from './lint-scope.ts';
import type { LintScope, TrustedProvider, TrustKind, TrustWorld } from './lint-scope.ts';
import type { Statement } from './statement.ts';

/**
 * Says what is unsafe (error) or probably not meant (warning) in a policy that opens a role, a service or an application. It reads
 * the policy as it will be evaluated.
 * @see wire-spec 3.3 for shared issuers
 */
export function lintTrustPolicy(policy: Policy, world: TrustWorld): readonly Finding[] {
  const kind = policy.kind === 'exchange' || policy.kind === 'client' ? policy.kind : 'trust';
  return policy.statements.flatMap((statement) => lintStatement(lintScopeOf(statement, kind, world)));
}

function lintStatement(scope: LintScope): readonly Finding[] {
  return [
    ...findOpenPrincipals(scope),
    ...findUnknownProviders(scope),
    ...findKeyTrouble(scope),
    ...scope.named.flatMap((provider) => lintProvider(provider, scope)),
    ...findUnreachable(scope),
  ];
}

function findOpenPrincipals({ statement, opensToTokens, opened }: LintScope): readonly Finding[] {
  const { principals, conditions, path } = statement;
  const isOpenToAll = principals?.everyone === true || principals?.federated.has('*') === true;
  if (!isOpenToAll || !opensToTokens || conditions.length > 0) return [];
  return [
    error('open-principal', [...path, 'Principal'], {
      message: `This statement is meant to open ${opened} to the bearer of any token.`,
      remedy:
        'Name the provider: {"Federated": "arn:aws:iam::<account>:oidc-provider/<issuer without https://>"}.',
    }),
  ];
}

function findUnknownProviders({ statement, world }: LintScope): readonly Finding[] {
  const entries =
    statement.principals?.entries.filter(({ type, value }) => type === 'Federated' && value !== '*') ?? [];
  return entries
    .filter(({ value }) => !world.providers.some(({ arn }) => arn === value))
    .map(({ value, path }) => {
      const near = world.providers.find(({ arn }) => arn.toLowerCase() === value.toLowerCase());
      return error('unknown-provider', path, {
        message: `No configured provider has the ARN ${value}.`,
        remedy: near
          ? `Letter case matters: write ${near.arn}.`
          : 'Configure the provider, or name one that is configured.',
      });
    });
}

function findUnreachable(scope: LintScope): readonly Finding[] {
  const { statement } = scope;
  const reason = unreachableReason(scope);
  if (reason === undefined) return [];
  return [
    warning('unreachable-statement', statement.path, {
      message: `This statement can never match: ${reason}.`,
      remedy: 'Correct the principal, the action or the condition, or remove the statement.',
    }),
  ];
}

function unreachableReason({ kind, statement, world, named, opened }: LintScope): string | undefined {
  const { principals, actions, conditions } = statement;
  if (principals === undefined) return undefined;
  const possible = possibleActions(statement, kind, named);
  if (!possible.some((action) => namesAction(actions, action)))
    return 'its principals never ask for its actions';
  const onlyTokens = principals.entries.every(({ type }) => type === 'Federated') && named.length > 0;
  if (!onlyTokens) return undefined;
  const account = world.resourceArn.split(':')[4];
  // A service takes the people of any account that its policy names.
  if (kind !== 'exchange' && named.every(({ arn }) => arn.split(':')[4] !== account))
    return `its provider is not in the account of ${opened}`;
  const foreign = conditions.find((condition) => isForeignClaim(condition, { world, named }));
  return foreign && `tokens of its provider have no ${foreign.keyText}`;
}

function possibleActions(
  { principals }: Statement,
  kind: TrustKind,
  named: readonly TrustedProvider[],
): readonly string[] {
  const { companions, signed, oidc, saml } = TRUST_TERMS[kind];
  const entries = principals?.entries ?? [];
  const signs = entries.some(({ type }) => type !== 'Federated');
  // An ARN that nobody configured is a finding of its own; it is not blamed for its action, too.
  const isUnknown = entries.filter(({ type }) => type === 'Federated').length > named.length;
  const takes = (provider: TrustedProvider['kind']) =>
    isUnknown || named.some((one) => one.kind === provider);
  return [
    ...companions,
    ...(signs && signed !== undefined ? [signed] : []),
    ...(takes('oidc') ? [oidc] : []),
    ...(takes('saml') && saml !== undefined ? [saml] : []),
  ];
}

/** A claim of an issuer that none of the statement's providers is, in a test which an absent key fails. */
function isForeignClaim(
  { key, whenAbsent }: Condition,
  { world, named }: Pick<LintScope, 'world' | 'named'>,
): boolean {
  const isOf = (providers: readonly TrustedProvider[]) =>
    providers.some((provider) => key.startsWith(claimPrefix(provider) ?? 'saml:'));
  return !whenAbsent && isOf(world.providers) && !isOf(named);
}
