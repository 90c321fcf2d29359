import { FederationError } from '../../domain/errors.ts';

/** A request whose form is wrong: `text` goes to the client, and names parameters, never their values. */
export function malformed(text: string): FederationError {
  return new FederationError('malformed-input', text, { params: { text } });
}
