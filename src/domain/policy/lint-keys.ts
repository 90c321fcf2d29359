import { error, type Finding } from './lint-finding.ts';
import { claimPrefix, type LintScope, type TrustKind } from './lint-scope.ts';
import { builtInProviders } from './principal-element.ts';

/** Says what is amiss with the keys of a statement's conditions, and how they are compared. */
export function findKeyTrouble(scope: LintScope): readonly Finding[] {
  return [
    ...findUnknownClaims(scope),
    ...findUnknownKeys(scope),
    ...findForAllValues(scope),
    ...findMissingSetOperators(scope),
  ];
}

const builtInPrefixes = ['aws', 'sts', 'saml', 'rolebridge', ...builtInProviders].map((name) => `${name}:`);

const SCOPE = 'rolebridge:Scope';
const EXCHANGE_KEYS = [
  'rolebridge:ClientId',
  'rolebridge:Audience',
  'rolebridge:SubjectTokenType',
  SCOPE,
  'rolebridge:ActorIssuer',
  'rolebridge:ActorSubject',
] as const;

/** The keys of ours that a request carries; roles are opened by exchanges, too. */
const OWN_KEYS: Readonly<Record<TrustKind, readonly string[]>> = {
  trust: EXCHANGE_KEYS,
  exchange: EXCHANGE_KEYS,
  client: ['rolebridge:ClientId'],
};

/** A misspelt issuer makes the key absent: an Allow never holds, and a negated test holds always. */
function findUnknownClaims({ statement, world }: LintScope): readonly Finding[] {
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

/**
 * It holds where the key is absent, so that a token without the claim passes. Without scopes, though, nothing is opened:
 * there it is the way to say which ones may be asked for.
 */
function findForAllValues({ kind, statement: { effect, conditions } }: LintScope): readonly Finding[] {
  if (effect !== 'Allow') return [];
  return conditions
    .filter(({ use }) => use.kind === 'value' && use.quantifier === 'ForAllValues')
    .filter(({ key }) => kind !== 'exchange' || key !== SCOPE.toLowerCase())
    .map(({ keyText, path }) =>
      error('for-all-values-in-allow', path, {
        message: `ForAllValues also holds when ${keyText} is absent from the request.`,
        remedy: 'Use ForAnyValue, or the plain operator for a claim with one value.',
      }),
    );
}

/** As with a misspelt issuer: the key is absent, whatever is asked. */
function findUnknownKeys({ kind, statement }: LintScope): readonly Finding[] {
  const known = OWN_KEYS[kind];
  return statement.conditions
    .filter(({ key }) => key.startsWith('rolebridge:') && !known.some((name) => name.toLowerCase() === key))
    .map(({ keyText, path }) =>
      error('unknown-condition-key', path, {
        message: `No request that this policy decides has the condition key ${keyText}.`,
        remedy: `Use one of these: ${known.join(' ')}`,
      }),
    );
}

/** Without one a list matches nothing: an Allow never holds, and a Deny never bites. */
function findMissingSetOperators({ kind, statement }: LintScope): readonly Finding[] {
  if (kind === 'trust') return [];
  return statement.conditions
    .filter(({ isMultivalued, use }) => isMultivalued && use.kind === 'value' && use.quantifier === undefined)
    .map(({ keyText, operatorText, path }) =>
      error('missing-set-operator', path, {
        message: `${keyText} has several values, and ${operatorText} compares none of them.`,
        remedy: `Write ForAnyValue:${operatorText}, or ForAllValues:${operatorText}.`,
      }),
    );
}
