import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientEnvironment, requireProgram, runClient, type ClientRun } from '../support/foreign-client.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/redis-server.ts';

const DEMO = join(import.meta.dirname, '../../demo/demo.ts');
const LAST_STEP = '# 9.';

type Demo = { readonly child: ChildProcess; readonly output: { stdout: string; stderr: string } };

/** In a process group of its own, as a terminal starts it: Ctrl-C reaches the demo and the bridge together. */
function startDemo(args: readonly string[], folder: string): Demo {
  const child = spawn(process.execPath, [DEMO, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => {
    if (child.exitCode === null) killGroup(child, 'SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (output.stdout += String(text)));
  child.stderr.on('data', (text) => (output.stderr += String(text)));
  return { child, output };
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The whole group is gone.
  }
}

async function isFree(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}`).then(
    () => false,
    () => true,
  );
}

/** What the printed commands say, by the number of their step. They are run in one shell, as a person pastes them. */
async function paste(walkthrough: string, folder: string): Promise<(step: number) => string> {
  const aws = requireProgram('aws', "the demo's commands that need the AWS CLI are");
  const lines = walkthrough.split('\n').filter((line) => aws !== undefined || !line.startsWith('aws '));
  const script = lines.map((line) => line.replace(/^# (\d)\..*/, 'echo "@step $1@"')).join('\n');
  const run: ClientRun = await runClient(['sh', '-c', script], {
    env: clientEnvironment({}, folder),
    cwd: folder,
  });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const parts = run.stdout.split(/@step (\d)@\n/);
  return (step) => parts[parts.indexOf(String(step)) + 1] ?? '';
}

describe('npm run demo', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-demo-run-'));
  let demo: Demo;
  let args: readonly string[];
  let ports: readonly number[];
  let outputOf: (step: number) => string;

  beforeAll(async () => {
    ports = [await freePort(), await freePort(), await freePort()];
    const [port = 0, managementPort = 0, issuerPort = 0] = ports;
    args = [`--port=${port}`, `--management-port=${managementPort}`, `--issuer-port=${issuerPort}`];
    demo = startDemo(args, folder);
    await until(() => Promise.resolve(demo.output.stdout.includes(`${LAST_STEP} `)));
    outputOf = await paste(demo.output.stdout, folder);
  });
  afterAll(() => {
    killGroup(demo.child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it.skipIf(requireProgram('aws', 'the AWS CLI in the demo is') === undefined)(
    'prints commands by which the AWS CLI gets a role and chains to the next',
    () => {
      expect(outputOf(2)).toMatch(/assumed-role\/deploy\/demo-\d+"/);
      expect(outputOf(2)).toContain('assumed-role/read-logs/demo"');
    },
  );

  it('prints a command by which the JavaScript SDK does', () => {
    expect(outputOf(3)).toMatch(/assumed-role\/deploy\/demo-\d+\n.*assumed-role\/read-logs\/sdk ASIA/);
  });

  it('prints a command by which curl gets credentials', () => {
    expect(outputOf(4)).toMatch(/<AccessKeyId>ASIA[A-Z2-7]{16}<\/AccessKeyId>/);
  });

  it('shows a refusal that tells the caller nothing, and tells the operator why', () => {
    const [answer = '', explanation = ''] = outputOf(5).split('</ErrorResponse>');
    expect(answer).toContain('<Code>AccessDenied</Code>');
    expect(answer).not.toContain('refs/heads/main');
    expect(explanation).toContain('FAIL StringEquals');
    expect(explanation).toMatch(/wanted {2}repo:acme\/app:ref:refs\/heads\/main/);
    expect(explanation).toMatch(/came {4}repo:acme\/app:ref:refs\/heads\/feature/);
  });

  it('opens roles to GitLab and Kubernetes, and to a token once', () => {
    expect(outputOf(6)).toContain('assumed-role/build/curl');
    expect(outputOf(6)).toContain('assumed-role/web/curl');
    expect(outputOf(7)).toMatch(/<AccessKeyId>[^]*<Code>InvalidIdentityToken</);
  });

  it('opens a role to an assertion of the corporate identity provider, once', () => {
    expect(outputOf(8)).toMatch(
      /<AssumeRoleWithSAMLResponse[^]*<Subject>bob<[^]*Response has already been used/,
    );
  });

  it('lists sessions, revokes them and shows what happened', () => {
    expect(outputOf(9)).toContain('assumed-role/build/curl');
    expect(outputOf(9)).toMatch(/^\d sessions revoked$/m);
    expect(outputOf(9)).toMatch(
      /denied {3}AssumeRoleWithWebIdentity {2}repo:acme\/app:ref:refs\/heads\/feature/,
    );
  });

  it('keeps the audit stream out of the terminal', () => {
    expect(demo.output.stdout).not.toContain('eventVersion');
    expect(demo.output.stderr).toBe('');
  });

  it('names the ports that a second run finds busy, and what to do', async () => {
    const second = await runClient([process.execPath, DEMO, ...args], { env: process.env, cwd: folder });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    for (const port of ports) expect(second.stderr).toContain(`Port ${port} is in use. Stop what uses it`);
    expect(second.stderr).toContain(`npm run demo -- --issuer-port ${(ports[2] ?? 0) + 1}`);
  });

  it.each(['--port=0', '--port=65536', '--port=http', '--prot=8080'])('refuses %s', async (arg) => {
    const run = await runClient([process.execPath, DEMO, arg], { env: process.env, cwd: folder });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('usage: npm run demo');
  });

  it('stops everything on Ctrl-C', async () => {
    killGroup(demo.child, 'SIGINT');
    expect(await once(demo.child, 'exit')).toEqual([0, null]);
    expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true]);
  });

  it('stops everything on a SIGTERM that reaches the demo alone, even while it starts', async () => {
    const { child } = startDemo(args, folder);
    await until(async () => !(await isFree(ports[2] ?? 0)));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true]);
  });
});
