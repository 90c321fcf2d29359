import { splitArn } from '../role/arn.ts';
import { SYNTAX_ERROR, type PolicyFault, type PolicyPath } from './fault.ts';
import { isObject, textValues } from './json-value.ts';
import type { Principal } from './request.ts';

/** `Principal` or `NotPrincipal`, sorted by what a caller can be compared with. */
export type PrincipalElement = {
  readonly negated: boolean;
  /** `"*"` or `{"AWS":"*"}`: the two mean the same. */
  readonly everyone: boolean;
  /** Twelve digits; `…:root` ARNs are folded in here. */
  readonly accounts: ReadonlySet<string>;
  /** User, role, role-session and federated-user ARNs, and the unique ids that remain of deleted ones. */
  readonly arns: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  /** Provider ARNs, AWS's four built-in names, or `*`. */
  readonly federated: ReadonlySet<string>;
  /** As written: type (`*` for the bare star), value, and where. */
  readonly entries: readonly PrincipalEntry[];
};

type PrincipalEntry = { readonly type: string; readonly value: string; readonly path: PolicyPath };

/** How a statement names a caller, as bits: wire-spec 6.1, D5. */
export const NAMED = { direct: 1, wildcard: 2, parent: 4, account: 8 } as const;

/** Providers that AWS knows by name instead of ARN. */
export const builtInProviders: ReadonlySet<string> = new Set([
  'cognito-identity.amazonaws.com',
  'www.amazon.com',
  'graph.facebook.com',
  'accounts.google.com',
]);

const principalTypes: Readonly<Record<string, (value: string) => boolean>> = {
  AWS: isAwsPrincipal,
  Service: (value) => /^[A-Za-z0-9.-]+$/.test(value),
  // A star is let through so that the linter can say what is wrong with it; it never admits a token.
  Federated: (value) => value === '*' || builtInProviders.has(value) || isProviderArn(value),
  CanonicalUser: (value) => /^[0-9a-f]+$/.test(value),
};

/** Reads `Principal`/`NotPrincipal`; no wildcard is allowed inside an ARN (wire-spec 6.3). */
export function parsePrincipalElement(
  value: unknown,
  { path, negated, faults }: { path: PolicyPath; negated: boolean; faults: PolicyFault[] },
): PrincipalElement {
  const entries = readEntries(value, { path, faults });
  const valuesOf = (type: string) =>
    entries.filter((entry) => entry.type === type).map((entry) => entry.value);
  const aws = valuesOf('AWS');
  return {
    negated,
    everyone: aws.includes('*') || valuesOf('*').length > 0,
    accounts: new Set(aws.map(accountOf).filter((account) => account !== undefined)),
    arns: new Set(aws.filter((text) => accountOf(text) === undefined)),
    services: new Set(valuesOf('Service')),
    federated: new Set(valuesOf('Federated')),
    entries,
  };
}

/** How the statement names the caller as {@link NAMED} bits; 0 where it does not. */
function namedKinds(element: PrincipalElement, principal: Principal): number {
  const everyone = element.everyone ? NAMED.wildcard : 0;
  switch (principal.type) {
    case 'user':
      return everyone | direct(element, principal.arn) | account(element, principal.account);
    case 'root':
      return everyone | account(element, principal.account);
    case 'assumed-role':
      return everyone | layered(element, principal, principal.roleArn);
    case 'federated-user':
      return everyone | layered(element, principal, principal.parentArn);
    case 'service':
      return everyone | (element.services.has(principal.service) ? NAMED.direct : 0);
    case 'web-identity':
    case 'saml':
      return everyone | (element.federated.has(principal.providerArn) ? NAMED.direct : 0);
    case 'anonymous':
      return everyone;
  }
}

/** Whether `Deny` with this element hits the caller; a star hits bearers of tokens too, though it never admits them. */
export function isDenied(
  element: PrincipalElement,
  principal: Principal,
  { hasBoundary }: { hasBoundary: boolean },
): boolean {
  if (element.negated) return hasBoundary || !isSpared(element, principal);
  const isToken = principal.type === 'web-identity' || principal.type === 'saml';
  return namedKinds(element, principal) !== 0 || (isToken && element.federated.has('*'));
}

/** How an `Allow` admits the caller as {@link NAMED} bits; a token is admitted by its provider's ARN only (wire-spec 6.6). */
export function admittedKinds(element: PrincipalElement, principal: Principal): number {
  const isToken = principal.type === 'web-identity' || principal.type === 'saml';
  const named = namedKinds(element, principal);
  if (element.negated) return named === 0 && !isToken ? NAMED.wildcard : 0;
  return isToken ? named & NAMED.direct : named;
}

/** `NotPrincipal` spares a caller only when each of its layers is listed: the documents say "might", so in doubt it is hit (6.3). */
function isSpared(element: PrincipalElement, principal: Principal): boolean {
  const required = 'account' in principal ? requiredLayers(principal.type) : NAMED.direct;
  return (namedKinds(element, principal) & required) === required;
}

function requiredLayers(type: 'user' | 'assumed-role' | 'federated-user' | 'root'): number {
  if (type === 'root') return NAMED.account;
  return NAMED.direct | NAMED.account | (type === 'user' ? 0 : NAMED.parent);
}

function layered(
  element: PrincipalElement,
  caller: { arn: string; account: string },
  parentArn: string,
): number {
  const parent = element.arns.has(parentArn) ? NAMED.parent : 0;
  return direct(element, caller.arn) | parent | account(element, caller.account);
}

function direct(element: PrincipalElement, arn: string): number {
  return element.arns.has(arn) ? NAMED.direct : 0;
}

function account(element: PrincipalElement, id: string): number {
  return element.accounts.has(id) ? NAMED.account : 0;
}

function readEntries(
  value: unknown,
  { path, faults }: { path: PolicyPath; faults: PolicyFault[] },
): readonly PrincipalEntry[] {
  if (value === '*') return [{ type: '*', value, path }];
  if (!isObject(value) || Object.keys(value).length === 0) {
    faults.push({ path, message: typeof value === 'string' ? invalidPrincipal('AWS', value) : SYNTAX_ERROR });
    return [];
  }
  return Object.entries(value).flatMap(([type, values]) => readType(type, values, { path, faults }));
}

function readType(
  type: string,
  value: unknown,
  { path, faults }: { path: PolicyPath; faults: PolicyFault[] },
): readonly PrincipalEntry[] {
  const values = textValues(value, [...path, type]);
  if (values === undefined || values.length === 0) {
    faults.push({ path: [...path, type], message: SYNTAX_ERROR });
    return [];
  }
  const isValid = Object.hasOwn(principalTypes, type) ? principalTypes[type] : undefined;
  for (const { text, path: at } of values) {
    if (!isValid?.(text)) faults.push({ path: at, message: invalidPrincipal(type, text) });
  }
  return values.map(({ text, path: at }) => ({ type, value: text, path: at }));
}

function invalidPrincipal(type: string, value: string): string {
  return `Invalid principal in policy: "${type}":"${value}"`;
}

/** The account that `111122223333` or its `…:root` ARN names. */
function accountOf(value: string): string | undefined {
  if (/^\d{12}$/.test(value)) return value;
  return /^arn:[a-z-]+:iam::(\d{12}):root$/.exec(value)?.[1];
}

function isAwsPrincipal(value: string): boolean {
  if (value === '*' || accountOf(value) !== undefined || /^A[A-Z]{3}[A-Z0-9]{12,28}$/.test(value))
    return true;
  const arn = splitArn(value);
  if (arn === undefined || arn.region !== '' || !/^\d{12}$/.test(arn.account) || /[*?]/.test(value))
    return false;
  if (arn.service === 'iam') return /^(?:user|role)\/./.test(arn.resource);
  return arn.service === 'sts' && /^(?:assumed-role\/[^/]+\/[^/]+|federated-user\/[^/]+)$/.test(arn.resource);
}

function isProviderArn(value: string): boolean {
  const arn = splitArn(value);
  if (arn?.service !== 'iam' || arn.region !== '' || !/^\d{12}$/.test(arn.account) || /[*?]/.test(value))
    return false;
  return /^(?:oidc|saml)-provider\/./.test(arn.resource);
}
