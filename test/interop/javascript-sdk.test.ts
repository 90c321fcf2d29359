import { randomUUID } from 'node:crypto';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
  STSServiceException,
} from '@aws-sdk/client-sts';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ciKeys, startDemoWorld, type DemoWorld } from '../support/demo-world.ts';
import { runClient } from '../support/foreign-client.ts';

const MAIN = 'github/token?repository=acme/app&ref=refs/heads/main';
const FEATURE = 'github/token?repository=acme/app&ref=refs/heads/feature';
const ROLE = 'arn:aws:iam::123456789012:role';

let world: DemoWorld;
beforeAll(async () => {
  world = await startDemoWorld();
});
afterAll(async () => {
  await world.stop();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A client as any program makes it: all that it knows comes from the environment. */
async function clientFor(role: string, query: string, path = ''): Promise<STSClient> {
  const env = await world.environment(role, query, path);
  for (const name of Object.keys(process.env).filter((known) => known.startsWith('AWS_')))
    vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env))
    if (name.startsWith('AWS_') || name === 'HOME') vi.stubEnv(name, value);
  return new STSClient({});
}

async function failureOf(running: Promise<unknown>): Promise<STSServiceException> {
  const error = await running.then(
    () => new Error('it was accepted'),
    (cause: unknown) => cause,
  );
  if (error instanceof STSServiceException) return error;
  throw error;
}

describe('the AWS SDK for JavaScript, given endpoint, role, token file and region only', () => {
  it('takes the token to credentials, says who it is, and goes on to another role', async () => {
    const sts = await clientFor('deploy', MAIN);
    const me = await sts.send(new GetCallerIdentityCommand({}));
    expect(me.Account).toBe('123456789012');
    expect(me.Arn).toMatch(/^arn:aws:sts::123456789012:assumed-role\/deploy\/aws-sdk-js-session-\d+$/);
    expect(me.UserId).toMatch(/^AROA[A-Z2-7]{17}:aws-sdk-js-session-\d+$/);

    const chained = await sts.send(
      new AssumeRoleCommand({ RoleArn: `${ROLE}/read-logs`, RoleSessionName: 'next' }),
    );
    expect(chained.AssumedRoleUser?.Arn).toBe('arn:aws:sts::123456789012:assumed-role/read-logs/next');
    expect(chained.Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(chained.Credentials?.SecretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
    expect(chained.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('runs the program of the demo', async () => {
    const script = join(import.meta.dirname, '../../demo/assume-role.ts');
    const run = await runClient([process.execPath, script], {
      env: await world.environment('deploy', MAIN),
    });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('assumed-role/read-logs/sdk ASIA');
  });

  it.each(['/sts', '/sts/'])('works at an endpoint with the path %s', async (path) => {
    const sts = await clientFor('deploy', MAIN, path);
    expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012');
  });

  it.each([
    ['another branch', FEATURE, 'AccessDenied', 403],
    ['an expired token', `${MAIN}&expires_in=-300`, 'ExpiredTokenException', 400],
    ['a foreign audience', `${MAIN}&audience=sts.amazonaws.com`, 'InvalidIdentityToken', 400],
  ])('gives up after one request for %s (wire-spec 1.7)', async (_, query, code, status) => {
    const sts = await clientFor('deploy', query);
    const before = await world.answered();
    const failure = await failureOf(sts.send(new GetCallerIdentityCommand({})));
    expect(failure.$metadata.httpStatusCode).toBe(status);
    expect(failure.name.replace(/Exception$/, '')).toBe(code.replace(/Exception$/, ''));
    expect((await world.answered()) - before).toBe(1);
  });

  it('shows the reference of a refusal, by which an operator finds it', async () => {
    const failure = await failureOf(
      (await clientFor('deploy', FEATURE)).send(new GetCallerIdentityCommand({})),
    );
    expect(failure.message).toMatch(
      /^Not authorized to perform sts:AssumeRoleWithWebIdentity \(reference [A-Z2-7]{4}-[A-Z2-7]{4}\)$/,
    );
  });

  it('is refused a role that does not trust its own, and told no more than who it is', async () => {
    const sts = await clientFor('test', FEATURE);
    const command = new AssumeRoleCommand({ RoleArn: `${ROLE}/read-logs`, RoleSessionName: 'next' });
    const failure = await failureOf(sts.send(command));
    expect(failure.name).toBe('AccessDenied');
    expect(failure.message).toMatch(/^User: \S+ is not authorized to perform: sts:AssumeRole on resource: /);
  });
});

describe('what configure-aws-credentials does (wire-spec 1.8)', () => {
  const action = () =>
    new STSClient({
      region: 'us-east-1',
      endpoint: world.bridge.url,
      customUserAgent: 'configure-aws-credentials-for-github-actions',
    });
  const jobTags = [
    { Key: 'GitHub', Value: 'Actions' },
    { Key: 'Repository', Value: 'acme/app' },
    { Key: 'Workflow', Value: 'Deploy' },
    { Key: 'Action', Value: 'configure' },
    { Key: 'Actor', Value: 'octocat' },
    { Key: 'Commit', Value: '1a2b3c' },
    { Key: 'Branch', Value: 'refs/heads/main' },
  ];
  const withKeys = () =>
    new STSClient({ region: 'us-east-1', endpoint: world.bridge.url, credentials: ciKeys });
  const tagged = (Tags: typeof jobTags) =>
    new AssumeRoleCommand({
      RoleArn: `${ROLE}/tagged`,
      RoleSessionName: 'GitHubActions',
      DurationSeconds: 3600,
      Tags,
    });

  it('assumes the role by OIDC and finds account and ARN at the same endpoint', async () => {
    const { Credentials, AssumedRoleUser } = await action().send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: `${ROLE}/deploy`,
        RoleSessionName: 'GitHubActions',
        DurationSeconds: 3600,
        WebIdentityToken: await world.mint(MAIN),
      }),
    );
    expect(AssumedRoleUser?.AssumedRoleId).toMatch(/:GitHubActions$/);
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const assumed = new STSClient({
      region: 'us-east-1',
      endpoint: world.bridge.url,
      credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    });
    const me = await assumed.send(new GetCallerIdentityCommand({}));
    expect(me.Account).toBe('123456789012');
    expect(me.Arn).toBe('arn:aws:sts::123456789012:assumed-role/deploy/GitHubActions');
  });

  it('assumes the role by keys, with the tags of the job', async () => {
    const { AssumedRoleUser } = await withKeys().send(tagged(jobTags));
    expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::123456789012:assumed-role/tagged/GitHubActions');
  });

  it('is refused by keys where the tags are of another repository', async () => {
    const foreign = jobTags.map((tag) => (tag.Key === 'Repository' ? { ...tag, Value: 'evil/app' } : tag));
    expect(await failureOf(withKeys().send(tagged(foreign)))).toMatchObject({ name: 'AccessDenied' });
  });

  it('is told by class that its tags are too large, whereupon it leaves some out', async () => {
    const large = Array.from({ length: 45 }, () => ({
      Key: randomUUID().repeat(3),
      Value: randomUUID().repeat(7),
    }));
    expect(await failureOf(withKeys().send(tagged([...jobTags.slice(0, 2), ...large])))).toMatchObject({
      name: 'PackedPolicyTooLargeException',
      $metadata: { httpStatusCode: 400 },
    });
  });
});
