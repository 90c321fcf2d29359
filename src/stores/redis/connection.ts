import { once } from 'node:events';
import { nextTick } from 'node:process';
import { Cluster, Redis } from 'ioredis';
import type { RedisCommander, RedisOptions } from 'ioredis';
import { FederationError } from '../../domain/errors.ts';
import type { Script } from './scripts.ts';

/** Exactly one of the three; URLs are `redis://` or, with TLS, `rediss://`. */
export type RedisEndpoint =
  | { readonly url: string }
  | { readonly cluster: readonly string[] }
  | { readonly sentinels: readonly string[]; readonly master: string };

/** Who we are to every server, Sentinels included. */
export type RedisCredentials = { readonly username?: string; readonly password?: string };

/** A command ends by then, whatever it waits for; callers are promised two seconds. */
const DEADLINE_MS = 1800;
/** A connection that stays silent with commands under way is given up, so that they are not kept for later. */
const SILENCE_MS = 1500;
const CONNECT_MS = 1000;
const LONGEST_PAUSE_MS = 500;

const pause = (times: number): number => Math.min(times * 50, LONGEST_PAUSE_MS);

/*
 * Nothing is queued while there is no connection, and nothing is sent twice: a command whose caller was told that it
 * failed must not be carried out minutes later, and a single-use mark must not meet itself.
 */
const CLIENT = {
  // One shape of replies, whatever the server's version: nothing here needs RESP3.
  protocol: 2,
  connectTimeout: CONNECT_MS,
  socketTimeout: SILENCE_MS,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // After a failover the old master says READONLY: connect anew and so find the new one.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
} as const satisfies RedisOptions;

export type Connection = {
  /** One command. @throws FederationError `store-unavailable` whenever Redis did not carry it out. */
  run<T>(command: (client: RedisCommander) => Promise<T>): Promise<T>;
  /** One script, by its hash; its text goes along only when the server does not know it. */
  script(
    script: Script,
    keys: readonly string[],
    values: readonly (string | number | Buffer)[],
  ): Promise<unknown>;
  /** As {@link Connection.script}, with bytes in the place of text in the answer: what is sealed is no text. */
  scriptBytes: Connection['script'];
  close(): void;
};

export function connect(endpoint: RedisEndpoint, credentials: RedisCredentials): Connection {
  const client = createClient(endpoint, credentials);
  // Every command reports its own failure; without a listener ioredis prints to the console.
  client.on('error', () => undefined);
  const ready = waiting(client);
  const send: Connection['run'] = (command) => {
    if (client instanceof Redis) joinWrites(client.stream);
    return command(client);
  };
  const run: Connection['run'] = (command) =>
    withinDeadline(client.status === 'ready' ? send(command) : ready().then(() => send(command)));
  return {
    run,
    script: (script, keys, values) =>
      run((commands) =>
        evaluate(script, (name, text) => commands.call(name, text, keys.length, ...keys, ...values)),
      ),
    scriptBytes: (script, keys, values) =>
      run((commands) =>
        evaluate(script, (name, text) => commands.callBuffer(name, text, keys.length, ...keys, ...values)),
      ),
    close: () => {
      client.disconnect();
    },
  };
}

// What is sent in one turn goes out in one write: the system call costs more than all else that we do for a command.
function joinWrites(stream: Redis['stream']): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  nextTick(() => {
    stream.uncork();
  });
}

function createClient(endpoint: RedisEndpoint, credentials: RedisCredentials): Redis | Cluster {
  const options = { ...CLIENT, ...credentials };
  if ('url' in endpoint) {
    return new Redis(endpoint.url, { ...options, retryStrategy: pause, enableOfflineQueue: false });
  }
  if ('cluster' in endpoint) {
    return new Cluster([...endpoint.cluster], {
      redisOptions: { ...options, ...tlsOf(endpoint.cluster) },
      enableOfflineQueue: false,
      clusterRetryStrategy: pause,
      maxRedirections: 8,
      slotsRefreshInterval: 5000,
    });
  }
  const tls = tlsOf(endpoint.sentinels);
  const { username, password } = credentials;
  return new Redis({
    ...options,
    ...tls,
    ...('tls' in tls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    sentinels: endpoint.sentinels.map(toAddress),
    name: endpoint.master,
    sentinelCommandTimeout: CONNECT_MS,
    sentinelRetryStrategy: pause,
    retryStrategy: pause,
    enableOfflineQueue: false,
  });
}

function toAddress(text: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(text);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 26_379 : Number(port) };
}

/** TLS as the first URL has it: nodes that are found later need it, too. */
function tlsOf(urls: readonly string[]): Pick<RedisOptions, 'tls'> {
  return urls[0]?.startsWith('rediss:') ? { tls: {} } : {};
}

/** All who wait share one wait. It ends at once when an attempt to connect fails: `once` rejects on `error`. */
function waiting(client: Redis | Cluster): () => Promise<unknown> {
  let wait: Promise<unknown> | undefined;
  return () => {
    wait ??= once(client, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) }).finally(() => {
      wait = undefined;
    });
    return wait;
  };
}

function withinDeadline<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      reject(new FederationError('store-unavailable', 'Redis does not answer', { cause }));
    };
    const timer = setTimeout(fail, DEADLINE_MS, 'no answer in time');
    work.then((value) => {
      clearTimeout(timer);
      resolve(value);
    }, fail);
  });
}

async function evaluate(
  { lua, sha }: Script,
  send: (name: 'eval' | 'evalsha', text: string) => Promise<unknown>,
): Promise<unknown> {
  try {
    return await send('evalsha', sha);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return send('eval', lua);
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
