import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type BridgeChild = {
  /** Settles when the bridge answers; never where it ended before. */
  readonly ready: Promise<'ready'>;
  /** Settles when the process is gone, for whatever reason. */
  readonly ended: Promise<unknown>;
  readonly lastLines: () => string;
  /** Lets it answer what is under way. */
  readonly stop: () => Promise<void>;
};

export type BridgeChildOptions = {
  readonly program: string;
  readonly config: string;
  /** Folder for `audit.log` (its stdout) and `bridge.log` (its stderr). */
  readonly state: string;
  readonly managementUrl: string;
};

/** Runs the bridge as a process of its own, so that its audit stream does not drown what the demo prints. */
export function startBridgeChild({ program, config, state, managementUrl }: BridgeChildOptions): BridgeChild {
  const log = join(state, 'bridge.log');
  const [out, err] = [openSync(join(state, 'audit.log'), 'a', 0o600), openSync(log, 'w', 0o600)];
  const child = spawn(program, ['serve', '--config', config], { stdio: ['ignore', out, err] });
  closeSync(out);
  closeSync(err);
  const ended = once(child, 'exit').catch(() => undefined);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    ready: untilReady(managementUrl, hasEnded),
    ended,
    lastLines: () => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n'),
    stop: async () => {
      if (!hasEnded()) child.kill('SIGTERM');
      await ended;
    },
  };
}

async function untilReady(managementUrl: string, hasEnded: () => boolean): Promise<'ready'> {
  while (!hasEnded()) {
    const answer = await fetch(`${managementUrl}/health/ready`).catch(() => undefined);
    if (answer?.ok) return 'ready';
    await sleep(50);
  }
  return new Promise(() => undefined);
}
