import { FederationError } from '../../domain/errors.ts';
import { findClaimant, type AuthenticateDeps } from '../../domain/federation/authenticate.ts';
import type { Caller } from '../../domain/federation/caller.ts';
import { checkScope } from '../../protocols/sigv4/check-scope.ts';
import { parseAuthorization } from '../../protocols/sigv4/parse-authorization.ts';
import type { SignedRequest } from '../../protocols/sigv4/signed-request.ts';
import { verifySignature } from '../../protocols/sigv4/verify-signature.ts';

/**
 * The one authenticator of every signed API: syntax, scope, key and token, then time and signature (wire-spec 1.3).
 *
 * @param onClaim told the access key that the request claims, before anything of it is proved
 * @throws FederationError `missing-credentials`, `incomplete-signature`, `unknown-credentials`, `expired-credentials`,
 *   `signature-mismatch`, `store-unavailable`
 */
export async function authenticate(
  request: SignedRequest,
  { nowMs, service, onClaim }: { nowMs: number; service: string; onClaim: (accessKeyId: string) => void },
  deps: AuthenticateDeps,
): Promise<Caller> {
  const authorization = parseAuthorization(request);
  if (!authorization) throw new FederationError('missing-credentials', 'nothing that looks like a signature');
  checkScope(authorization, service);
  onClaim(authorization.accessKeyId.slice(0, 128));
  const { caller, secretAccessKey } = await findClaimant(authorization, nowMs, deps);
  verifySignature({ request, authorization, secretAccessKey, nowMs, service });
  return caller;
}
