import { FederationError } from '../../../../src/domain/errors.ts';
import type { PathForm } from '../../../../src/protocols/sigv4/canonical-request.ts';
import { checkScope } from '../../../../src/protocols/sigv4/check-scope.ts';
import { parseAuthorization } from '../../../../src/protocols/sigv4/parse-authorization.ts';
import type { SignedRequest } from '../../../../src/protocols/sigv4/signed-request.ts';
import { verifySignature } from '../../../../src/protocols/sigv4/verify-signature.ts';
import type { SigningCredentials } from '../../../support/sign-request.ts';

export type Situation = {
  readonly credentials: SigningCredentials;
  readonly nowMs: number;
  readonly service: string;
  readonly pathForm?: PathForm;
};

/** The steps of one authentication in their order: `accepted`, or why not (the answer's text, else the code). */
export function outcomeOf(request: SignedRequest, situation: Situation): string {
  try {
    return authenticate(request, situation);
  } catch (error) {
    if (error instanceof FederationError) return String(error.params['text'] ?? error.code);
    throw error;
  }
}

function authenticate(request: SignedRequest, { credentials, ...rest }: Situation): string {
  const authorization = parseAuthorization(request);
  if (authorization === undefined) return 'missing-credentials';
  checkScope(authorization, rest.service);
  if (authorization.accessKeyId !== credentials.accessKeyId) return 'unknown-credentials';
  if (authorization.sessionToken !== credentials.sessionToken) return 'unknown-credentials';
  verifySignature({ request, authorization, secretAccessKey: credentials.secretAccessKey, ...rest });
  return 'accepted';
}
