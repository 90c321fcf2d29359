import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';

export type LoopbackServer = {
  readonly origin: string;
  readonly port: number;
  /** Paths in the order in which they were asked for. */
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
};

function isAddressInfo(address: ReturnType<TcpServer['address']>): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

/** Starts a server on a free port and returns the port. */
export async function listenOnLoopback(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (!isAddressInfo(address)) throw new Error('not listening');
  return address.port;
}

/** A real HTTP server on the loopback. */
export async function startLoopbackServer(listener: RequestListener): Promise<LoopbackServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  });
  const port = await listenOnLoopback(server);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${port}`, port, requests, close };
}
