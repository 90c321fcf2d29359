import type { Authorization } from './authorization.ts';
import { incompleteSignature } from './failures.ts';
import { parseHeaderForm } from './parse-header-form.ts';
import { authParameters, parseQueryForm } from './parse-query-form.ts';
import { singleHeader, type SignedRequest } from './signed-request.ts';

/**
 * Reads the one SigV4 signature of a request, in header or query form; `undefined` when nothing looks like a signature.
 * @throws `incomplete-signature` (`params.text` is the answer's text) for a malformed, doubled or mixed source of credentials
 * @see SigV4, "Elements of an AWS API request signature"
 */
export function parseAuthorization(request: SignedRequest): Authorization | undefined {
  const header = singleHeader(request, 'authorization');
  const parameters = authParameters(request.rawQuery);
  const [parameter] = parameters.keys();
  if (header !== undefined && parameter !== undefined) {
    throw incompleteSignature(
      `Found both '${parameter}' as a query-string param and 'Authorization' as HTTP header.`,
    );
  }
  if (parameter !== undefined) return parseQueryForm(request, parameters);
  return header?.startsWith('AWS4-') === true ? parseHeaderForm(request, header) : undefined;
}
