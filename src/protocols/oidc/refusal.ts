import { FederationError } from '../../domain/errors.ts';

/** AWS's text for everything that is wrong with a token's form or signature (wire-spec 1.6). */
export const NOT_A_JWT =
  'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)';

/** `text` goes to the caller, `reason` and `cause` to our logs only: what exactly failed would guide a forger. */
export function refuseToken(text: string, reason: string, cause?: unknown): FederationError {
  return new FederationError('invalid-identity-token', reason, { params: { text }, cause });
}

export function missingClaim(name: string): FederationError {
  return refuseToken(`Missing a required claim: ${name}.`, `token has no usable ${name}`);
}
