import { ClientError, ResponseBodyError } from 'openid-client';
import { FederationError } from '../../domain/errors.ts';

/** The errors that a provider may answer with and that we name; any other is `other`, as its text is a stranger's. */
const KNOWN_ERRORS = [
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'login_required',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unmet_authentication_requirements',
  'unsupported_response_type',
];

const MAX_CAUSES = 5;

/**
 * The failure `provider-refused`, with the provider's error cut to what is known.
 *
 * @see RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6
 */
export function providerRefused(error: string, reason: string, cause?: unknown): FederationError {
  const known = KNOWN_ERRORS.find((name) => name === error) ?? 'other';
  return new FederationError('provider-refused', reason, { params: { error: known }, cause });
}

/** What went wrong in the library, in our own words; it wraps what our own fetch threw. */
export function toFailure(error: unknown): unknown {
  const own = findOwn(error);
  if (own !== undefined) return own;
  if (error instanceof ResponseBodyError)
    return providerRefused(error.error, 'the provider answered with an error', error);
  if (error instanceof ClientError) return providerRefused('other', error.message, error);
  return error;
}

function findOwn(error: unknown): FederationError | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    if (cause instanceof FederationError) return cause;
    cause = cause.cause;
  }
  return undefined;
}
