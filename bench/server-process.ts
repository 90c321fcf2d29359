import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** A server in a process of its own. */
export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

const START_WITHIN_MS = 30_000;
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/;

/**
 * Starts a program and waits until it has written its address to stderr. Its stdout goes nowhere.
 *
 * @throws Error with what it wrote where it ends, or says nothing
 */
export async function startServer(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<ServerProcess> {
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    process.off('exit', kill);
  };
  try {
    return { url: await addressIn(child.stderr, exited), pid: child.pid ?? 0, stop };
  } catch (error) {
    kill();
    throw error;
  }
}

async function addressIn(stderr: NodeJS.ReadableStream, exited: Promise<unknown>): Promise<string> {
  let written = '';
  const found = new Promise<string>((resolve) => {
    stderr.on('data', (chunk) => {
      if (written.length < 10_000) written += String(chunk);
      const [address] = ADDRESS.exec(written) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
  const gone = exited.then(() => Promise.reject(new Error(`a server did not start:\n${written}`)));
  const late = AbortSignal.timeout(START_WITHIN_MS);
  const silent = once(late, 'abort').then(() =>
    Promise.reject(new Error(`a server gave no address:\n${written}`)),
  );
  return Promise.race([found, gone, silent]);
}

const TICKS_PER_SECOND = 100;

/** User and system time that a process has used, in microseconds; 0 where the system does not tell. @see proc(5) */
export function cpuMicroseconds(pid: number): number {
  const [, fields = ''] = readProc(pid, 'stat').split(') ');
  const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
  return ((user + system) * 1_000_000) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MB; 0 where the system does not tell. */
export function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1] ?? 0) / 1024;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
