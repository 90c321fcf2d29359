import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import {
  argumentsOf,
  demoPorts,
  killGroup,
  runDemoProcess,
  startDemoProcess,
  type DemoPorts,
  type DemoProcess,
} from '../support/demo-process.ts';
import { createFormBrowser, type FormBrowser } from '../support/form-browser.ts';
import { clientEnvironment, requireProgram, runClient, type ClientRun } from '../support/foreign-client.ts';
import { until } from '../support/redis-server.ts';

async function isFree(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}`).then(
    () => false,
    () => true,
  );
}

async function busyOf(ports: DemoPorts): Promise<readonly number[]> {
  const busy: number[] = [];
  for (const port of Object.values(ports)) if (!(await isFree(port))) busy.push(port);
  return busy;
}

/** What the printed commands say, by the number of their step. They are run in one shell, as a person pastes them. */
async function paste(walkthrough: string, folder: string): Promise<(step: number) => string> {
  const aws = requireProgram('aws', "the demo's commands that need the AWS CLI are");
  const lines = walkthrough.split('\n').filter((line) => aws !== undefined || !line.startsWith('aws '));
  const script = lines.map((line) => line.replace(/^# (\d+)\..*/, 'echo "@step $1@"')).join('\n');
  const run: ClientRun = await runClient(['sh', '-c', script], {
    env: clientEnvironment({}, folder),
    cwd: folder,
  });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const parts = run.stdout.split(/@step (\d+)@\n/);
  return (step) => parts[parts.indexOf(String(step)) + 1] ?? '';
}

describe('npm run demo', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-demo-run-'));
  let demo: DemoProcess;
  let ports: DemoPorts;
  let outputOf: (step: number) => string;

  beforeAll(async () => {
    ports = await demoPorts();
    demo = startDemoProcess(ports, folder);
    await demo.ready;
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

  it("exchanges the job's token for one that the service takes, and for credentials, without any secret", () => {
    const [orders = '', credentials = ''] = outputOf(9).split(/(?<=\}\})(?=\{)/);
    expect(JSON.parse(orders)).toMatchObject({
      orders: [{ id: 'A-1001' }, { id: 'A-1002' }],
      asked: { repository: 'acme/app', by: 'deployer', scope: 'orders.read' },
    });
    expect(credentials).toMatch(/"token_type": ?"N_A"/);
    expect(credentials).toMatch(/"AccessKeyId": ?"ASIA[A-Z2-7]{16}"/);
  });

  it.skipIf(requireProgram('aws', 'the AWS CLI with credential_process in the demo is') === undefined)(
    'prints a credential_process by which the AWS CLI exchanges the token itself',
    () => {
      expect(outputOf(9)).toContain(':assumed-role/deploy/');
    },
  );

  it('prints commands of a device flow that somebody ends at the page that is named', async () => {
    expect(outputOf(10)).toContain('"error":"authorization_pending"');
    const [, userCode = ''] = /"user_code": ?"([^"]+)"/.exec(outputOf(10)) ?? [];
    const browser = createFormBrowser();
    const device = await browser.visit(`http://localhost:${ports.port}/device`);
    expect(device.url).toContain('/signin?return_to=');
    const question = await browser.visit(`http://localhost:${ports.port}/signin/google?return_to=/device`);
    const code = await browser.submit(question, { person: 'tom' });
    const confirm = await browser.submit(code, { user_code: userCode }, '/device');
    expect(confirm.html).toContain('Example CLI');
    const done = await browser.submit(confirm, { confirm: 'yes' }, '/device');
    expect(done).toMatchObject({ status: 200 });
    const [poll = ''] = demo.output.stdout
      .split('\n')
      .filter((line) => line.includes('grant-type:device_code'));
    const answer = await runClient(['sh', '-c', poll], { env: process.env, cwd: folder });
    expect(answer.stdout).toMatch(/"id_token": ?"eyJ/);
  });

  it('lists sessions, revokes them and shows what happened', () => {
    expect(outputOf(11)).toContain('assumed-role/build/curl');
    expect(outputOf(11)).toMatch(/^\d sessions revoked$/m);
    expect(outputOf(11)).toMatch(
      /denied {3}AssumeRoleWithWebIdentity {2}repo:acme\/app:ref:refs\/heads\/feature/,
    );
  });

  describe('the people that it names', () => {
    const pages = (): string => `http://localhost:${ports.port}`;
    /** Signs somebody in and returns the page where that ends. */
    const signIn = async (provider: string, person: string, browser: FormBrowser = createFormBrowser()) => {
      const question = await browser.visit(`${pages()}/signin/${provider}`);
      return browser.submitSaml(await browser.submit(question, { person }));
    };
    const rolesIn = (html: string) =>
      [...html.matchAll(/<a href="\/roles\/[^"]*role%2F([\w-]+)"/g)].map(([, name]) => name).toSorted();

    it('begins with the page on which they sign in', () => {
      const beginning = demo.output.stdout.slice(0, demo.output.stdout.indexOf('# 1.'));
      expect(beginning).toContain(`open ${pages()}/signin in a browser`);
      for (const email of ['maya@acme.example', 'priya@partner.example', 'bob@corp.acme.example'])
        expect(beginning).toContain(email);
    });

    it.each([
      ['google', 'maya', ['production-admin', 'read-only']],
      ['google', 'tom', ['read-only']],
      ['partners', 'priya', ['developer']],
      ['partners', 'jonas', ['developer', 'release']],
      ['partners', 'sofia', []],
      ['acme', 'alice', ['reports']],
      ['acme', 'bob', ['billing']],
    ])('find with %s, as %s, the roles %j', async (provider, person, roles) => {
      const page = await signIn(provider, person);
      expect(page).toMatchObject({ status: 200, url: `${pages()}/roles` });
      expect(rolesIn(page.html)).toEqual(roles);
    });

    it.each([
      ['google', 'lena', 'with a private account'],
      ['google', '', 'who deny'],
      ['partners', '', 'who deny'],
      ['acme', '', 'who deny'],
    ])('are not let in at %s, as %j: %s', async (provider, person) => {
      const browser = createFormBrowser();
      expect((await signIn(provider, person, browser)).status).toBe(403);
      expect((await browser.visit(`${pages()}/roles`)).url).toContain('/signin?return_to=');
    });

    it.each([
      ['partners', 'priya', '210987654321', 'developer'],
      ['acme', 'bob', '123456789012', 'billing'],
      ['google', 'tom', '123456789012', 'read-only'],
    ])(
      'take credentials with %s, as %s, that work in the JavaScript SDK',
      async (provider, person, account, role) => {
        const browser = createFormBrowser();
        await signIn(provider, person, browser);
        const choice = await browser.visit(`${pages()}/roles/arn:aws:iam::${account}:role/${role}`);
        const { html } = await browser.submit(choice, { duration: '900' }, '/roles/');
        const value = (name: string) =>
          new RegExp(`data-line>export ${name}=&#39;([^&]*)&#39;`).exec(html)?.[1] ?? '';
        const client = new STSClient({
          endpoint: value('AWS_ENDPOINT_URL_STS'),
          region: value('AWS_REGION'),
          credentials: {
            accessKeyId: value('AWS_ACCESS_KEY_ID'),
            secretAccessKey: value('AWS_SECRET_ACCESS_KEY'),
            sessionToken: value('AWS_SESSION_TOKEN'),
          },
        });
        const { Arn: arn } = await client.send(new GetCallerIdentityCommand({}));
        expect(arn).toContain(`arn:aws:sts::${account}:assumed-role/${role}/`);
      },
    );

    it('are asked for a second factor where a role wants one', async () => {
      const browser = createFormBrowser();
      await signIn('google', 'maya', browser);
      const page = await browser.visit(`${pages()}/roles/arn:aws:iam::123456789012:role/production-admin`);
      const next = page.url.includes('/mfa/')
        ? page
        : await browser.submit(page, { duration: '900' }, '/roles/');
      expect(next.url).toContain('/mfa/add');
      expect(next.html).not.toContain('AWS_SECRET_ACCESS_KEY');
    });

    it('sign out at the bridge, and at the provider by its own page', async () => {
      const browser = createFormBrowser();
      await signIn('partners', 'priya', browser);
      const { html } = await browser.submit(await browser.visit(`${pages()}/signout`), {}, '/signout');
      const [, link = ''] = /href="(http:[^"]*\/logout\?[^"]*)"/.exec(html) ?? [];
      expect((await browser.visit(link.replaceAll('&amp;', '&'))).url).toBe(`${pages()}/signed-out`);
      await signIn('acme', 'alice', browser);
      const end = await browser.submit(await browser.visit(`${pages()}/signout`), {}, '/signout');
      expect(end.status).toBe(200);
      expect(end.url).toContain('/saml/acme/slo');
      expect((await browser.visit(`${pages()}/roles`)).url).toContain('/signin');
    });
  });

  it('keeps the audit stream out of the terminal', () => {
    expect(demo.output.stdout).not.toContain('eventVersion');
    expect(demo.output.stderr).toBe('');
  });

  it('names the ports that a second run finds busy, and what to do', async () => {
    const second = await runDemoProcess(argumentsOf(ports), folder);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    for (const [option, port] of Object.entries(ports)) {
      expect(second.stderr).toContain(`Port ${port} is in use. Stop what uses it`);
      expect(second.stderr).toContain(`npm run demo -- --${option} ${port + 1}`);
    }
  });

  it.each(['--port=0', '--port=65536', '--port=http', '--prot=8080'])('refuses %s', async (arg) => {
    const run = await runDemoProcess([arg], folder);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('usage: npm run demo');
  });

  it('stops everything on Ctrl-C', async () => {
    killGroup(demo.child, 'SIGINT');
    expect(await once(demo.child, 'exit')).toEqual([0, null]);
    expect(await busyOf(ports)).toEqual([]);
  });

  it('stops everything on a SIGTERM that reaches the demo alone, even while it starts', async () => {
    const { child } = startDemoProcess(ports, folder);
    await until(async () => !(await isFree(ports['orders-port'])));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await busyOf(ports)).toEqual([]);
  });
});
