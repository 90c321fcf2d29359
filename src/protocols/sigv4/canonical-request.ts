import type { Authorization } from './authorization.ts';
import { generalMismatch } from './failures.ts';
import { decodeComponent, encodeComponent, splitPair } from './query-component.ts';
import type { SignedRequest } from './signed-request.ts';

/** How a service signs the path: dot segments and doubled slashes resolved (all but S3), or as it was sent. */
export type PathForm = 'normalized' | 'as-sent';

const BLANKS = /[ \t\r\n]+/g;

/**
 * The text whose hash was signed.
 * @throws `signature-mismatch` where the request has no canonical form
 * @see SigV4, "Create a canonical request"
 */
export function canonicalRequest(
  request: SignedRequest,
  { signedHeaders }: Authorization,
  parts: { readonly payloadHash: string; readonly pathForm: PathForm },
): string {
  const path = canonicalPath(request.rawPath, parts.pathForm);
  const headers = canonicalHeaders(request, signedHeaders);
  const query = canonicalQuery(request.rawQuery);
  return `${request.method}\n${path}\n${query}\n${headers}\n${signedHeaders.join(';')}\n${parts.payloadHash}`;
}

// The client encodes each segment twice; the wire shows the first time, so one more gives what was signed.
function canonicalPath(rawPath: string, pathForm: PathForm): string {
  if (rawPath === '/') return rawPath;
  if (!rawPath.startsWith('/')) throw generalMismatch('the path is not absolute');
  const path = pathForm === 'normalized' ? normalizePath(rawPath) : rawPath;
  return encodeOrRefuse(() => path.split('/').map(encodeComponent).join('/'));
}

function normalizePath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return kept.length > 0 && path.endsWith('/') ? `/${kept.join('/')}/` : `/${kept.join('/')}`;
}

function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return '';
  return encodeOrRefuse(() =>
    rawQuery
      .split('&')
      .map(canonicalPair)
      .filter(([name]) => name !== 'X-Amz-Signature')
      .sort(byNameThenValue)
      .map(([name, value]) => `${name}=${value}`)
      .join('&'),
  );
}

function canonicalPair(pair: string): readonly [name: string, value: string] {
  const [name, value] = splitPair(pair);
  return [encodeComponent(decodeComponent(name)), encodeComponent(decodeComponent(value))];
}

function byNameThenValue(left: readonly [string, string], right: readonly [string, string]): number {
  return compare(left[0], right[0]) || compare(left[1], right[1]);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

// Strictly ascending names, as the specification has them, also keep `host;host;…` from multiplying a large header.
function canonicalHeaders(request: SignedRequest, signedHeaders: readonly string[]): string {
  let text = '';
  let previous = '';
  for (const name of signedHeaders) {
    if (name <= previous) throw generalMismatch('SignedHeaders is not sorted, or names a header twice');
    text += `${name}:${canonicalValue(request, name)}\n`;
    previous = name;
  }
  return text;
}

function canonicalValue(request: SignedRequest, name: string): string {
  let joined: string | undefined;
  for (const [header, value] of request.headers) {
    if (header !== name) continue;
    joined = joined === undefined ? foldBlanks(value) : `${joined},${foldBlanks(value)}`;
  }
  // An absent header would sign like an empty one, and a name with a line break in it could not be told from two lines.
  if (joined === undefined) throw generalMismatch(`signed header '${name}' is not in the request`);
  return joined;
}

function foldBlanks(value: string): string {
  const folded = value.replace(BLANKS, ' ');
  return folded.slice(folded.startsWith(' ') ? 1 : 0, folded.endsWith(' ') ? -1 : undefined);
}

function encodeOrRefuse(encode: () => string): string {
  try {
    return encode();
  } catch (cause) {
    if (cause instanceof URIError) throw generalMismatch('broken percent-encoding', cause);
    throw cause;
  }
}
