import { FederationError } from '../../domain/errors.ts';

// AWS's texts (wire-spec 1.6). For its "audience" AWS takes the Recipient, so both are refused alike.
export const SIGNATURE_INVALID = 'Response signature invalid';
export const ISSUER_UNKNOWN = 'Issuer not present in specified provider';
export const AUDIENCE_MISSING = 'Response does not contain the required audience';
export const SOURCE_IDENTITY_MALFORMED =
  'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"';
const REDEEMED_LATE = 'Token must be redeemed within 5 minutes of issuance';
/** Ours: AWS has no text for the rest. */
export const RESPONSE_INVALID = 'Response is not a valid SAML response';

/** `text` goes to the caller; `reason` names the rule and its clause, for operators. */
export function refuseResponse(text: string, reason: string, cause?: unknown): FederationError {
  return new FederationError('invalid-identity-token', reason, { params: { text }, cause });
}

/** A response that was good once. AWS words every such refusal alike. */
export function expiredResponse(reason: string): FederationError {
  return new FederationError('expired-identity-token', reason, { params: { text: REDEEMED_LATE } });
}
