import { FederationError } from '../../domain/errors.ts';
import { parseJsonObject } from '../../protocols/oidc/json-object.ts';

/** Parameters whose JSON the library copies for us to look at, and the error of each. */
const JWT_PARAMETERS = {
  request: 'invalid_request_object',
  client_assertion: 'invalid_client',
} as const;

/**
 * Refuses JWTs whose JSON is nested so deeply, or so ambiguous, that the library would fail on it.
 *
 * @throws FederationError `oauth-refused`
 */
export function checkJwtParameters(params: URLSearchParams): void {
  for (const [name, error] of Object.entries(JWT_PARAMETERS))
    for (const token of params.getAll(name)) if (token !== '') checkJwt(token, { name, error });
}

function checkJwt(token: string, { name, error }: { readonly name: string; readonly error: string }): void {
  const [header = '', payload = ''] = token.split('.', 2);
  try {
    for (const part of [header, payload]) parseJsonObject(Buffer.from(part, 'base64url'));
  } catch (cause) {
    throw new FederationError('oauth-refused', `${name} is no JWT`, { params: { error }, cause });
  }
}
