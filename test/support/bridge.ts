import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { freePort } from './free-port.ts';

const ROLEBRIDGE = join(import.meta.dirname, '../../bin/rolebridge');
const READY_WITHIN_MS = 20_000;

export type BridgeProcess = {
  /** Of the public listener, without a path. */
  readonly url: string;
  readonly managementUrl: string;
  /** Working directory: the store and the master key are below it, unless the configuration says otherwise. */
  readonly folder: string;
  readonly configPath: string;
  /** What it wrote on stdout (audit events) and stderr since the first start. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end; the exit code, or null after SIGKILL. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts it again at the same ports, in the same folder. */
  restart(): Promise<void>;
  /** SIGTERM, then removes the folder. */
  stop(): Promise<void>;
};

export type BridgeProcessOptions = {
  /** YAML or JSON. Its ports and publicUrl are replaced by free ones. */
  readonly config: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Other files beside the configuration, content by name: key sets and secrets that it refers to. */
  readonly files?: Readonly<Record<string, string>>;
  /** Under which name browsers reach it: passkeys need one. */
  readonly publicHost?: '127.0.0.1' | 'localhost';
};

/** Runs `rolebridge serve` in a folder of its own and waits until it is ready. */
export async function startBridgeProcess(options: BridgeProcessOptions): Promise<BridgeProcess> {
  const [port, managementPort] = [await freePort(), await freePort()];
  const url = `http://${options.publicHost ?? '127.0.0.1'}:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-bridge-'));
  for (const [name, content] of Object.entries(options.files ?? {}))
    writeFileSync(join(folder, name), content);
  const configPath = join(folder, 'rolebridge.json');
  writeFileSync(configPath, placedAt(options.config, { url, port, managementPort }));
  const managementUrl = `http://127.0.0.1:${managementPort}`;
  const written = { stdout: '', stderr: '' };
  const launch = (): Promise<ChildProcess> =>
    launchProcess({ folder, configPath, managementUrl, env: options.env ?? {}, written });
  let child = await launch();
  return {
    url,
    managementUrl,
    folder,
    configPath,
    output: () => ({ ...written }),
    signal: (signal) => void child.kill(signal),
    end: (signal) => endProcess(child, signal),
    restart: async () => {
      await endProcess(child, 'SIGTERM');
      child = await launch();
    },
    stop: async () => {
      await endProcess(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Place = { readonly url: string; readonly port: number; readonly managementPort: number };

function placedAt(config: string, place: Place): string {
  const given: unknown = parse(config);
  return JSON.stringify({
    ...(typeof given === 'object' ? given : {}),
    publicUrl: place.url,
    listen: { host: '127.0.0.1', port: place.port },
    management: { host: '127.0.0.1', port: place.managementPort },
  });
}

type Launch = Pick<BridgeProcess, 'folder' | 'configPath' | 'managementUrl'> & {
  readonly env: Readonly<Record<string, string>>;
  readonly written: { stdout: string; stderr: string };
};

async function launchProcess({ folder, configPath, managementUrl, env, written }: Launch) {
  const child = spawn(ROLEBRIDGE, ['serve', '--config', configPath], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (text) => (written.stdout += String(text)));
  child.stderr.on('data', (text) => (written.stderr += String(text)));
  // A test run that is cut short leaves no server behind.
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  try {
    await untilReady(child, managementUrl);
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`the bridge did not start:\n${written.stderr}`, { cause });
  }
  return child;
}

async function untilReady(child: ChildProcess, managementUrl: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error('it ended');
    const answer = await fetch(`${managementUrl}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(25);
  }
  throw new Error(`not ready within ${READY_WITHIN_MS} ms`);
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (!hasEnded(child)) {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
  return child.exitCode;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
