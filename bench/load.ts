import { connect } from 'node:net';

export type LoadPlan = {
  readonly url: string;
  /** Whole requests as they go over the wire, sent round and round. */
  readonly requests: readonly Buffer[];
  readonly connections: number;
  /** Ends with whichever comes first. */
  readonly seconds: number;
  readonly count?: number;
  /** With it there is one request for each connection to begin with, and each goes its own way from there. */
  readonly follow?: Follow;
};

/** Makes the next request of a connection from the answer, head and body, to its last one. */
export type Follow = (answer: string) => Buffer;

export type LoadResult = {
  readonly answered: number;
  readonly seconds: number;
  /** What a next run goes on with. */
  readonly next: readonly Buffer[];
};

/** What all connections of one run share. */
type Run = {
  next: number;
  answered: number;
  readonly requests: Buffer[];
  readonly plan: LoadPlan;
  readonly deadline: number;
};

/**
 * Keeps `connections` sockets busy, one request at a time on each. Written for this purpose on bare sockets: with two cores
 * the load generator must not be what is measured.
 *
 * @throws Error at the first answer that is not 200
 */
export async function load(plan: LoadPlan): Promise<LoadResult> {
  const start = performance.now();
  const deadline = start + plan.seconds * 1000;
  const run: Run = { next: 0, answered: 0, requests: [...plan.requests], plan, deadline };
  await Promise.all(Array.from({ length: plan.connections }, (_, connection) => keepBusy(run, connection)));
  return { answered: run.answered, seconds: (performance.now() - start) / 1000, next: run.requests };
}

function keepBusy(run: Run, connection: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(run.plan.url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let received: Buffer = Buffer.alloc(0);
    const send = (): void => {
      const request = nextRequest(run, connection);
      if (request === undefined) socket.end();
      else socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (!isWhole(received)) return;
      const status = received.toString('latin1', 9, 12);
      if (status !== '200') socket.destroy(new Error(`answered ${status}: ${received.toString()}`));
      else if (run.plan.follow) run.requests[connection] = run.plan.follow(received.toString());
      received = Buffer.alloc(0);
      run.answered += 1;
      send();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      resolve();
    });
  });
}

function nextRequest(run: Run, connection: number): Buffer | undefined {
  const { follow, count = Infinity } = run.plan;
  if (run.next >= count || performance.now() > run.deadline) return undefined;
  const at = follow ? connection : run.next % run.requests.length;
  run.next += 1;
  return run.requests[at];
}

const LENGTH = 'Content-Length: ';

function isWhole(received: Buffer): boolean {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const at = received.indexOf(LENGTH, 0, 'latin1');
  const length = Number.parseInt(received.toString('latin1', at + LENGTH.length, at + LENGTH.length + 10));
  return received.length >= headEnd + 4 + length;
}

/** A POST of a form, as it goes over the wire on a connection that stays open. */
export function formPost(body: string, headers: Readonly<Record<string, string>> = {}, path = '/'): Buffer {
  const all = {
    host: '127.0.0.1',
    'user-agent': 'aws-cli/2.17.0 md/awscrt#0.20.11 ua/2.0 os/linux#6.8 md/arch#x86_64 lang/python#3.11.8',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'accept-encoding': 'identity',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
