import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  AssumeRoleWithSAMLCommand,
  GetCallerIdentityCommand,
  STSClient,
  STSServiceException,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startDemoWorld, type DemoWorld } from '../support/demo-world.ts';
import { createFormBrowser } from '../support/form-browser.ts';
import { announceMissing, clientEnvironment, requireProgram, runClient } from '../support/foreign-client.ts';

const ROLE = 'arn:aws:iam::123456789012:role/reports';
const PROVIDER = 'arn:aws:iam::123456789012:saml-provider/acme';
const ALICE = 'saml/response?user=alice';
const SALES = 'saml/response?user=alice&department=sales';

const answer = z.object({
  AssumedRoleUser: z.object({ Arn: z.string() }),
  Credentials: z.object({
    AccessKeyId: z.string(),
    SecretAccessKey: z.string(),
    SessionToken: z.string(),
  }),
  Subject: z.string(),
  SubjectType: z.string(),
  Issuer: z.string(),
  Audience: z.string(),
  NameQualifier: z.string(),
  PackedPolicySize: z.number(),
});

let world: DemoWorld;
let folder: string;
beforeAll(async () => {
  world = await startDemoWorld();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-saml-'));
});
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

const environment = (): NodeJS.ProcessEnv =>
  clientEnvironment(
    { AWS_ENDPOINT_URL_STS: world.bridge.url, AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1' },
    mkdtempSync(join(folder, 'home-')),
  );

function expectAnswer(given: unknown): z.infer<typeof answer> {
  const parsed = answer.parse(given);
  expect(parsed).toMatchObject({
    AssumedRoleUser: { Arn: 'arn:aws:sts::123456789012:assumed-role/reports/alice' },
    Subject: 'alice',
    SubjectType: 'persistent',
    Issuer: `${world.issuerUrl}/saml`,
    Audience: 'https://signin.aws.amazon.com/saml',
  });
  expect(parsed.NameQualifier).toMatch(/^[A-Za-z0-9+/]{27}=$/);
  return parsed;
}

const aws = requireProgram('aws', 'the SAML tests of the AWS CLI are');

describe.skipIf(aws === undefined)('aws sts assume-role-with-saml, with an endpoint and no keys', () => {
  const run = async (query: string) => {
    const file = join(mkdtempSync(join(folder, 'assertion-')), 'assertion');
    writeFileSync(file, await world.mint(query));
    const args = ['--role-arn', ROLE, '--principal-arn', PROVIDER, '--saml-assertion', `file://${file}`];
    const command = [aws ?? '', 'sts', 'assume-role-with-saml', ...args, '--output', 'json'];
    return runClient(command, { env: environment() });
  };

  it('opens the role', async () => {
    const { code, stdout, stderr } = await run(ALICE);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectAnswer(JSON.parse(stdout));
  });

  it('shows a refusal with its reference after one request', async () => {
    const before = await world.answered();
    const { code, stderr } = await run(SALES);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(
      /\(AccessDenied\).*: Not authorized to perform sts:AssumeRoleWithSAML \(reference [A-Z2-7]{4}-[A-Z2-7]{4}\)/,
    );
    expect((await world.answered()) - before).toBe(1);
  });
});

const python = findPythonWithBoto3();

function findPythonWithBoto3(): string | undefined {
  const found = requireProgram('python3', 'the SAML tests of boto3 are');
  if (found === undefined) return undefined;
  if (spawnSync(found, ['-c', 'import boto3']).status === 0) return found;
  announceMissing('python3 has no boto3 (pip install boto3)', 'the SAML tests of boto3 are');
  return undefined;
}

const ASSUME = `
import boto3, botocore, json, sys
sts = boto3.client('sts')
call = dict(RoleArn='${ROLE}', PrincipalArn='${PROVIDER}', SAMLAssertion=sys.argv[1])
try:
    answer = sts.assume_role_with_saml(**call)
    answer['Credentials']['Expiration'] = answer['Credentials']['Expiration'].isoformat()
    print(json.dumps(answer))
    sts.assume_role_with_saml(**call)
except botocore.exceptions.ClientError as error:
    print(json.dumps({'class': type(error).__name__, **error.response}))
`;

describe.skipIf(python === undefined)("boto3's assume_role_with_saml, with an endpoint and no keys", () => {
  const run = async (query: string): Promise<readonly unknown[]> => {
    const command = [python ?? '', '-c', ASSUME, await world.mint(query)];
    const { stdout } = await runClient(command, { env: environment() });
    return stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  };

  it('opens the role, once for each assertion, and raises the modelled class the second time', async () => {
    const [opened, refused] = await run(ALICE);
    expectAnswer(opened);
    expect(refused).toMatchObject({
      class: 'InvalidIdentityTokenException',
      Error: { Code: 'InvalidIdentityToken' },
      ResponseMetadata: { HTTPStatusCode: 400, RetryAttempts: 0 },
    });
  });

  it('gives up after one request where the trust policy refuses', async () => {
    const before = await world.answered();
    expect(await run(SALES)).toMatchObject([{ class: 'ClientError', Error: { Code: 'AccessDenied' } }]);
    expect((await world.answered()) - before).toBe(1);
  });
});

describe('the AWS SDK for JavaScript', () => {
  const client = (credentials?: z.infer<typeof answer>['Credentials']) =>
    new STSClient({
      region: 'us-east-1',
      endpoint: world.bridge.url,
      ...(credentials === undefined
        ? {}
        : {
            credentials: {
              accessKeyId: credentials.AccessKeyId,
              secretAccessKey: credentials.SecretAccessKey,
              sessionToken: credentials.SessionToken,
            },
          }),
    });
  const assume = (SAMLAssertion: string) =>
    client().send(new AssumeRoleWithSAMLCommand({ RoleArn: ROLE, PrincipalArn: PROVIDER, SAMLAssertion }));
  const failureOf = (running: Promise<unknown>): Promise<unknown> =>
    running.then(
      () => 'it was accepted',
      (cause: unknown) => cause,
    );

  it('opens the role and says who it is with the credentials', async () => {
    const { Credentials } = expectAnswer(await assume(await world.mint(ALICE)));
    const me = await client(Credentials).send(new GetCallerIdentityCommand({}));
    expect(me.Arn).toBe('arn:aws:sts::123456789012:assumed-role/reports/alice');
  });

  it.each([
    ['an assertion that was used', 'InvalidIdentityTokenException', 400],
    ['an assertion that is no XML', 'InvalidIdentityTokenException', 400],
    ['a department that the role does not take', 'AccessDenied', 403],
  ])('gives up after one request for %s (wire-spec 1.7)', async (what, name, httpStatusCode) => {
    const minted = await world.mint(what.startsWith('a department') ? SALES : ALICE);
    const assertion = what.endsWith('no XML') ? 'c29tZXRoaW5n' : minted;
    if (what.endsWith('used')) await assume(assertion);
    const before = await world.answered();
    const failure = await failureOf(assume(assertion));
    expect(failure).toBeInstanceOf(STSServiceException);
    expect(failure).toMatchObject({ name, $metadata: { httpStatusCode } });
    expect((await world.answered()) - before).toBe(1);
  });
});

describe("the demo's identity provider", () => {
  it('signs a browser in that the bridge sent', async () => {
    const browser = createFormBrowser();
    const page = await browser.visit(`${world.bridge.url}/saml/acme/login`);
    expect(page.url).toContain(`${world.issuerUrl.replace('127.0.0.1', 'localhost')}/saml/sso?SAMLRequest=`);
    const response = await browser.submit(page, { person: 'alice' });
    expect((await browser.submitSaml(response)).url).toBe(`${world.bridge.url}/roles`);
  });

  it('answers no one but a bridge on this machine', async () => {
    const login = await fetch(`${world.bridge.url}/saml/acme/login`, { redirect: 'manual' });
    const sent = new URL(login.headers.get('location') ?? '');
    const packed = Buffer.from(sent.searchParams.get('SAMLRequest') ?? '', 'base64');
    const request = inflateRawSync(packed).toString();
    const elsewhere = request.replace(/(ServiceURL=")[^"]*/, '$1https://evil.example.com/acs');
    expect(elsewhere).not.toBe(request);
    sent.searchParams.set('SAMLRequest', deflateRawSync(elsewhere).toString('base64'));
    expect((await fetch(sent)).status).toBe(403);
  });

  it.each(['user=a<b', 'user=alice&user=bob', 'nobody=knows'])('mints nothing for %s', async (query) => {
    expect((await fetch(`${world.issuerUrl}/saml/response?${query}`)).status).toBe(400);
  });
});
