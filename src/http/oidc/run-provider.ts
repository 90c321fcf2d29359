import { IncomingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type Provider from 'oidc-provider';
import { checkJwtParameters } from './check-jwt-parameters.ts';
import { inScope, requireScope, type OidcAnswer, type ProviderScope } from './provider-scope.ts';

/** A request as the library gets it. */
export type ProviderRequest = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** The library as a function. */
export type ProviderHandler = {
  readonly provider: Provider;
  readonly handle: ReturnType<Provider['callback']>;
};

/** Makes the library hand its answers to us: they are audited, dressed and sent by our own code. */
export function createProviderHandler(provider: Provider): ProviderHandler {
  provider.use(async (ctx: OidcAnswer, next: () => Promise<unknown>) => {
    ctx.respond = false;
    const scope = requireScope();
    try {
      await next();
      scope.answer = ctx;
    } catch (error) {
      scope.failure = error;
    }
  });
  return { provider, handle: provider.callback() };
}

/**
 * Has the library answer a request. Status and headers are set on `response`, the body is in the answer.
 *
 * @throws FederationError `oauth-refused` of a JWT that does not parse; whatever the library did not foresee
 */
export async function runProvider(
  { handle }: ProviderHandler,
  request: ProviderRequest,
  { scope, response }: { readonly scope: ProviderScope; readonly response: ServerResponse },
): Promise<OidcAnswer> {
  checkJwtParameters(URL.parse(request.url, 'http://inner')?.searchParams ?? new URLSearchParams());
  checkJwtParameters(new URLSearchParams(request.body));
  await inScope(scope, () => handle(messageOf(request), response));
  if (scope.answer === undefined) throw unforeseen(scope.failure);
  return scope.answer;
}

/** What ends a request that the library did not answer. */
export function unforeseen(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error('the library did not answer', { cause: failure });
}

// A message of our own, with a socket that goes nowhere: the library reads what we read first and checked.
function messageOf({ method, url, headers, body }: ProviderRequest): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.method = method;
  message.url = url;
  message.httpVersion = '1.1';
  message.complete = true;
  for (const [name, value] of Object.entries(headers)) message.headers[name] = value;
  if (body !== '') message.push(body);
  message.push(null);
  return message;
}
