import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { startBridgeChild } from './bridge-child.ts';
import { startDashboard } from './dashboard/start-dashboard.ts';
import { startIssuer } from './issuer.ts';
import type { LocalServer } from './local-server.ts';
import { startOrders } from './orders/start-orders.ts';
import { renderWalkthrough } from './walkthrough.ts';

const PROJECT = join(import.meta.dirname, '..');
const DEMO_CONFIG = join(PROJECT, 'config/demo.yaml');
/** Below the working directory, as config/demo.yaml has it. */
const STATE = '.rolebridge';

/** The ports of config/demo.yaml, by the option that chooses another. */
const DEFAULT_PORTS = {
  port: 8080,
  'management-port': 9090,
  'issuer-port': 9400,
  'dashboard-port': 9500,
  'orders-port': 9600,
} as const;
type PortOption = keyof typeof DEFAULT_PORTS;
type Ports = Readonly<Record<PortOption, number>>;
const OPTIONS = [
  'port',
  'management-port',
  'issuer-port',
  'dashboard-port',
  'orders-port',
] as const satisfies readonly PortOption[];

/** Beside the configuration that names them. */
const SECRETS = ['demo-client-secret', 'demo-dashboard-secret'];

process.exitCode = await run(process.argv.slice(2));

/** Runs the demo until a signal ends it; returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const ports = parsePorts(args);
  if (!ports) return 2;
  const busy = await findBusy(ports);
  for (const [option, port] of busy) complainOfPort(option, port);
  if (busy.length > 0) return 1;
  // Listened to before anything runs: a Ctrl-C while it starts must stop it as well.
  const signalled = nextSignal();
  mkdirSync(STATE, { recursive: true, mode: 0o700 });
  const config = configFor(ports);
  const beside = await startBeside(ports);
  const bridge = startBridgeChild({
    program: join(PROJECT, 'bin/rolebridge'),
    config,
    state: STATE,
    managementUrl: `http://127.0.0.1:${ports['management-port']}`,
  });
  const ended = bridge.ended.then(() => 'ended' as const);
  try {
    const first = await Promise.race([bridge.ready, signalled, ended]);
    if (first === 'ready') {
      print(walkthroughFor(ports, config));
      if ((await Promise.race([signalled, ended])) === 'signalled') return 0;
    }
    if (first === 'signalled') return 0;
    complain(`The bridge ended. The last lines of ${STATE}/bridge.log:\n${bridge.lastLines()}`);
    return 1;
  } finally {
    await bridge.stop();
    await Promise.all(beside.map((server) => server.close()));
  }
}

/** The identity providers, and what uses the bridge. */
async function startBeside(ports: Ports): Promise<readonly LocalServer[]> {
  const issuer = pagesUrl(ports);
  const orders = await startOrders({ port: ports['orders-port'], issuer });
  return [
    orders,
    await startIssuer({ port: ports['issuer-port'] }),
    await startDashboard({ port: ports['dashboard-port'], issuer, ordersUrl: orders.url }),
  ];
}

function pagesUrl({ port }: Ports): string {
  return `http://localhost:${port}`;
}

function parsePorts(args: readonly string[]): Ports | undefined {
  const option = (fallback: number) => ({ type: 'string', default: String(fallback) }) as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: option(DEFAULT_PORTS.port),
        'management-port': option(DEFAULT_PORTS['management-port']),
        'issuer-port': option(DEFAULT_PORTS['issuer-port']),
        'dashboard-port': option(DEFAULT_PORTS['dashboard-port']),
        'orders-port': option(DEFAULT_PORTS['orders-port']),
      },
    });
    return {
      port: parsePort(values.port),
      'management-port': parsePort(values['management-port']),
      'issuer-port': parsePort(values['issuer-port']),
      'dashboard-port': parsePort(values['dashboard-port']),
      'orders-port': parsePort(values['orders-port']),
    };
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    complain(`usage: npm run demo -- ${OPTIONS.map((name) => `[--${name} N]`).join(' ')}`);
    return undefined;
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Error(`${text} is not a port: 1 to 65535`);
}

async function findBusy(ports: Ports): Promise<readonly (readonly [PortOption, number])[]> {
  const busy: (readonly [PortOption, number])[] = [];
  for (const option of OPTIONS) if (!(await isFree(ports[option]))) busy.push([option, ports[option]]);
  return busy;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function complainOfPort(option: PortOption, port: number): void {
  const other = Math.min(port + 1, 65_535);
  complain(
    `Port ${port} is in use. Stop what uses it, perhaps another demo, or choose another port: npm run demo -- --${option} ${other}`,
  );
}

/** The demo's own file, or a copy with the chosen ports: issuers, ARNs and condition keys all name them. */
function configFor(ports: Ports): string {
  let text = readFileSync(DEMO_CONFIG, 'utf8');
  const original = text;
  for (const option of OPTIONS)
    text = text.replaceAll(new RegExp(`\\b${DEFAULT_PORTS[option]}\\b`, 'g'), `@${option}@`);
  for (const option of OPTIONS) text = text.replaceAll(`@${option}@`, String(ports[option]));
  if (text === original) return DEMO_CONFIG;
  const copy = join(STATE, 'demo.yaml');
  writeFileSync(copy, text);
  for (const secret of SECRETS) copyFileSync(join(PROJECT, 'config', secret), join(STATE, secret));
  return copy;
}

function walkthroughFor(ports: Ports, config: string): string {
  // The Node of the lock file where it is there; an older one on the PATH runs no TypeScript.
  const ownNode = join(PROJECT, 'node_modules/.bin/node');
  return renderWalkthrough({
    bridgeUrl: `http://127.0.0.1:${ports.port}`,
    pagesUrl: pagesUrl(ports),
    issuerUrl: `http://127.0.0.1:${ports['issuer-port']}`,
    dashboardUrl: `http://127.0.0.1:${ports['dashboard-port']}`,
    ordersUrl: `http://127.0.0.1:${ports['orders-port']}`,
    config: pathForShell(config),
    rolebridge: pathForShell(join(PROJECT, 'bin/rolebridge')),
    node: existsSync(ownNode) ? pathForShell(ownNode) : 'node',
    sdkScript: pathForShell(join(PROJECT, 'demo/assume-role.ts')),
    state: STATE,
  });
}

function pathForShell(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return /^[\w./-]+$/.test(fromHere) ? fromHere : `'${fromHere.replaceAll("'", "'\\''")}'`;
}

// A closed terminal sends SIGHUP, which would only reload the bridge and leave it running.
function nextSignal(): Promise<'signalled'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        resolve('signalled');
      });
  });
}

function print(text: string): void {
  process.stdout.write(text);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}
