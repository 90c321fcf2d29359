import type { Application } from '../application/application.ts';
import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Policy } from '../policy/document.ts';
import type { Directory } from '../role/directory.ts';
import { principalOfIdentity } from './assume-role.ts';
import { authorize } from './authorize.ts';
import { createConditionContext } from './condition-context.ts';

/**
 * Asks the gate whether a workload may act as an application.
 *
 * @param policy the application's own: without it nobody may
 * @throws FederationError `client-refused`
 */
export function permitWorkload(
  { clientId, arn }: Application,
  policy: Policy,
  identity: Identity,
  draft: AuditDraft,
  { directory }: { readonly directory: Directory },
): void {
  const keys = { tags: {}, transitiveTagKeys: [], rolebridge: { clientId } };
  const authorization = authorize(
    {
      principal: principalOfIdentity(identity),
      policies: { identity: [] },
      actions: ['rolebridge:AuthenticateClient'],
      resource: arn,
      resourcePolicy: policy,
      trustMandatory: true,
      context: createConditionContext({ facts: draft.facts, keys, subject: { identity }, directory }),
    },
    directory,
  );
  draft.decision = authorization;
  if (authorization.decision.outcome === 'allow') return;
  throw new FederationError('client-refused', `${authorization.action} refused`);
}
