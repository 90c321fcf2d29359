import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startDemoWorld, type DemoWorld } from '../support/demo-world.ts';
import { requireProgram, runClient } from '../support/foreign-client.ts';

const MAIN = 'github/token?repository=acme/app&ref=refs/heads/main';
const FEATURE = 'github/token?repository=acme/app&ref=refs/heads/feature';

const identity = z.object({ Account: z.string(), Arn: z.string() });
const assumedRole = z.object({
  AssumedRoleUser: z.object({ Arn: z.string() }),
  Credentials: z.object({ AccessKeyId: z.string() }),
});

const aws = requireProgram('aws', 'the tests of the AWS CLI are');

describe.skipIf(aws === undefined)('the AWS CLI, given endpoint, role, token file and region only', () => {
  let world: DemoWorld;
  beforeAll(async () => {
    world = await startDemoWorld();
  });
  afterAll(async () => {
    await world.stop();
  });

  const run = async (role: string, query: string, args: readonly string[]) =>
    runClient([aws ?? '', ...args, '--output', 'json'], {
      env: await world.environment(role, query),
    });

  it.each([
    ['deploy', MAIN],
    ['deploy', `${MAIN}&sub_form=new`],
    ['test', FEATURE],
    ['build', 'gitlab/token?project_path=acme/app'],
    ['web', 'kubernetes/token?namespace=shop&service_account=web'],
  ])('opens the role %s with %s and says who it is', async (role, query) => {
    const { code, stdout, stderr } = await run(role, query, ['sts', 'get-caller-identity']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { Account, Arn } = identity.parse(JSON.parse(stdout));
    expect(Account).toBe('123456789012');
    expect(Arn).toContain(`:assumed-role/${role}/botocore-session-`);
  });

  it('goes on to another role', async () => {
    const args = ['--role-arn', 'arn:aws:iam::123456789012:role/read-logs', '--role-session-name', 'next'];
    const { code, stdout } = await run('deploy', MAIN, ['sts', 'assume-role', ...args]);
    expect(code).toBe(0);
    const { AssumedRoleUser, Credentials } = assumedRole.parse(JSON.parse(stdout));
    expect(AssumedRoleUser.Arn).toBe('arn:aws:sts::123456789012:assumed-role/read-logs/next');
    expect(Credentials.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
  });

  it.each([
    ['another branch', FEATURE, 'AccessDenied'],
    ['an expired token', `${MAIN}&expires_in=-300`, 'ExpiredTokenException'],
    ['a foreign audience', `${MAIN}&audience=sts.amazonaws.com`, 'InvalidIdentityToken'],
    ["another platform's token", 'gitlab/token?project_path=acme/app', 'AccessDenied'],
  ])('shows the refusal of %s after one request', async (_, query, errorCode) => {
    const before = await world.answered();
    const { code, stderr } = await run('deploy', query, ['sts', 'get-caller-identity']);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(`(${errorCode})`);
    expect(stderr).toMatch(/\(reference [A-Z2-7]{4}-[A-Z2-7]{4}\)/);
    expect((await world.answered()) - before).toBe(1);
  });
});
