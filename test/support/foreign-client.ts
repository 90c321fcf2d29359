import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const MAX_OUTPUT_BYTES = 10_000_000;

export type ClientRun = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The program's path, or undefined after a line that tells which tests are skipped for want of it. */
export function requireProgram(name: string, tests: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) announceMissing(`${name} is not on the PATH`, tests);
  return found;
}

/** No test is skipped in silence. */
export function announceMissing(what: string, tests: string): void {
  process.stderr.write(`SKIPPED: ${what}: ${tests} not run.\n`);
}

/** Runs a program to its end; a failure is an answer as well. */
export function runClient(
  [program = '', ...args]: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string; readonly timeoutMs?: number },
): Promise<ClientRun> {
  const { env, cwd, timeoutMs = 60_000 } = options;
  const settings = {
    env,
    timeout: timeoutMs,
    maxBuffer: MAX_OUTPUT_BYTES,
    ...(cwd === undefined ? {} : { cwd }),
  };
  return new Promise((resolve) => {
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? -1), stdout, stderr });
    });
  });
}

/**
 * The environment of a foreign client: the settings that it is given, and nothing that this machine or its user tells
 * AWS's tools otherwise.
 *
 * @param home a fresh folder: the AWS CLI keeps web identity credentials in ~/.aws/cli/cache and would answer from there
 */
export function clientEnvironment(
  settings: Readonly<Record<string, string>>,
  home: string,
): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^AWS_|_proxy$/i.test(name));
  const userBase = join(process.env['HOME'] ?? '', '.local');
  return { PYTHONUSERBASE: userBase, ...Object.fromEntries(others), HOME: home, ...settings };
}
