import type { AuditDraft } from '../audit/audit-draft.ts';
import { principalOf } from './caller.ts';

/**
 * A refusal as DecodeAuthorizationMessage tells it: AWS's members, and the engine's trace beside them.
 *
 * @returns `undefined` where no policy was asked
 */
export function explanationOf(
  draft: AuditDraft,
  reference: string,
): Readonly<Record<string, unknown>> | undefined {
  if (draft.decision === undefined) return undefined;
  const { action, decision } = draft.decision;
  const { decidedBy } = decision;
  return {
    allowed: decision.outcome === 'allow',
    explicitDeny: decision.outcome === 'explicitDeny',
    matchedStatements: { items: decidedBy ? [decidedBy] : [] },
    failures: { items: [{ reason: decision.reason }] },
    context: {
      principal: principal(draft),
      action,
      resource: draft.roleArn ?? '*',
      conditions: { items: [] },
    },
    reference,
    trace: decision.trace(),
  };
}

function principal({ identity, caller }: AuditDraft): Readonly<Record<string, unknown>> {
  if (identity) return { id: identity.subject, arn: identity.providerArn };
  if (!caller) return {};
  const { arn, userId } = principalOf(caller);
  return { id: userId, arn };
}
