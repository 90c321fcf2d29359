import { FederationError } from '../../domain/errors.ts';
import type { FoundRole } from '../../domain/federation/list-roles.ts';
import { findRole } from '../../domain/federation/list-roles.ts';
import { audited } from '../../domain/federation/audited.ts';
import { pageDraft, showError, type PersonExchange } from '../page-exchange.ts';
import { gateOf, personOf, type PortalDeps } from './portal-deps.ts';
import type { RolePath } from './role-path.ts';

/** What the page offers, in seconds; the role's own maximum comes with them. */
const DURATIONS = [900, 1800, 3600, 7200, 14_400, 28_800, 43_200];
const MAX_TEXT = 200;

/**
 * The role that a path names, where it is open to the person or lacks only a second factor; else shows {@link showNotFound}.
 *
 * @param eventName what the audit trail calls a refusal
 */
export async function requireRole(
  exchange: PersonExchange,
  { roleArn }: RolePath,
  eventName: string,
  deps: PortalDeps,
): Promise<FoundRole | undefined> {
  const draft = pageDraft(exchange, eventName, { roleArn: roleArn ?? exchange.ctx.path.slice(0, MAX_TEXT) });
  try {
    return await audited(draft, deps, () => Promise.try(find));
  } catch (error) {
    if (!isRoleRefusal(error)) throw error;
    showNotFound(exchange, error);
    return undefined;
  }

  function find(): FoundRole {
    if (roleArn === undefined) throw new FederationError('federation-denied', 'the path names no role');
    draft.roleArn = roleArn;
    const max = deps.directory.role(roleArn)?.maxSessionDurationSeconds ?? 0;
    const durations = [...new Set([...DURATIONS, max])].sort((a, b) => a - b);
    return findRole({ roleArn, durations }, personOf(exchange), draft, gateOf(exchange, deps));
  }
}

/** Whether a failure is about the role, so that its page must look like that of a role which does not exist. */
export function isRoleRefusal(error: unknown): error is FederationError {
  return error instanceof FederationError && error.code === 'federation-denied';
}

/**
 * The one answer to roles that are unknown, misspelt or not open: what exists is nobody's business to whom it is not open.
 * The reference leads operators to the reason.
 */
export function showNotFound(exchange: PersonExchange, refused: FederationError): void {
  const failure = new FederationError('not-found', 'the role is not open', { cause: refused });
  if (refused.refusal !== undefined) failure.refusal = refused.refusal;
  showError(exchange, failure, { links: [{ to: 'roles', href: '/roles' }] });
}
