import type { SignedRequest } from '../../src/protocols/sigv4/signed-request.ts';
import type { SignedRequestParts } from './sign-request.ts';

/** What the server sees of a request that a client sends. */
export function receivedRequest({ method, url, headers, body }: SignedRequestParts): SignedRequest {
  const { pathname, search } = new URL(url);
  return {
    method,
    rawPath: pathname,
    rawQuery: search.slice(1),
    headers: Object.entries(headers),
    body: Buffer.from(body),
  };
}
