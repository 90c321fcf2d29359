import { namesAction } from './action-element.ts';
import type { Condition } from './condition.ts';
import type { Policy } from './document.ts';
import type { PolicyPath } from './fault.ts';
import { builtInProviders } from './principal-element.ts';
import { findSharedIssuer, GITHUB_ACTIONS, isOpen, type SharedIssuer } from './shared-issuers.ts';
import type { Statement } from './statement.ts';

/** Everything that the linter can find; tools match on these codes, so they are stable. */
export type FindingCode =
  | 'unpinned-shared-issuer'
  | 'missing-audience'
  | 'for-all-values-in-allow'
  | 'open-principal'
  | 'unknown-provider'
  | 'unknown-claim-prefix'
  | 'unreachable-statement'
  | 'unknown-audience'
  | 'github-subject-form';

/** One thing that is unsafe (`error`) or probably not meant (`warning`). */
export type Finding = {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning';
  /** From the policy document's root. */
  readonly path: PolicyPath;
  /** One sentence. */
  readonly message: string;
  /** What to do, in one line. */
  readonly remedy: string;
};

/** A configured provider; `issuer` is the URL that tokens name, `audiences` those that it accepts. */
export type TrustedProvider = {
  readonly arn: string;
  readonly issuer?: string;
  readonly kind: 'oidc' | 'saml';
  readonly audiences?: readonly string[];
};

export type TrustWorld = { readonly resourceArn: string; readonly providers: readonly TrustedProvider[] };

/**
 * Says what is unsafe (error) or probably not meant (warning) in a trust policy. It reads the policy as it will be evaluated.
 * @see wire-spec 3.3 for shared issuers
 */
export function lintTrustPolicy(policy: Policy, world: TrustWorld): readonly Finding[] {
  return policy.statements.flatMap((statement) => lintStatement(scopeOf(statement, world)));
}

/** A statement and what its principals and conditions mean in this configuration. */
type Scope = {
  readonly statement: Statement;
  readonly world: TrustWorld;
  /** The configured providers that it names. */
  readonly named: readonly TrustedProvider[];
  readonly opensToTokens: boolean;
};

const WEB_IDENTITY = 'sts:assumerolewithwebidentity';
const SAML = 'sts:assumerolewithsaml';
const ASSUME_ROLE = 'sts:assumerole';
/** They go along with a token as well as with a signed call. */
const COMPANIONS = ['sts:tagsession', 'sts:setsourceidentity', 'sts:setcontext'];

const builtInPrefixes = ['aws', 'sts', 'saml', 'rolebridge', ...builtInProviders].map((name) => `${name}:`);

function scopeOf(statement: Statement, world: TrustWorld): Scope {
  const named = world.providers.filter(({ arn }) => statement.principals?.federated.has(arn));
  const opensToTokens = statement.effect === 'Allow' && namesAction(statement.actions, WEB_IDENTITY);
  return { statement, world, named, opensToTokens };
}

function lintStatement(scope: Scope): readonly Finding[] {
  return [
    ...findOpenPrincipals(scope),
    ...findUnknownProviders(scope),
    ...findUnknownClaims(scope),
    ...findForAllValues(scope),
    ...scope.named.flatMap((provider) => lintProvider(provider, scope)),
    ...findUnreachable(scope),
  ];
}

function findOpenPrincipals({ statement, opensToTokens }: Scope): readonly Finding[] {
  const { principals, conditions, path } = statement;
  const isOpenToAll = principals?.everyone === true || principals?.federated.has('*') === true;
  if (!isOpenToAll || !opensToTokens || conditions.length > 0) return [];
  return [
    error('open-principal', [...path, 'Principal'], {
      message: 'This statement is meant to open the role to the bearer of any token.',
      remedy:
        'Name the provider: {"Federated": "arn:aws:iam::<account>:oidc-provider/<issuer without https://>"}.',
    }),
  ];
}

function findUnknownProviders({ statement, world }: Scope): readonly Finding[] {
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

/** A misspelt issuer makes the key absent: an Allow never holds, and a negated test holds always. */
function findUnknownClaims({ statement, world }: Scope): readonly Finding[] {
  const issuers = world.providers.flatMap((provider) => claimPrefix(provider) ?? []);
  const known = [...builtInPrefixes, ...issuers];
  return statement.conditions
    .filter(({ key }) => !known.some((prefix) => key.startsWith(prefix)))
    .map(({ keyText, path }) =>
      error('unknown-claim-prefix', path, {
        message: `The condition key ${keyText} begins with no configured issuer and no known service.`,
        remedy: `Use one of these prefixes: ${[...issuers, 'aws:', 'sts:', 'saml:'].join(' ')}`,
      }),
    );
}

/** It holds where the key is absent, so that a token without the claim passes. */
function findForAllValues({ statement: { effect, conditions } }: Scope): readonly Finding[] {
  if (effect !== 'Allow') return [];
  return conditions
    .filter(({ use }) => use.kind === 'value' && use.quantifier === 'ForAllValues')
    .map(({ keyText, path }) =>
      error('for-all-values-in-allow', path, {
        message: `ForAllValues also holds when ${keyText} is absent from the request.`,
        remedy: 'Use ForAnyValue, or the plain operator for a claim with one value.',
      }),
    );
}

function lintProvider(provider: TrustedProvider, scope: Scope): readonly Finding[] {
  const prefix = claimPrefix(provider);
  if (prefix === undefined || !scope.opensToTokens) return [];
  return [
    ...findMissingAudience(prefix, scope),
    ...findUnpinned(prefix, scope),
    ...findUnknownAudiences(prefix, provider, scope),
    ...findSubjectForms(prefix, scope),
  ];
}

/** Without it a token that the provider issued for another service opens the role. */
function findMissingAudience(prefix: string, { statement }: Scope): readonly Finding[] {
  const isTested = statement.conditions.some(
    (condition) =>
      condition.key === `${prefix}aud` && demandsText(condition) && condition.values.every(hasText),
  );
  if (isTested) return [];
  return [
    error('missing-audience', statement.path, {
      message: `No condition demands ${prefix}aud.`,
      remedy: `Add StringEquals "${prefix}aud" with the audience that is meant for this service.`,
    }),
  ];
}

function findUnpinned(prefix: string, { statement }: Scope): readonly Finding[] {
  const shared = findSharedIssuer(prefix.slice(0, -1));
  if (shared === undefined || statement.conditions.some((condition) => pinsOwner(condition, prefix, shared)))
    return [];
  const { claim = 'sub' } = shared.claims[0] ?? {};
  const key = keyOf(claim, prefix);
  return [
    error('unpinned-shared-issuer', statement.path, {
      message: `${shared.host} signs tokens for anybody, and no condition says whose may open the role.`,
      remedy: `Demand ${key} with the owner written out, e.g. "${shared.example}".`,
    }),
  ];
}

function pinsOwner(condition: Condition, prefix: string, { claims }: SharedIssuer): boolean {
  const candidates = claims.filter(({ claim }) => keyOf(claim, prefix) === condition.key);
  if (!demandsText(condition) || condition.values.length === 0) return false;
  return condition.values.every((value) => candidates.some(({ namesOwner }) => namesOwner(value)));
}

function keyOf(claim: string, prefix: string): string {
  return claim.startsWith('sts:') ? claim : `${prefix}${claim}`;
}

function findUnknownAudiences(
  prefix: string,
  { audiences }: TrustedProvider,
  { statement }: Scope,
): readonly Finding[] {
  if (audiences === undefined) return [];
  const tests = statement.conditions.filter(
    (condition) => condition.key === `${prefix}aud` && demandsText(condition),
  );
  return tests.flatMap(({ values, path }) =>
    values
      .filter((value) => !isOpen(value) && !audiences.includes(value))
      .map((value) => {
        const near = audiences.find((audience) => audience.toLowerCase() === value.toLowerCase());
        return warning('unknown-audience', path, {
          message: `The provider accepts no token for the audience ${value}${near ? ': it differs in letter case' : ''}.`,
          remedy: near ? `Write ${near}.` : `Use one of its audiences: ${audiences.join(' ')}`,
        });
      }),
  );
}

/** Repositories made or renamed since 2026-07-15 send `repo:org@id/repo@id:…`; a pattern that knows one form misses the other. */
function findSubjectForms(prefix: string, { statement }: Scope): readonly Finding[] {
  if (findSharedIssuer(prefix.slice(0, -1))?.host !== GITHUB_ACTIONS) return [];
  const tests = statement.conditions.filter(
    (condition) => condition.key === `${prefix}sub` && demandsText(condition),
  );
  return tests.flatMap(({ values, path }) => {
    const owners = values
      .filter((value) => value.startsWith('repo:'))
      .map((value) => value.split('/')[0] ?? '');
    const withIds = owners.filter((owner) => owner.includes('@')).length;
    if (owners.length === 0 || (withIds > 0 && withIds < owners.length)) return [];
    return [subjectForm(path, { matches: withIds > 0 ? 'new' : 'old' })];
  });
}

function subjectForm(path: PolicyPath, { matches }: { matches: 'new' | 'old' }): Finding {
  const forms = { old: 'repo:ORG/REPO:…', new: 'repo:ORG@ID/REPO@ID:…' } as const;
  const other = matches === 'old' ? 'new' : 'old';
  return warning('github-subject-form', path, {
    message: `This matches only the ${matches} subject form ${forms[matches]}; repositories made since 2026-07-15 send ${forms.new}.`,
    remedy: `If repositories of both kinds shall pass, add the ${other} form ${forms[other]} to the list.`,
  });
}

function findUnreachable(scope: Scope): readonly Finding[] {
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

function unreachableReason({ statement, world, named }: Scope): string | undefined {
  const { principals, actions, conditions } = statement;
  if (principals === undefined) return undefined;
  const possible = possibleActions(statement, named);
  if (!possible.some((action) => namesAction(actions, action)))
    return 'its principals never ask for its actions';
  const onlyTokens = principals.entries.every(({ type }) => type === 'Federated') && named.length > 0;
  if (!onlyTokens) return undefined;
  const account = world.resourceArn.split(':')[4];
  if (named.every(({ arn }) => arn.split(':')[4] !== account))
    return "its provider is not in the role's account";
  const foreign = conditions.find((condition) => isForeignClaim(condition, { world, named }));
  return foreign && `tokens of its provider have no ${foreign.keyText}`;
}

function possibleActions({ principals }: Statement, named: readonly TrustedProvider[]): readonly string[] {
  const entries = principals?.entries ?? [];
  const signs = entries.some(({ type }) => type !== 'Federated');
  // An ARN that nobody configured is a finding of its own; it is not blamed for its action, too.
  const isUnknown = entries.filter(({ type }) => type === 'Federated').length > named.length;
  const takes = (kind: TrustedProvider['kind']) =>
    isUnknown || named.some((provider) => provider.kind === kind);
  return [
    ...COMPANIONS,
    ...(signs ? [ASSUME_ROLE] : []),
    ...(takes('oidc') ? [WEB_IDENTITY] : []),
    ...(takes('saml') ? [SAML] : []),
  ];
}

/** A claim of an issuer that none of the statement's providers is, in a test which an absent key fails. */
function isForeignClaim(
  { key, whenAbsent }: Condition,
  { world, named }: Pick<Scope, 'world' | 'named'>,
): boolean {
  const isOf = (providers: readonly TrustedProvider[]) =>
    providers.some((provider) => key.startsWith(claimPrefix(provider) ?? 'saml:'));
  return !whenAbsent && isOf(world.providers) && !isOf(named);
}

/** `<issuer without scheme>:` in lower case, as condition keys begin. */
function claimPrefix({ issuer, kind }: TrustedProvider): string | undefined {
  if (issuer === undefined || kind === 'saml') return undefined;
  const scheme = issuer.indexOf('://');
  return `${(scheme < 0 ? issuer : issuer.slice(scheme + 3)).toLowerCase()}:`;
}

/** A test that the request's own text must pass: not negated, and not content with an absent key. */
function demandsText({ use }: Condition): boolean {
  if (use.kind === 'null' || use.ifExists || use.quantifier === 'ForAllValues') return false;
  return ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'].includes(use.operator.name);
}

function hasText(value: string): boolean {
  return /[^*?]/.test(value);
}

type Words = { readonly message: string; readonly remedy: string };

function error(code: FindingCode, path: PolicyPath, words: Words): Finding {
  return { code, severity: 'error', path, ...words };
}

function warning(code: FindingCode, path: PolicyPath, words: Words): Finding {
  return { code, severity: 'warning', path, ...words };
}
