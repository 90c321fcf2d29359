import type { Decision } from '../policy/decision.ts';
import type { Policy } from '../policy/document.ts';
import { evaluatePolicies } from '../policy/evaluate.ts';
import type { Principal, RequestContext } from '../policy/request.ts';
import { splitArn } from '../role/arn.ts';
import type { Directory } from '../role/directory.ts';
import type { CallerPolicies } from './caller.ts';

export type AuthorizeInput = {
  readonly principal: Principal;
  /** The principal's own side; empty for a federated proof, which has none. */
  readonly policies: CallerPolicies;
  /** All of them must be allowed: `sts:AssumeRole…`, then `sts:TagSession` and `sts:SetSourceIdentity` where needed. */
  readonly actions: readonly [string, ...string[]];
  /** The role's ARN, or what else the actions are about. */
  readonly resource: string;
  /** The policy of what `resource` names, as a role's trust policy. What does not exist is refused like what trusts nobody. */
  readonly resourcePolicy?: Policy | undefined;
  /** Whether nothing is allowed without that policy, as with roles. */
  readonly trustMandatory: boolean;
  readonly context: RequestContext;
};

/** The decision that counts: of the first action that was refused, or of the first action where all are allowed. */
export type Authorization = { readonly action: string; readonly decision: Decision };

/**
 * THE gate: every way to credentials passes here, so no flow can forget a check. Asks the engine for each action with the
 * role's trust policy, the caller's policies and the organisation's guardrails (wire-spec 6.1, 6.6).
 */
export function authorize(input: AuthorizeInput, directory: Directory): Authorization {
  const { principal, resource } = input;
  const resourceAccount = splitArn(resource)?.account ?? '';
  const own = 'account' in principal ? directory.guardrails(principal.account) : undefined;
  const theirs = directory.guardrails(resourceAccount);
  const sets = {
    ...input.policies,
    ...(input.resourcePolicy ? { resource: input.resourcePolicy } : {}),
    ...(own?.scps ? { scps: own.scps } : {}),
    ...(theirs.rcps ? { rcps: theirs.rcps } : {}),
  };
  const request = {
    principal,
    resource,
    ...(resourceAccount === '' ? {} : { resourceAccount }),
    context: input.context,
    resourcePolicyMandatory: input.trustMandatory,
    principalInManagementAccount: own?.isManagementAccount ?? false,
    resourceInManagementAccount: theirs.isManagementAccount,
  };
  const [first, ...further] = input.actions;
  const decision = evaluatePolicies({ ...request, action: first }, sets);
  if (decision.outcome !== 'allow') return { action: first, decision };
  for (const action of further) {
    const next = evaluatePolicies({ ...request, action }, sets);
    if (next.outcome !== 'allow') return { action, decision: next };
  }
  return { action: first, decision };
}
