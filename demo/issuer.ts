import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { refusal, type Answer, type Asked } from './answer.ts';
import { createOpenIdProvider } from './openid-provider.ts';
import { renderPage } from './person-page.ts';
import { platforms, type PlatformName } from './platforms.ts';
import { createSamlIdp } from './saml-idp.ts';
import { signInPlatforms, type SignInPlatformName } from './sign-in-platforms.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';
import { createTokenIssuer } from './token-issuer.ts';
import { signOutOfCognito } from './cognito-sign-out.ts';

export type Issuer = {
  /**
   * `http://127.0.0.1:<port>`. Below it, at `/github`, `/gitlab` and `/kubernetes`, tokens are minted; people sign in at
   * `/google`, `/cognito` and, by SAML, at `/saml`.
   */
  readonly url: string;
  readonly close: () => Promise<void>;
};

type Handler = (asked: Asked) => Answer | Promise<Answer>;
type Handlers = ReadonlyMap<string, Handler>;

const MAX_BODY_BYTES = 20_000;

/**
 * Starts all identity providers of the demo on one port of 127.0.0.1, each with a key of its own that lives as long as the
 * process. They sign whatever they are asked for: for demonstrations and tests only.
 *
 * @param port 0 lets the system choose
 * @throws the listener's error, EADDRINUSE among them
 */
export async function startIssuer({ port }: { readonly port: number }): Promise<Issuer> {
  const keys = await createKeys();
  const handlers: { current?: Handlers } = {};
  const server = createServer((request, response) => {
    if (handlers.current) void answer(request, response, handlers.current);
  });
  await listen(server, port);
  // Their addresses name the port, which only now is known.
  handlers.current = createHandlers(portOf(server), keys);
  return { url: `http://127.0.0.1:${portOf(server)}`, close: () => close(server) };
}

type Keys = ReadonlyMap<string, SigningKey>;

async function createKeys(): Promise<Keys> {
  const names = [...Object.keys(platforms), ...Object.keys(signInPlatforms)];
  return new Map(await Promise.all(names.map(async (name) => [name, await createSigningKey()] as const)));
}

function createHandlers(port: number, keys: Keys): Handlers {
  const at = (name: string): string => `http://127.0.0.1:${port}/${name}`;
  const handlers = new Map<string, Handler>();
  for (const [name, key] of keys) {
    if (isMinting(name)) handlers.set(name, createTokenIssuer(at(name), platforms[name], key));
    if (isSigningIn(name)) handlers.set(name, createOpenIdProvider(at(name), signInPlatforms[name], key));
  }
  // Browsers take 127.0.0.1 for another site than localhost, where the bridge is: a response that is posted from there
  // would come without the bridge's cookie. Codes are no posts.
  handlers.set('saml', createSamlIdp(at('saml'), `http://localhost:${port}/saml`));
  // At the root, like Cognito's and Google's own.
  handlers.set('logout', signOutOfCognito);
  handlers.set('Logout', () =>
    renderPage('Signed out', '<p>Google’s own page leads nowhere else, either.</p>'),
  );
  return handlers;
}

function isMinting(name: string): name is PlatformName {
  return Object.hasOwn(platforms, name);
}

function isSigningIn(name: string): name is SignInPlatformName {
  return Object.hasOwn(signInPlatforms, name);
}

async function answer(request: IncomingMessage, response: ServerResponse, handlers: Handlers): Promise<void> {
  const { status, type, body, headers } = await route(request, handlers).catch(() =>
    refusal(400, 'not understood'),
  );
  response.writeHead(status, { ...headers, 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

// Async, so that whatever a URL provokes ends as a rejection that is answered.
async function route(request: IncomingMessage, handlers: Handlers): Promise<Answer> {
  const { method, headers } = request;
  const port = request.socket.localPort ?? 0;
  // A page whose name resolves to this machine (DNS rebinding) must not read tokens.
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? '')) return refusal(403, `ask http://127.0.0.1:${port}`);
  if (method !== 'GET' && method !== 'POST') return refusal(405, 'only GET and POST are understood');
  const url = new URL(`http://${headers.host ?? ''}${request.url ?? '/'}`);
  const [, name = '', ...rest] = url.pathname.split('/');
  const handler = handlers.get(name);
  if (handler === undefined) return refusal(404, `providers are at ${[...handlers.keys()].join(', ')}`);
  return handler({
    method,
    path: `/${rest.join('/')}`,
    query: url.searchParams,
    form: new URLSearchParams(method === 'POST' ? await readBody(request) : ''),
    authorization: headers.authorization ?? '',
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY_BYTES) throw new Error('too large');
  }
  return body;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
