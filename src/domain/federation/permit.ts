import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import { authorize } from './authorize.ts';
import { policiesOf, principalOf, type Caller } from './caller.ts';
import { createConditionContext, type RequestKeys } from './condition-context.ts';
import type { FederationDeps } from './deps.ts';

export type PermitInput = {
  readonly caller: Caller;
  readonly actions: readonly [string, ...string[]];
  /** An ARN, or `*` for actions that are about no resource. */
  readonly resource: string;
  /** Condition keys of the request. */
  readonly keys?: Partial<RequestKeys>;
};

/**
 * The gate for actions that are about no role: the caller's own policies decide.
 *
 * Temporary credentials of GetSessionToken and GetFederationToken may call none of them (wire-spec 5).
 *
 * @throws FederationError `caller-denied`, or `action-denied` where the resource is `*`
 */
export function permit(
  { caller, actions, resource, keys = {} }: PermitInput,
  draft: AuditDraft,
  deps: FederationDeps,
): void {
  const principal = principalOf(caller);
  const { facts } = draft;
  const context = createConditionContext({
    facts,
    keys: { tags: {}, transitiveTagKeys: [], ...keys },
    subject: { caller },
    directory: deps.directory,
  });
  const policies = policiesOf(caller, deps);
  const input = { principal, policies, actions, resource, trustMandatory: false, context };
  const authorization = authorize(input, deps.directory);
  draft.decision = authorization;
  const mayCallSts = caller.kind === 'user' || caller.kind === 'assumed-role';
  if (mayCallSts && authorization.decision.outcome === 'allow') return;
  const params = { caller: principal.arn, action: authorization.action, resource };
  const code = resource === '*' ? 'action-denied' : 'caller-denied';
  throw new FederationError(code, `${authorization.action} refused`, { params });
}
