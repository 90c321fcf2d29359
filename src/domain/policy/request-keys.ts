import type { ContextValue, PolicyRequest, Principal } from './request.ts';

const principalTypes = {
  user: 'User',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
  root: 'Account',
  anonymous: 'Anonymous',
  // Callers that bring a proof instead of a signature, and services, have no type in AWS's table.
  'web-identity': undefined,
  saml: undefined,
  service: undefined,
} as const satisfies Record<Principal['type'], string | undefined>;

/** Keys that follow from who asks and for what. They are looked up, not merged: no request pays for a copy of its context. */
const derivedKeys: ReadonlyMap<string, (request: PolicyRequest) => ContextValue | undefined> = new Map([
  ['aws:principalarn', ({ principal }: PolicyRequest) => principalArn(principal)],
  ['aws:principalaccount', ({ principal }: PolicyRequest) => principalAccount(principal)],
  ['aws:principaltype', ({ principal }: PolicyRequest) => principalTypes[principal.type]],
  ['aws:userid', ({ principal }: PolicyRequest) => userId(principal)],
  ['aws:username', ({ principal }: PolicyRequest) => userName(principal)],
  ['aws:principalisawsservice', ({ principal }: PolicyRequest) => String(principal.type === 'service')],
  ['aws:resourceaccount', resourceAccount],
]);

const multivaluedKeys: ReadonlySet<string> = new Set([
  'aws:tagkeys',
  'aws:calledvia',
  'aws:principalorgpaths',
  'aws:resourceorgpaths',
  'aws:sourceorgpaths',
  'aws:principalservicenameslist',
  'sts:transitivetagkeys',
  'sts:identitytokenaudience',
  'rolebridge:scope',
]);

/** The value of a condition key (lower case): the request's own, else what the engine derives. `undefined`: absent. */
export function conditionValue(request: PolicyRequest, key: string): ContextValue | undefined {
  return request.context.get(key) ?? derivedKeys.get(key)?.(request);
}

/** Whether a key (lower case) holds a list by its type, even when one value came (wire-spec 6.4, measured on the service). */
export function isMultivaluedKey(key: string): boolean {
  return multivaluedKeys.has(key) || key.endsWith(':amr');
}

/** The account whose principal asks; federated tokens, services and anonymous callers have none. */
export function principalAccount(principal: Principal): string | undefined {
  return 'account' in principal ? principal.account : undefined;
}

/** Owner of the resource; it is the caller's own account unless the request says otherwise. */
export function resourceAccount(request: PolicyRequest): string | undefined {
  return request.resourceAccount ?? principalAccount(request.principal);
}

/** A role's sessions present the role's ARN, so that a policy need not know session names (wire-spec 6.3). */
function principalArn(principal: Principal): string | undefined {
  if (principal.type === 'assumed-role') return principal.roleArn;
  return 'arn' in principal ? principal.arn : undefined;
}

function userId(principal: Principal): string | undefined {
  if (principal.type === 'anonymous') return 'anonymous';
  return 'userId' in principal ? principal.userId : undefined;
}

function userName(principal: Principal): string | undefined {
  return principal.type === 'user' ? principal.arn.slice(principal.arn.lastIndexOf('/') + 1) : undefined;
}
