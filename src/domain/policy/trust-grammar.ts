import { namesAction, type ActionPattern } from './action-element.ts';
import type { PolicyFault } from './fault.ts';
import type { Statement } from './statement.ts';

/** The actions that open a role or accompany its opening: nothing else belongs into a trust policy. */
const trustActions = [
  'sts:assumerole',
  'sts:assumerolewithsaml',
  'sts:assumerolewithwebidentity',
  'sts:tagsession',
  'sts:setsourceidentity',
  'sts:setcontext',
] as const;

/** The one action of an exchange policy, and of a client policy; lower case. */
export const EXCHANGE_TOKEN = 'rolebridge:exchangetoken';
export const AUTHENTICATE_CLIENT = 'rolebridge:authenticateclient';

/** What only trust policies demand (wire-spec 8.3, trust). */
export function checkTrustStatement(statement: Statement, faults: PolicyFault[]): void {
  const words = {
    notPrincipal: 'AssumeRole policy must not contain NotPrincipal field.',
    action: 'AssumeRole policy may only specify STS AssumeRole actions.',
  };
  checkStatement(statement, { ...words, isAction: isTrustAction }, faults);
}

/** What only the exchange policy of a service or an application demands. */
export function checkExchangeStatement(statement: Statement, faults: PolicyFault[]): void {
  const words = {
    notPrincipal: 'An exchange policy must not contain NotPrincipal.',
    action: 'An exchange policy may only specify rolebridge:ExchangeToken.',
  };
  checkStatement(statement, { ...words, isAction: isExactly(EXCHANGE_TOKEN) }, faults);
}

/** What only the client policy of an application demands. */
export function checkClientStatement(statement: Statement, faults: PolicyFault[]): void {
  const words = {
    notPrincipal: 'A client policy must not contain NotPrincipal.',
    action: 'A client policy may only specify rolebridge:AuthenticateClient.',
  };
  checkStatement(statement, { ...words, isAction: isExactly(AUTHENTICATE_CLIENT) }, faults);
}

type Demand = {
  readonly notPrincipal: string;
  readonly action: string;
  readonly isAction: (pattern: ActionPattern) => boolean;
};

function checkStatement(
  { path, principals, actions, conditions, effect }: Statement,
  { notPrincipal, action, isAction }: Demand,
  faults: PolicyFault[],
): void {
  if (principals?.negated === true) faults.push({ path: [...path, 'NotPrincipal'], message: notPrincipal });
  // NotAction names every action of every service but a few.
  if (actions.negated || !actions.patterns.every(isAction)) faults.push({ path, message: action });
  for (const { type, value, path: at } of principals?.entries ?? []) {
    if (type === 'CanonicalUser')
      faults.push({ path: at, message: `Invalid principal in policy: "${type}":"${value}"` });
  }
  const isCognito = principals?.federated.has('cognito-identity.amazonaws.com') === true;
  if (isCognito && effect === 'Allow' && conditions.length === 0) {
    faults.push({ path, message: 'A condition block must be present for the Cognito provider' });
  }
}

// No wildcards: one action is all there is, so they could only hide what is meant.
function isExactly(action: string): (pattern: ActionPattern) => boolean {
  return ({ text }) => text.toLowerCase() === action;
}

function isTrustAction(pattern: ActionPattern): boolean {
  if (!pattern.text.toLowerCase().startsWith('sts:')) return false;
  return trustActions.some((action) => namesAction({ negated: false, patterns: [pattern] }, action));
}
