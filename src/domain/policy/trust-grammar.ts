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

/** What only trust policies demand (wire-spec 8.3, trust). */
export function checkTrustStatement(statement: Statement, faults: PolicyFault[]): void {
  const { path, principals, actions, conditions, effect } = statement;
  if (principals?.negated === true) {
    faults.push({
      path: [...path, 'NotPrincipal'],
      message: 'AssumeRole policy must not contain NotPrincipal field.',
    });
  }
  // NotAction names every action of every service but a few.
  if (actions.negated || !actions.patterns.every(isTrustAction)) {
    faults.push({ path, message: 'AssumeRole policy may only specify STS AssumeRole actions.' });
  }
  for (const { type, value, path: at } of principals?.entries ?? []) {
    if (type === 'CanonicalUser')
      faults.push({ path: at, message: `Invalid principal in policy: "${type}":"${value}"` });
  }
  const isCognito = principals?.federated.has('cognito-identity.amazonaws.com') === true;
  if (isCognito && effect === 'Allow' && conditions.length === 0) {
    faults.push({ path, message: 'A condition block must be present for the Cognito provider' });
  }
}

function isTrustAction(pattern: ActionPattern): boolean {
  if (!pattern.text.toLowerCase().startsWith('sts:')) return false;
  return trustActions.some((action) => namesAction({ negated: false, patterns: [pattern] }, action));
}
