import type { AssumeRoleRequest } from './assume-role.ts';
import type { RequestKeys } from './condition-context.ts';

/** What a token exchange adds to a request for a role. */
export type ExchangeTerms = {
  readonly rolebridge: NonNullable<RequestKeys['rolebridge']>;
  /** When what was brought ends, epoch milliseconds: no session outlives it. */
  readonly notOnOrAfterMs: number;
};

/** A request for a role on these terms: they can only shorten what the proof itself grants. */
export function onTerms(request: AssumeRoleRequest, terms: ExchangeTerms): AssumeRoleRequest {
  const { proofLimits } = request;
  const notOnOrAfterMs = Math.min(proofLimits?.notOnOrAfterMs ?? Infinity, terms.notOnOrAfterMs);
  return { ...request, rolebridge: terms.rolebridge, proofLimits: { ...proofLimits, notOnOrAfterMs } };
}
