import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startDemoWorld, type DemoWorld } from '../support/demo-world.ts';
import { announceMissing, requireProgram, runClient } from '../support/foreign-client.ts';

const MAIN = 'github/token?repository=acme/app&ref=refs/heads/main';
const FEATURE = 'github/token?repository=acme/app&ref=refs/heads/feature';
const TESTS = 'the tests of boto3 are';

const python = findPythonWithBoto3();

function findPythonWithBoto3(): string | undefined {
  const found = requireProgram('python3', TESTS);
  if (found === undefined) return undefined;
  if (spawnSync(found, ['-c', 'import boto3']).status === 0) return found;
  announceMissing('python3 has no boto3 (pip install boto3)', TESTS);
  return undefined;
}

const WHO_AM_I = `
import boto3, json
print(json.dumps(boto3.client('sts').get_caller_identity()))
`;
const CHAIN = `
import boto3, json
answer = boto3.client('sts').assume_role(
    RoleArn='arn:aws:iam::123456789012:role/read-logs', RoleSessionName='next')
answer['Credentials']['Expiration'] = answer['Credentials']['Expiration'].isoformat()
print(json.dumps(answer))
`;
const REFUSED = `
import boto3, botocore, json
sts = boto3.client('sts')
try:
    sts.get_caller_identity()
except botocore.exceptions.ClientError as error:
    print(json.dumps({'class': type(error).__name__, **error.response}))
`;
// How EKS's aws-iam-authenticator proves a caller: a presigned GetCallerIdentity that is bound to one cluster.
const PRESIGN = `
import boto3, os
from botocore.signers import RequestSigner
session = boto3.Session()
sts = session.client('sts')
signer = RequestSigner(sts.meta.service_model.service_id, 'us-east-1', 'sts', 'v4',
    session.get_credentials(), session.events)
print(signer.generate_presigned_url({
    'method': 'GET', 'body': {}, 'context': {}, 'headers': {'x-k8s-aws-id': 'cluster-1'},
    'url': os.environ['AWS_ENDPOINT_URL_STS'] + '/?Action=GetCallerIdentity&Version=2011-06-15',
}, region_name='us-east-1', expires_in=60, operation_name=''))
`;

const identity = z.object({
  Account: z.string(),
  Arn: z.string(),
  UserId: z.string(),
  ResponseMetadata: z.object({ RequestId: z.string() }),
});
const assumedRole = z.object({
  AssumedRoleUser: z.object({ Arn: z.string() }),
  Credentials: z.object({ AccessKeyId: z.string(), Expiration: z.string() }),
});

describe.skipIf(python === undefined)('boto3, given endpoint, role, token file and region only', () => {
  let world: DemoWorld;
  beforeAll(async () => {
    world = await startDemoWorld();
  });
  afterAll(async () => {
    await world.stop();
  });

  const run = async (program: string, query: string, path = '') => {
    const env = await world.environment('deploy', query, path);
    const { stdout, stderr } = await runClient([python ?? '', '-c', program], { env });
    if (stdout === '') throw new Error(stderr);
    return stdout.trim();
  };
  const json = async (program: string, query: string, path?: string): Promise<unknown> =>
    JSON.parse(await run(program, query, path));

  it('takes the token to credentials and says who it is', async () => {
    const { Account, Arn, UserId, ResponseMetadata } = identity.parse(await json(WHO_AM_I, MAIN));
    expect(Account).toBe('123456789012');
    expect(Arn).toMatch(/^arn:aws:sts::123456789012:assumed-role\/deploy\/botocore-session-\d+$/);
    expect(UserId).toMatch(/^AROA[A-Z2-7]{17}:botocore-session-\d+$/);
    expect(ResponseMetadata.RequestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('goes on to another role', async () => {
    const { AssumedRoleUser, Credentials } = assumedRole.parse(await json(CHAIN, MAIN));
    expect(AssumedRoleUser.Arn).toBe('arn:aws:sts::123456789012:assumed-role/read-logs/next');
    expect(Credentials.AccessKeyId).toMatch(/^ASIA/);
    expect(Credentials.Expiration).toMatch(/\+00:00$/);
  });

  it.each(['/sts', '/sts/'])('works at an endpoint with the path %s', async (path) => {
    expect(await json(WHO_AM_I, MAIN, path)).toMatchObject({ Account: '123456789012' });
  });

  it.each([
    ['another branch', FEATURE, 'ClientError', 'AccessDenied', 403],
    ['an expired token', `${MAIN}&expires_in=-300`, 'ExpiredTokenException', 'ExpiredTokenException', 400],
    [
      'a foreign audience',
      `${MAIN}&audience=sts.amazonaws.com`,
      'InvalidIdentityTokenException',
      'InvalidIdentityToken',
      400,
    ],
  ])('gives up after one request for %s (wire-spec 1.7)', async (_, query, name, code, status) => {
    const before = await world.answered();
    expect(await json(REFUSED, query)).toMatchObject({
      class: name,
      Error: { Code: code, Type: 'Sender' },
      ResponseMetadata: { HTTPStatusCode: status, RetryAttempts: 0 },
    });
    expect((await world.answered()) - before).toBe(1);
  });

  it('presigns a GetCallerIdentity for one cluster, as EKS wants it', async () => {
    const url = await run(PRESIGN, MAIN);
    const ask = (headers: Record<string, string>) => fetch(url, { headers });
    const accepted = await ask({ 'x-k8s-aws-id': 'cluster-1' });
    expect(accepted.status).toBe(200);
    expect(await accepted.text()).toContain('assumed-role/deploy/botocore-session-');
    for (const headers of [{}, { 'x-k8s-aws-id': 'cluster-2' }]) {
      const refused = await ask(headers);
      expect(refused.status).toBe(403);
      expect(await refused.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
    }
  });
});
