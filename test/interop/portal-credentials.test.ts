import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { announceMissing, clientEnvironment, requireProgram, runClient } from '../support/foreign-client.ts';
import { startPortalApp, type PortalApp } from '../support/portal-app.ts';
import { ACCOUNT, makeRole } from '../unit/domain/federation/person-world.ts';

const TESTS = 'the pastes of the credentials page are';
const aws = requireProgram('aws', TESTS);
const python = findBoto3();

function findBoto3(): string | undefined {
  const program = requireProgram('python3', TESTS);
  if (program !== undefined && spawnSync(program, ['-c', 'import boto3']).status === 0) return program;
  announceMissing('python3 has no boto3', TESTS);
  return undefined;
}

const role = makeRole('dev+ops@x', [{}]);
const PROFILE = 'acme-prod-dev-ops@x';
const ARN = `arn:aws:sts::${ACCOUNT}:assumed-role/dev+ops@x/alice`;
const credentialsSchema = z.object({
  blocks: z.array(
    z.object({ id: z.string(), lines: z.array(z.object({ text: z.string(), name: z.string().optional() })) }),
  ),
});
type Block = z.infer<typeof credentialsSchema>['blocks'][number];

let app: PortalApp;
let blocks: readonly Block[];
let folder: string;
beforeAll(async () => {
  app = await startPortalApp([role]);
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-portal-'));
  const cookie = await app.signIn();
  const page = async (init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(`${app.url}/roles/${encodeURIComponent(role.arn)}`, {
      ...init,
      headers: { cookie },
    });
    return response.json();
  };
  const { formToken } = z.object({ formToken: z.string() }).parse(await page());
  const body = new URLSearchParams({ form_token: formToken, duration: '900' });
  const answer = z.object({ data: credentialsSchema }).parse(await page({ method: 'POST', body }));
  ({ blocks } = answer.data);
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

function block(id: string): string {
  const lines = blocks.find((one) => one.id === id)?.lines ?? [];
  return lines.map(({ text }) => text).join('\n');
}

/** An empty home, and nothing that this machine tells AWS's tools. */
function freshHome(name: string): NodeJS.ProcessEnv {
  const home = join(folder, name);
  mkdirSync(join(home, '.aws'), { recursive: true });
  return clientEnvironment({ AWS_EC2_METADATA_DISABLED: 'true' }, home);
}

async function whoAmI(program: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout, stderr } = await runClient(program, { env });
  const parsed = z.object({ Arn: z.string() }).safeParse(stdout === '' ? undefined : JSON.parse(stdout));
  return parsed.data?.Arn ?? stderr;
}

const CLI = ['aws', 'sts', 'get-caller-identity', '--output', 'json'];
const BOTO3 = 'import boto3, json; print(json.dumps(boto3.client("sts").get_caller_identity()))';
const BOTO3_PROFILE = (profile: string): string =>
  `import boto3, json; print(json.dumps(boto3.Session(profile_name="${profile}").client("sts").get_caller_identity()))`;

describe.skipIf(aws === undefined)('pasted, with nothing else set, the AWS CLI says who one is', () => {
  it('after the bash block in bash', async () => {
    const env = freshHome('bash');
    expect(await whoAmI(['bash', '-c', `${block('bash')}\n${CLI.join(' ')}`], env)).toBe(ARN);
  });

  it('with the file block as ~/.aws/config', async () => {
    const env = freshHome('file');
    writeFileSync(join(env['HOME'] ?? '', '.aws/config'), block('file'));
    expect(await whoAmI([...CLI, '--profile', PROFILE], env)).toBe(ARN);
  });

  it('with the profile that the credential_process block adds, pasted twice', async () => {
    const env = freshHome('process');
    const paste = block('process');
    await runClient(['bash', '-c', `${paste}\n${paste}`], { env });
    expect(await whoAmI([...CLI, '--profile', `${PROFILE}-process`], env)).toBe(ARN);
  });

  it('and is refused when one character of the secret is another one', async () => {
    const paste = block('bash').replace(/(AWS_SECRET_ACCESS_KEY='.{39})./, '$1-');
    expect(await whoAmI(['bash', '-c', `${paste}\n${CLI.join(' ')}`], freshHome('wrong'))).toContain(
      'SignatureDoesNotMatch',
    );
  });
});

describe.skipIf(python === undefined)('boto3 says who one is', () => {
  it('with the .env block', async () => {
    const env = { ...freshHome('dotenv'), ...parseEnv(block('dotenv')) };
    expect(await whoAmI([python ?? '', '-c', BOTO3], env)).toBe(ARN);
  });

  it('with the file and the credential_process block', async () => {
    const env = freshHome('boto3');
    writeFileSync(join(env['HOME'] ?? '', '.aws/config'), `${block('file')}\n`);
    await runClient(['bash', '-c', block('process')], { env });
    expect(await whoAmI([python ?? '', '-c', BOTO3_PROFILE(PROFILE)], env)).toBe(ARN);
    expect(await whoAmI([python ?? '', '-c', BOTO3_PROFILE(`${PROFILE}-process`)], env)).toBe(ARN);
  });
});

it('the AWS SDK for JavaScript says who one is with the single values', async () => {
  const lines = blocks.find(({ id }) => id === 'values')?.lines ?? [];
  const value = (name: string): string => lines.find((line) => line.name === name)?.text ?? '';
  const sts = new STSClient({
    endpoint: value('endpoint'),
    region: value('region'),
    credentials: {
      accessKeyId: value('access-key-id'),
      secretAccessKey: value('secret-access-key'),
      sessionToken: value('session-token'),
    },
  });
  expect((await sts.send(new GetCallerIdentityCommand())).Arn).toBe(ARN);
});
