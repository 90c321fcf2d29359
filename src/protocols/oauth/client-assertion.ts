import { malformed } from './refusal.ts';
import { singleValues } from './single-values.ts';

/** @see RFC 7523 2.2 */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const MAX_JWT_CHARS = 20_000;

/** How a form proves who its client is; nothing of it is verified. */
export type ClientProof = {
  readonly clientId?: string;
  /** A JWT. */
  readonly assertion?: string;
  readonly hasSecret: boolean;
};

/**
 * Reads what a form says of its client.
 *
 * @throws FederationError `malformed-input` where an assertion is not exactly as RFC 7523 has it
 * @see RFC 7521 4.2, RFC 7523 2.2
 */
export function parseClientProof(form: URLSearchParams): ClientProof {
  const values = singleValues(form, ['resource', 'audience']);
  const clientId = values.optional('client_id');
  const type = values.optional('client_assertion_type');
  const assertion = values.optional('client_assertion', MAX_JWT_CHARS);
  if ((type === undefined) !== (assertion === undefined))
    throw malformed('client_assertion and client_assertion_type go together.');
  if (type !== undefined && type !== JWT_BEARER)
    throw malformed('client_assertion_type is none that is known here.');
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(assertion === undefined ? {} : { assertion }),
    // Even an empty one: there is nothing that it could be for.
    hasSecret: form.has('client_secret'),
  };
}
