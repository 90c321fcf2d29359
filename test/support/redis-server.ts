import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { unpackDebianPackages } from './debian-packages.ts';
import { freePort } from './free-port.ts';

const READY_WITHIN_MS = 10_000;

const HOW_TO =
  'The contract tests need a real redis-server (7 or later). Put one on the PATH, or set REDIS_URL to a server that ' +
  'tests may write to; on Debian and Ubuntu, where apt-get works, they fetch it by themselves into .cache/redis.';

type Program = { readonly file: string; readonly env: NodeJS.ProcessEnv };

export type RedisServer = {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now. */
  pid(): number;
  /** Ends it in order (SIGTERM) and keeps its folder, so that {@link RedisServer.restart} finds what it saved. */
  halt(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
};

export type RedisOptions = { readonly args?: readonly string[]; readonly port?: number };

/** A real server on a free port of 127.0.0.1, in a folder of its own, keeping nothing on disk unless `args` say so. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = findProgram();
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-redis-'));
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const args = [...settings, '--appendonly', 'no', ...(options.args ?? [])];
  let child = await launch(program, args, port);
  const end = (signal: NodeJS.Signals): Promise<void> => endProcess(child, signal);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => child.pid ?? 0,
    halt: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      child = await launch(program, args, port);
    },
    stop: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type RedisGroup = {
  readonly urls: readonly string[];
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
};

/** Three masters without replicas that share the 16,384 slots. */
export async function startRedisCluster(): Promise<RedisGroup> {
  const nodes: RedisServer[] = [];
  for (let index = 0; index < 3; index += 1) nodes.push(await startClusterNode());
  await Promise.all(nodes.map((node, index) => setUpClusterNode(node, nodes, index)));
  await Promise.all(
    nodes.map((node) =>
      until(async () => /cluster_state:ok/.test(await command(node.url, 'CLUSTER', 'INFO'))),
    ),
  );
  return groupOf(nodes);
}

/** The bus listens 10,000 above the port by default, which may be taken or out of range: it gets a free port, too. */
async function startClusterNode(): Promise<RedisServer> {
  const bus = await freePort();
  const settings = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--cluster-port',
    String(bus),
  ];
  return startRedis({ args: [...settings, '--cluster-require-full-coverage', 'no'] });
}

async function setUpClusterNode(
  node: RedisServer,
  nodes: readonly RedisServer[],
  index: number,
): Promise<void> {
  const bounds = [0, 5461, 10_923, 16_384];
  const [from, to] = [bounds[index] ?? 0, (bounds[index + 1] ?? 0) - 1];
  await command(node.url, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
  await command(node.url, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  for (const other of nodes) {
    const bus = await busPort(other);
    await command(node.url, 'CLUSTER', 'MEET', '127.0.0.1', String(other.port), bus);
  }
}

async function busPort({ url }: RedisServer): Promise<string> {
  const [, port] = (await command(url, 'CONFIG', 'GET', 'cluster-port')).split(',');
  return port ?? '';
}

/** A master, its replica, and one sentinel whose word is enough. The group's URLs are the sentinel's. */
export async function startRedisSentinel(master: string): Promise<RedisGroup> {
  const first = await startRedis();
  const second = await startRedis({ args: ['--replicaof', '127.0.0.1', String(first.port)] });
  await until(async () => /state=online/.test(await command(first.url, 'INFO', 'replication')));
  const sentinel = await startSentinel(master, first.port);
  await until(async () => /slaves=1/.test(await command(sentinel.url, 'INFO', 'sentinel')));
  return { ...groupOf([first, second, sentinel]), urls: [sentinel.url] };
}

async function startSentinel(master: string, port: number): Promise<RedisServer> {
  const file = join(mkdtempSync(join(tmpdir(), 'rolebridge-sentinel-')), 'sentinel.conf');
  const lines = [
    `sentinel monitor ${master} 127.0.0.1 ${port} 1`,
    `sentinel down-after-milliseconds ${master} 500`,
    `sentinel failover-timeout ${master} 2000`,
  ];
  writeFileSync(file, lines.join('\n'));
  const program = findProgram();
  const own = await freePort();
  const child = await launch(
    program,
    [file, '--sentinel', '--port', String(own), '--bind', '127.0.0.1'],
    own,
  );
  const stop = (): Promise<void> => endProcess(child, 'SIGKILL');
  const refuse = (): Promise<void> => Promise.reject(new Error('a sentinel is not restarted'));
  const url = `redis://127.0.0.1:${own}`;
  return { url, port: own, pid: () => child.pid ?? 0, halt: stop, kill: stop, restart: refuse, stop };
}

function groupOf(nodes: readonly RedisServer[]): RedisGroup {
  return {
    urls: nodes.map(({ url }) => url),
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** One command to one server; the answer as text, lists joined with commas. */
export async function command(url: string, name: string, ...args: readonly string[]): Promise<string> {
  const client = new Redis(url, { protocol: 2, retryStrategy: () => null, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return String(await client.call(name, ...args));
  } finally {
    client.disconnect();
  }
}

/** Asks again until the answer is yes. @throws Error after ten seconds. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (await isTrue().catch(() => false)) return;
    if (performance.now() > deadline)
      throw new Error(`not true within ${READY_WITHIN_MS} ms: ${String(isTrue)}`);
    await sleep(20);
  }
}

async function launch(program: Program, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(program.file, args, { env: program.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
  // A test run that is cut short leaves no server behind.
  const reap = (): boolean => child.kill('SIGKILL');
  process.once('exit', reap);
  child.once('exit', () => process.off('exit', reap));
  try {
    await until(async () => (await command(`redis://127.0.0.1:${port}`, 'PING')) === 'PONG');
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`redis-server did not start:\n${output.join('')}`, { cause });
  }
  return child;
}

function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill(signal);
  });
}

/** Fetches redis-server where there is none, so that workers which start together find it there. */
export function provideRedis(): void {
  findProgram();
}

/**
 * Whether tests can start servers of their own. Where REDIS_URL gives one but there is no program, they are left out and
 * say so: stopping and breaking somebody's server is no alternative. Without either, they run and fail.
 */
export function canStartRedis(): boolean {
  if (process.env['REDIS_URL'] === undefined) return true;
  try {
    findProgram();
    return true;
  } catch {
    process.stderr.write(`skipped: tests that start and stop Redis servers. ${HOW_TO}\n`);
    return false;
  }
}

function findProgram(): Program {
  const installed = onPath('redis-server');
  if (installed !== undefined) return { file: installed, env: process.env };
  const proof = 'usr/bin/redis-server';
  const root = unpackDebianPackages({ folder: 'redis', packages: ['redis-server'], proof });
  if (root === undefined) throw new Error(HOW_TO);
  const libraries = readdirSync(join(root, 'usr/lib')).map((folder) => join(root, 'usr/lib', folder));
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(delimiter) };
  return { file: join(root, proof), env };
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
