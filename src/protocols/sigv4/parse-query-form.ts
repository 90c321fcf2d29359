import { ALGORITHM, parseCredential, requireTimestamp, type Authorization } from './authorization.ts';
import { incompleteSignature } from './failures.ts';
import { decodeComponent, splitPair } from './query-component.ts';
import { singleHeader, type SignedRequest } from './signed-request.ts';
import { parseBasicTimestamp } from './timestamp.ts';

const REQUIRED = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'X-Amz-Date',
] as const;
const AUTH_PARAMETERS: readonly string[] = [...REQUIRED, 'X-Amz-Expires', 'X-Amz-Security-Token'];

/** The authentication parameters of a query string, decoded; a doubled one is refused, the others are none of ours. */
export function authParameters(rawQuery: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  if (rawQuery === '') return parameters;
  for (const pair of rawQuery.split('&')) {
    const [rawName, rawValue] = splitPair(pair);
    const name = decoded(rawName);
    if (name === undefined || !AUTH_PARAMETERS.includes(name)) continue;
    const value = decoded(rawValue);
    if (value === undefined || parameters.has(name)) throw notOnceAndClean(name);
    parameters.set(name, value);
  }
  return parameters;
}

/** Reads the signature of a presigned URL (SigV4 query form). */
export function parseQueryForm(
  request: SignedRequest,
  parameters: ReadonlyMap<string, string>,
): Authorization {
  const [algorithm, credential, signature, signedHeaders, date] = REQUIRED.map((name) =>
    parameters.get(name),
  );
  if (!algorithm || !credential || !signature || !signedHeaders || !date) throw missingParts(parameters);
  if (algorithm !== ALGORITHM) throw incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm}'.`);
  refuseHeaderDoubles(request);
  const sessionToken = parameters.get('X-Amz-Security-Token');
  return {
    form: 'query',
    ...parseCredential(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp: requireTimestamp(parseBasicTimestamp(date), date),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeComponent(text);
  } catch {
    return undefined;
  }
}

// The query carries the date and the token; a header that says it again would be a second source for either.
function refuseHeaderDoubles(request: SignedRequest): void {
  for (const name of ['x-amz-date', 'x-amz-security-token']) {
    if (singleHeader(request, name) === undefined) continue;
    throw incompleteSignature(`Found both '${name}' as HTTP header and AWS query-string parameters.`);
  }
}

function notOnceAndClean(name: string): Error {
  return incompleteSignature(
    `AWS query-string parameters must include '${name}' once and percent-encoded. Re-examine the query-string parameters.`,
  );
}

function missingParts(parameters: ReadonlyMap<string, string>): Error {
  const faults = REQUIRED.filter((name) => !parameters.get(name)).map(
    (name) => `AWS query-string parameters must include '${name}'.`,
  );
  return incompleteSignature(`${faults.join(' ')} Re-examine the query-string parameters.`);
}
