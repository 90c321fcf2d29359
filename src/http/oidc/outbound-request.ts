import type { Configuration } from 'oidc-provider';

/**
 * Sends a request within the installation's network rules: bounded in time and size, and never after a redirect.
 *
 * @throws Error where there is no answer, or none that may be read
 */
export type OutboundRequest = (
  url: string,
  message: {
    readonly method: 'GET' | 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  },
) => Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}>;

/** What the library fetches, key sets of applications, goes the same way. */
export function createOutboundFetch(request: OutboundRequest): NonNullable<Configuration['fetch']> {
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const { status, headers, body } = await request(url, {
      method: init.method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(init.body instanceof URLSearchParams ? { body: init.body.toString() } : {}),
    });
    const kept = new Headers();
    for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') kept.set(name, value);
    // A Response has no body where its status says so.
    const isEmpty = status === 204 || status === 205 || status === 304;
    return new Response(isEmpty ? null : new Uint8Array(body), { status, headers: kept });
  };
}
