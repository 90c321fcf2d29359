import type { Condition } from './condition.ts';
import type { PolicyPath } from './fault.ts';
import { error, warning, type Finding } from './lint-finding.ts';
import { claimPrefix, type LintScope, type TrustedProvider } from './lint-scope.ts';
import { findSharedIssuer, GITHUB_ACTIONS, isOpen, type SharedIssuer } from './shared-issuers.ts';

/** Says what is amiss in a statement that opens something to the tokens of a provider. */
export function lintProvider(provider: TrustedProvider, scope: LintScope): readonly Finding[] {
  const prefix = claimPrefix(provider);
  if (prefix === undefined || !scope.opensToTokens) return [];
  return [
    ...findMissingAudience(prefix, provider, scope),
    ...findUnpinned(prefix, scope),
    ...findUnknownAudiences(prefix, provider, scope),
    ...findSubjectForms(prefix, scope),
  ];
}

/**
 * Without it a token that the provider issued for another service opens the role. Where the bridge itself asks what is brought,
 * the provider's own audiences are tested anyhow, and only several of them have to be told apart.
 */
function findMissingAudience(
  prefix: string,
  { audiences = [] }: TrustedProvider,
  { statement, kind }: LintScope,
): readonly Finding[] {
  const isTested = statement.conditions.some(
    (condition) =>
      condition.key === `${prefix}aud` && demandsText(condition) && condition.values.every(hasText),
  );
  if (isTested || (kind !== 'trust' && audiences.length < 2)) return [];
  const found = kind === 'trust' ? error : warning;
  return [
    found('missing-audience', statement.path, {
      message: `No condition demands ${prefix}aud.`,
      remedy: `Add StringEquals "${prefix}aud" with the audience that is meant for this service.`,
    }),
  ];
}

function findUnpinned(prefix: string, scope: LintScope): readonly Finding[] {
  const { statement } = scope;
  const shared = findSharedIssuer(prefix.slice(0, -1));
  if (shared === undefined || statement.conditions.some((condition) => pinsOwner(condition, prefix, shared)))
    return [];
  const { claim = 'sub' } = shared.claims[0] ?? {};
  const key = keyOf(claim, prefix);
  return [
    error('unpinned-shared-issuer', statement.path, {
      message: `${shared.host} signs tokens for anybody, and no condition says whose may open ${scope.opened}.`,
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
  { statement }: LintScope,
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
function findSubjectForms(prefix: string, { statement }: LintScope): readonly Finding[] {
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

/** A test that the request's own text must pass: not negated, and not content with an absent key. */
function demandsText({ use }: Condition): boolean {
  if (use.kind === 'null' || use.ifExists || use.quantifier === 'ForAllValues') return false;
  return ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'].includes(use.operator.name);
}

function hasText(value: string): boolean {
  return /[^*?]/.test(value);
}
