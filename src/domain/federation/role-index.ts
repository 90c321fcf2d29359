import type { Identity } from '../identity/identity.ts';
import { namesAction } from '../policy/action-element.ts';
import { evaluateCondition, type Condition } from '../policy/condition.ts';
import type { PolicyRequest } from '../policy/request.ts';
import { createRequestContext } from '../policy/request-context.ts';
import { readsOnlyItsKey, requiredTexts, type RequiredText } from '../policy/required-texts.ts';
import type { Statement } from '../policy/statement.ts';
import type { Directory } from '../role/directory.ts';
import type { Role } from '../role/role.ts';

type Bearer = Pick<Identity, 'providerArn' | 'conditionKeys'>;

/** A statement that could open a role to somebody of one provider. */
type Opening = {
  readonly role: Role;
  /** Those that the identity alone decides; the others are left to the gate. */
  readonly conditions: readonly Condition[];
};

type KeyIndex = {
  readonly whole: Map<string, Opening[]>;
  readonly beginnings: Map<string, Opening[]>;
  /** Of the beginnings, in characters. */
  readonly lengths: Set<number>;
};

type ProviderIndex = {
  readonly byKey: ReadonlyMap<string, KeyIndex>;
  /** Those that no text could be found for. */
  readonly others: readonly Opening[];
};

/**
 * Sorts roles by who may open them, so that finding a person's few costs nothing for the many: each statement stands under
 * the texts of one condition which its bearer must have, the rarest. It may find too much, never too little: the gate decides.
 */
export function createRoleIndex(roles: readonly Role[]): Directory['candidateRoles'] {
  const openings = roles.flatMap(openingsOf);
  const providers = new Map(
    [...Map.groupBy(openings, ({ providerArn }) => providerArn)].map(
      ([providerArn, ofProvider]) => [providerArn, indexProvider(ofProvider)] as const,
    ),
  );
  return (bearer) => {
    const index = providers.get(bearer.providerArn);
    return index === undefined ? [] : findRoles(index, bearer);
  };
}

function openingsOf(role: Role): readonly (Opening & { readonly providerArn: string })[] {
  return role.trustPolicy.statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap((statement) => {
      const conditions = statement.conditions.filter(({ key }) => isOfIdentity(key));
      return providersOf(statement).map((providerArn) => ({ role, providerArn, conditions }));
    });
}

function providersOf({ principals, actions }: Statement): readonly string[] {
  if (principals === undefined || principals.negated) return [];
  return [...principals.federated].filter((arn) => namesAction(actions, actionOf(arn)));
}

function actionOf(providerArn: string): string {
  return providerArn.includes(':saml-provider/') ? 'sts:assumerolewithsaml' : 'sts:assumerolewithwebidentity';
}

// Keys of other families come from the request and from the role, whatever a proof says: nothing follows from its lacking them.
function isOfIdentity(key: string): boolean {
  return !key.startsWith('aws:') && !key.startsWith('sts:');
}

type Requirement = { readonly key: string; readonly texts: readonly RequiredText[] };

function indexProvider(openings: readonly Opening[]): ProviderIndex {
  const requirements = openings.map(({ conditions }) => conditions.flatMap(requirementOf));
  const counts = new Map<string, number>();
  for (const name of requirements.flat().flatMap(namesOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rarity = (one: Requirement): number =>
    Math.max(0, ...namesOf(one).map((name) => counts.get(name) ?? 0));
  const byKey = new Map<string, KeyIndex>();
  const others: Opening[] = [];
  openings.forEach((opening, index) => {
    const [rarest] = (requirements[index] ?? []).toSorted((a, b) => rarity(a) - rarity(b));
    if (rarest === undefined) others.push(opening);
    else file(opening, rarest, byKey);
  });
  return { byKey, others };
}

function requirementOf(condition: Condition): readonly Requirement[] {
  const texts = requiredTexts(condition);
  return texts === undefined ? [] : [{ key: condition.key, texts }];
}

function namesOf({ key, texts }: Requirement): readonly string[] {
  return texts.map(({ text, match }) => JSON.stringify([key, match, text]));
}

function file(opening: Opening, { key, texts }: Requirement, byKey: Map<string, KeyIndex>): void {
  const index = byKey.get(key) ?? createKeyIndex();
  byKey.set(key, index);
  for (const { text, match } of texts) {
    const entries = match === 'whole' ? index.whole : index.beginnings;
    const filed = entries.get(text);
    if (filed === undefined) entries.set(text, [opening]);
    else filed.push(opening);
    if (match === 'beginning') index.lengths.add(text.length);
  }
}

function createKeyIndex(): KeyIndex {
  return { whole: new Map(), beginnings: new Map(), lengths: new Set() };
}

function findRoles({ byKey, others }: ProviderIndex, bearer: Bearer): readonly Role[] {
  const request = requestOf(bearer);
  const found = new Set<Role>();
  const test = (openings: readonly Opening[] = []): void => {
    for (const { role, conditions } of openings)
      if (!found.has(role) && mayHold(conditions, request)) found.add(role);
  };
  for (const [key, value] of bearer.conditionKeys) {
    const index = byKey.get(key.toLowerCase());
    if (index === undefined) continue;
    for (const text of typeof value === 'string' ? [value] : value) {
      test(index.whole.get(text));
      for (const length of index.lengths)
        if (length <= text.length) test(index.beginnings.get(text.slice(0, length)));
    }
  }
  test(others);
  return [...found];
}

/** Whether no condition is sure to fail. The gate asks once more, with the whole request. */
function mayHold(conditions: readonly Condition[], request: PolicyRequest): boolean {
  return conditions.every(
    (condition) => !readsOnlyItsKey(condition) || evaluateCondition(condition, request) !== false,
  );
}

function requestOf({ providerArn, conditionKeys }: Bearer): PolicyRequest {
  return {
    principal: {
      type: providerArn.includes(':saml-provider/') ? 'saml' : 'web-identity',
      providerArn,
    },
    action: actionOf(providerArn),
    resource: '*',
    context: createRequestContext(conditionKeys),
  };
}
