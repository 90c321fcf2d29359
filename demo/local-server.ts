import { createServer, type IncomingMessage, type Server } from 'node:http';
import { refusal, type Answer, type Asked } from './answer.ts';

export type LocalServer = {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly close: () => Promise<void>;
};

export type Handler = (asked: Asked) => Answer | Promise<Answer>;

const MAX_BODY_BYTES = 20_000;

/**
 * Answers requests of this machine.
 *
 * @param port 0 lets the system choose
 * @param handlerAt the handler at a URL, which names the port
 * @throws the listener's error, EADDRINUSE among them
 */
export async function startLocalServer(
  port: number,
  handlerAt: (url: string) => Handler,
): Promise<LocalServer> {
  const server = createServer();
  await listen(server, port);
  const url = `http://127.0.0.1:${portOf(server)}`;
  const handler = handlerAt(url);
  server.on('request', (request, response) => {
    void answer(request, handler).then(({ status, type, body, headers }) => {
      response.writeHead(status, { 'cache-control': 'no-store', ...headers, 'content-type': type }).end(body);
    });
  });
  return { url, close: () => close(server) };
}

// Async, so that whatever a URL provokes ends as a rejection that is answered.
async function answer(request: IncomingMessage, handler: Handler): Promise<Answer> {
  try {
    return await route(request, handler);
  } catch {
    return refusal(400, 'not understood');
  }
}

async function route(request: IncomingMessage, handler: Handler): Promise<Answer> {
  const { method, headers } = request;
  const port = request.socket.localPort ?? 0;
  // A page whose name resolves to this machine (DNS rebinding) must not read tokens.
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? '')) return refusal(403, `ask http://127.0.0.1:${port}`);
  if (method !== 'GET' && method !== 'POST') return refusal(405, 'only GET and POST are understood');
  const url = new URL(`http://${headers.host ?? ''}${request.url ?? '/'}`);
  return handler({
    method,
    path: url.pathname,
    query: url.searchParams,
    form: new URLSearchParams(method === 'POST' ? await readBody(request) : ''),
    authorization: headers.authorization ?? '',
    cookie: headers.cookie ?? '',
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
