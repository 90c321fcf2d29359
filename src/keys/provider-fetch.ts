import { FederationError } from '../domain/errors.ts';
import { type FetchedDocument, type GuardedMessage, type GuardedRequest } from './guarded-fetch.ts';
import { isPassing } from './provider-failure.ts';

/** As a library for OpenID Connect asks; only texts and forms can be bodies. */
type ProviderRequest = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/**
 * A WHATWG fetch for requests to a provider's endpoints, for a library that wants one.
 *
 * @throws FederationError `identity-provider-unreachable` where a retry could help, else `provider-refused`
 */
export type ProviderFetch = (url: string, request: ProviderRequest) => Promise<Response>;

/** Makes a {@link ProviderFetch} of a guarded request: nothing goes out past the guard. */
export function createProviderFetch(send: GuardedRequest): ProviderFetch {
  return async (url, request) => {
    const message = messageOf(request);
    try {
      return responseOf(await send(url, message));
    } catch (error) {
      throw failureOf(error);
    }
  };
}

function messageOf({ method, headers, body }: ProviderRequest): GuardedMessage {
  if (method !== 'GET' && method !== 'POST') throw new Error(`no guarded request for ${method}`);
  if (body === undefined || body === null) return { method, headers };
  if (typeof body === 'string') return { method, headers, body };
  if (body instanceof URLSearchParams) return { method, headers, body: body.toString() };
  throw new Error('a body that is neither text nor form');
}

/** Of the headers only the type: whatever else a provider sends, no library is to act on. */
function responseOf({ status, contentType, body }: FetchedDocument): Response {
  const headers = contentType === '' ? {} : { 'content-type': contentType };
  return new Response(body.length === 0 ? null : new Uint8Array(body), { status, headers });
}

function failureOf(error: unknown): FederationError {
  const reason = error instanceof Error ? error.message : String(error);
  if (isPassing(error)) return new FederationError('identity-provider-unreachable', reason, { cause: error });
  return new FederationError('provider-refused', reason, { params: { error: 'other' }, cause: error });
}
