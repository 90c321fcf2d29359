import { errors } from 'oidc-provider';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { FederationError } from '../../domain/errors.ts';
import { audited } from '../../domain/federation/audited.ts';
import type { FederationDeps } from '../../domain/federation/deps.ts';
import { oauthErrorCodeOf } from '../../protocols/oauth/errors.ts';

const MAX_REASON_CHARS = 500;

/** Answers of the protocol that are no refusal: a device asks every few seconds. */
const UNAUDITED = new Set(['authorization_pending', 'slow_down', 'use_dpop_nonce']);

/** A refusal of the library as one of ours; `undefined` for what it did not foresee. */
export function refusalOf(error: unknown): FederationError | undefined {
  if (error instanceof FederationError) return error;
  if (!(error instanceof errors.OIDCProviderError) || !error.expose) return undefined;
  const reason = error.error_detail ?? error.error_description ?? error.message;
  const details = { params: { error: error.error }, cause: error };
  return new FederationError('oauth-refused', reason.slice(0, MAX_REASON_CHARS), details);
}

/**
 * Writes a refusal of the library into the audit trail, and gives it its reference.
 *
 * @param isKnown whether it is of a client that we know: what nobody knows and is malformed is not recorded
 * @throws FederationError `store-unavailable`
 */
export async function auditRefusal(
  refusal: FederationError,
  { draft, isKnown }: { readonly draft: AuditDraft; readonly isKnown: boolean },
  deps: FederationDeps,
): Promise<void> {
  const { error } = refusal.params;
  const isMalformed = error === 'invalid_request' && !isKnown;
  if (refusal.refusal !== undefined || isMalformed || UNAUDITED.has(String(error))) return;
  const worded: AuditDraft = {
    ...draft,
    errorCodeOf: (code) => (code === 'oauth-refused' ? String(error) : oauthErrorCodeOf(code)),
  };
  await audited(worded, deps, () => Promise.reject(refusal)).catch((thrown: unknown) => {
    if (thrown !== refusal) throw thrown;
  });
}
