import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ListenAddress } from './config/config.ts';

const CLOSE_GRACE_MS = 5_000;
/** Web identity tokens may come in the query string: 20,000 characters and the rest of a request. */
const MAX_HEADER_BYTES = 65_536;

/** A server with bounds on everything that a client may be slow or lavish with. */
export function createListener(handle: RequestListener): Server {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
  };
  return createServer(limits, handle).on('clientError', refuseUnread);
}

const TOO_MUCH = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Too many cookies</title>
<h1>Your browser sent too much</h1>
<p>Mostly this means too many or too large cookies. Clear the cookies of this site, then <a href="/signin">sign in again</a>.</p>
</html>
`;

/** Answers what never became a request; somebody in a browser with too many cookies must not be left with a blank page. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, body } = unreadAnswer(error.code);
  const headers = [
    'Content-Type: text/html; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    'Connection: close',
  ];
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

function unreadAnswer(code: string | undefined): { readonly status: string; readonly body: string } {
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: '431 Request Header Fields Too Large', body: TOO_MUCH };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: '408 Request Timeout', body: '' };
  return { status: '400 Bad Request', body: '' };
}

export function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === 'EADDRINUSE'
          ? `Port ${port} on ${host} is in use: stop what uses it, or choose another port in the configuration.`
          : `Cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new Error(message, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

export function addressOf(server: Server): string {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

export async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  const force = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_GRACE_MS);
  await closed;
  clearTimeout(force);
}
