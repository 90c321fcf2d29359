import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { runClient, type ClientRun } from './foreign-client.ts';
import { freePort } from './free-port.ts';

const DEMO = join(import.meta.dirname, '../../demo/demo.ts');

/** The options that choose ports, with free ones. */
export type DemoPorts = {
  readonly port: number;
  readonly 'management-port': number;
  readonly 'issuer-port': number;
  readonly 'dashboard-port': number;
  readonly 'orders-port': number;
};

export type DemoProcess = {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** Settles when it has printed what to do; never where it ended before. */
  readonly ready: Promise<void>;
};

export async function demoPorts(): Promise<DemoPorts> {
  return {
    port: await freePort(),
    'management-port': await freePort(),
    'issuer-port': await freePort(),
    'dashboard-port': await freePort(),
    'orders-port': await freePort(),
  };
}

export function argumentsOf(ports: DemoPorts): readonly string[] {
  return Object.entries(ports).map(([option, port]) => `--${option}=${port}`);
}

/** Runs the demo in a process group of its own, as a terminal starts it: Ctrl-C reaches the demo and the bridge together. */
export function startDemoProcess(ports: DemoPorts, folder: string): DemoProcess {
  const child = spawn(process.execPath, [DEMO, ...argumentsOf(ports)], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killAtExit = (): void => {
    killGroup(child, 'SIGKILL');
  };
  process.once('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (output.stdout += String(text)));
  child.stderr.on('data', (text) => (output.stderr += String(text)));
  // It is printed at once, when everything answers.
  return { child, output, ready: once(child.stdout, 'data').then(() => undefined) };
}

/** Runs the demo to its end. */
export function runDemoProcess(args: readonly string[], folder: string): Promise<ClientRun> {
  return runClient([process.execPath, DEMO, ...args], { env: process.env, cwd: folder });
}

export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The whole group is gone.
  }
}
