import { FederationError } from '../../domain/errors.ts';

/** The text goes to the caller: it repeats nothing but protocol facts and the caller's own input. */
export function incompleteSignature(text: string): FederationError {
  return new FederationError('incomplete-signature', text, { params: { text } });
}

/** For faults that AWS words; the surface shows the text as it is. */
export function wordedMismatch(text: string): FederationError {
  return new FederationError('signature-mismatch', text, { params: { text } });
}

/** For faults that AWS answers with its one general text: the reason stays in our logs. */
export function generalMismatch(reason: string, cause?: unknown): FederationError {
  return new FederationError('signature-mismatch', reason, { cause });
}
