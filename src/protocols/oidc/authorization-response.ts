import { FederationError } from '../../domain/errors.ts';
import type { OidcMetadata } from '../../domain/identity/oidc-metadata.ts';
import { providerRefused } from './provider-refusal.ts';

const MAX_RESPONSE_CHARS = 16_384;

/**
 * Reads what the provider sent the browser back with, and returns its parameters once they are an answer to our request:
 * a code, with our state, from the issuer that was asked.
 *
 * @throws FederationError `malformed-input`, `login-attempt-unknown`, `provider-refused`
 * @see RFC 6749 4.1.2, RFC 9207 2.4
 */
export function parseAuthorizationResponse(
  { search, searchParams }: URL,
  expectedState: string,
  metadata: OidcMetadata,
): URLSearchParams {
  if (search.length > MAX_RESPONSE_CHARS) throw malformed('the response is too long');
  const names = [...searchParams.keys()];
  // Of two values one party may read the first and another the last (RFC 6749 3.1).
  if (new Set(names).size !== names.length) throw malformed('a parameter is there twice');
  checkIssuer(searchParams.get('iss'), metadata);
  if (searchParams.get('state') !== expectedState) throw unknown('state is not that of the attempt');
  const error = searchParams.get('error');
  if (error !== null) throw providerRefused(error, 'the provider sent an error back');
  if ((searchParams.get('code') ?? '') === '') throw malformed('the response has no code');
  return searchParams;
}

/** Another provider's answer under our state is the mix-up attack: its code must not go to this one's token endpoint. */
function checkIssuer(iss: string | null, metadata: OidcMetadata): void {
  if (iss === null && metadata.authorization_response_iss_parameter_supported === true)
    throw unknown('iss is missing, though the provider sends it');
  if (iss !== null && iss !== metadata.issuer) throw unknown('iss is another issuer’s');
}

function malformed(reason: string): FederationError {
  return new FederationError('malformed-input', reason);
}

function unknown(reason: string): FederationError {
  return new FederationError('login-attempt-unknown', reason);
}
