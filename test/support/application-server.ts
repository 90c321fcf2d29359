import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** Where applications are: every page answers, so that a browser may come back, and logout tokens are kept. */
export type ApplicationServer = {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What came to `/backchannel/<client id>` so far, as bodies, the oldest first. */
  readonly logouts: (clientId: string) => readonly URLSearchParams[];
  /** What `/backchannel/…` answers from now on; `hang`: nothing. */
  readonly answerLogouts: (status: number | 'hang') => void;
  readonly stop: () => Promise<void>;
};

export async function startApplicationServer(): Promise<ApplicationServer> {
  const received = new Map<string, URLSearchParams[]>();
  let logoutStatus: number | 'hang' = 200;
  const answer = async (request: IncomingMessage): Promise<number | 'hang'> => {
    const { pathname } = new URL(request.url ?? '/', 'http://application');
    const [, clientId] = /^\/backchannel\/(.+)$/.exec(pathname) ?? [];
    if (clientId === undefined) return 200;
    const body = new URLSearchParams(await text(request));
    received.set(clientId, [...(received.get(clientId) ?? []), body]);
    return logoutStatus;
  };
  const server = createServer((request, response) => {
    void answer(request).then((status) => {
      if (status === 'hang') return;
      response.writeHead(status, { 'content-type': 'text/html', 'cache-control': 'no-store' });
      response.end(`<!doctype html><html lang="en"><title>Application</title><p>Here you are</p></html>`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    logouts: (clientId) => received.get(clientId) ?? [],
    answerLogouts: (status) => {
      logoutStatus = status;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
