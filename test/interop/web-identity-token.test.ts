import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AssumeRoleCommand,
  GetWebIdentityTokenCommand,
  OutboundWebIdentityFederationDisabledException,
  SessionDurationEscalationException,
  STSClient,
} from '@aws-sdk/client-sts';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { allowInsecureRequests, discovery, type ServerMetadata } from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startBridgeProcess, type BridgeProcess } from '../support/bridge.ts';
import { announceMissing, clientEnvironment, requireProgram, runClient } from '../support/foreign-client.ts';

const ACCOUNT = '123456789012';
const THERE = '210987654321';
const AUDIENCE = 'https://there.example';
const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const policy = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements });
const trust = (principal: object, action: string, condition?: object) =>
  policy({
    Effect: 'Allow',
    Principal: principal,
    Action: action,
    ...(condition === undefined ? {} : { Condition: condition }),
  });

const here = (isEnabled: { readonly outboundWebIdentityFederation: boolean }) =>
  JSON.stringify({
    accounts: [{ id: ACCOUNT, ...isEnabled }],
    users: [
      {
        name: 'ci',
        account: ACCOUNT,
        accessKeys: [{ id: KEYS.accessKeyId, secret: { env: 'CI_SECRET' } }],
        inlinePolicies: { all: policy({ Effect: 'Allow', Action: 'sts:*', Resource: '*' }) },
      },
    ],
    roles: ['deploy', 'other'].map((name) => ({
      name,
      account: ACCOUNT,
      trustPolicy: trust({ AWS: `arn:aws:iam::${ACCOUNT}:user/ci` }, 'sts:AssumeRole'),
      inlinePolicies: {
        token: policy({
          Effect: 'Allow',
          Action: ['sts:GetWebIdentityToken', 'sts:TagGetWebIdentityToken'],
          Resource: '*',
        }),
      },
    })),
  });

/** Another bridge, which trusts the first as the issuer that it is. */
const there = (issuer: string) =>
  JSON.stringify({
    outbound: { privateAddresses: 'allow', http: 'allow' },
    accounts: [{ id: THERE }],
    oidcProviders: [{ name: 'here', account: THERE, issuer, audiences: [AUDIENCE] }],
    roles: [
      {
        name: 'guest',
        account: THERE,
        trustPolicy: trust(
          { Federated: `arn:aws:iam::${THERE}:oidc-provider/${new URL(issuer).host}` },
          'sts:AssumeRoleWithWebIdentity',
          {
            StringEquals: {
              [`${new URL(issuer).host}:aud`]: AUDIENCE,
              [`${new URL(issuer).host}:sub`]: `arn:aws:iam::${ACCOUNT}:role/deploy`,
            },
          },
        ),
      },
    ],
  });

const env = { CI_SECRET: KEYS.secretAccessKey };
const home = mkdtempSync(join(tmpdir(), 'rolebridge-token-'));
let issuer: BridgeProcess;
let relying: BridgeProcess;
beforeAll(async () => {
  issuer = await startBridgeProcess({ config: here({ outboundWebIdentityFederation: true }), env });
  relying = await startBridgeProcess({ config: there(issuer.url) });
});
afterAll(async () => {
  await relying.stop();
  await issuer.stop();
  rmSync(home, { recursive: true, force: true });
});

const settings = (url: string) =>
  clientEnvironment(
    {
      AWS_ENDPOINT_URL_STS: url,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
    },
    home,
  );
const verified = async (token: string, audience: string) => {
  const found = await discovery(new URL(issuer.url), 'nobody', undefined, undefined, {
    // The test's issuer has no TLS.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to stand out
    execute: [allowInsecureRequests],
  });
  const metadata: Readonly<ServerMetadata> = found.serverMetadata();
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri ?? ''));
  return jwtVerify(token, keys, { issuer: metadata.issuer, audience });
};
const answer = z.object({ WebIdentityToken: z.string(), Expiration: z.string() });

describe.skipIf(
  requireProgram('aws', 'the tests of get-web-identity-token by the AWS CLI are') === undefined,
)('aws sts get-web-identity-token', () => {
  // Version 1 of the CLI fetches an argument that is a URL and sends what it finds there; it leaves JSON alone.
  const run = (url: string, ...more: readonly string[]) => {
    const input = ['--cli-input-json', JSON.stringify({ Audience: [AUDIENCE] })];
    const command = ['aws', 'sts', 'get-web-identity-token', ...input, '--output', 'json', ...more];
    return runClient(command, { env: settings(url) });
  };

  it.each(['RS256', 'ES384'])('gets a %s token that openid-client and jose verify', async (algorithm) => {
    const more = ['--duration-seconds', '120', '--tags', 'Key=job,Value=7'];
    const { code, stdout, stderr } = await run(issuer.url, '--signing-algorithm', algorithm, ...more);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { WebIdentityToken, Expiration } = answer.parse(JSON.parse(stdout));
    const { payload, protectedHeader } = await verified(WebIdentityToken, AUDIENCE);
    expect(protectedHeader.alg).toBe(algorithm);
    expect(payload.sub).toBe(`arn:aws:iam::${ACCOUNT}:user/ci`);
    expect(Date.parse(Expiration) / 1000).toBe(payload.exp);
    expect(payload['https://sts.amazonaws.com/']).toMatchObject({ request_tags: { job: '7' } });
  });

  it('shows the refusal of a bridge where it is not enabled', async () => {
    const other = await startBridgeProcess({ config: here({ outboundWebIdentityFederation: false }), env });
    try {
      const { code, stderr } = await run(other.url, '--signing-algorithm', 'RS256');
      expect(code).toBeGreaterThan(0);
      expect(stderr).toContain('(OutboundWebIdentityFederationDisabledException)');
    } finally {
      await other.stop();
    }
  });
});

const GET = `
import boto3, botocore, json, sys
sts = boto3.client('sts')
arguments = json.loads(sys.argv[1])
try:
    answer = sts.get_web_identity_token(**arguments)
    answer['Expiration'] = answer['Expiration'].isoformat()
    print(json.dumps(answer))
except botocore.exceptions.ClientError as error:
    print(json.dumps({'class': type(error).__name__, **error.response}))
`;
const python = findPython();

function findPython(): string | undefined {
  const tests = 'the tests of get_web_identity_token by boto3 are';
  const found = requireProgram('python3', tests);
  const known = "import boto3; boto3.client('sts', region_name='us-east-1').get_web_identity_token";
  if (found === undefined || spawnSync(found, ['-c', known]).status === 0) return found;
  announceMissing('python3 has no boto3 that knows get_web_identity_token', tests);
  return undefined;
}

describe.skipIf(python === undefined)('boto3', () => {
  const run = async (given: object): Promise<unknown> => {
    const text = JSON.stringify({ Audience: [AUDIENCE], SigningAlgorithm: 'ES384', ...given });
    const { stdout, stderr } = await runClient([python ?? '', '-c', GET, text], {
      env: settings(issuer.url),
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };

  it('gets a token for several audiences', async () => {
    const { WebIdentityToken } = answer.parse(await run({ Audience: ['one', AUDIENCE] }));
    expect((await verified(WebIdentityToken, 'one')).payload.aud).toEqual(['one', AUDIENCE]);
  });

  it('knows the exception for too many claims', async () => {
    expect(
      await run({ Audience: Array.from({ length: 10 }, (_, at) => `${at}`.repeat(1000)) }),
    ).toMatchObject({
      class: 'JWTPayloadSizeExceededException',
      ResponseMetadata: { HTTPStatusCode: 400, RetryAttempts: 0 },
    });
  });
});

describe('the AWS SDK for JavaScript', () => {
  const client = (url: string, credentials = KEYS) =>
    new STSClient({ region: 'us-east-1', endpoint: url, credentials });
  const get = (more: { readonly DurationSeconds?: number; readonly Audience?: string[] } = {}) =>
    new GetWebIdentityTokenCommand({ Audience: [AUDIENCE], SigningAlgorithm: 'ES384', ...more });
  /** A session of the role, as its keys. */
  const assume = async (role: string) => {
    const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${role}`;
    const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'job', DurationSeconds: 900 });
    const { Credentials } = await client(issuer.url).send(command);
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
  };
  const tokenOf = async (role: string, more: Parameters<typeof get>[0] = {}) =>
    (await client(issuer.url, await assume(role)).send(get(more))).WebIdentityToken ?? '';
  /** What the other bridge says to a token: who one is there, or the code of its refusal. */
  const enter = async (token: string) => {
    const body = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: `arn:aws:iam::${THERE}:role/guest`,
      RoleSessionName: 'guest',
      WebIdentityToken: token,
    });
    const text = await (await fetch(relying.url, { method: 'POST', body })).text();
    const [, found = text] = /<(?:Arn|Code)>([^<]*)</.exec(text) ?? [];
    return found;
  };

  it('gets a token and the moment of its end', async () => {
    const { WebIdentityToken = '', Expiration } = await client(issuer.url).send(get());
    expect(Expiration?.getTime()).toBe((decodeJwt(WebIdentityToken).exp ?? 0) * 1000);
  });

  it('knows the exception for a life beyond the session', async () => {
    const sent = client(issuer.url, await assume('deploy')).send(get({ DurationSeconds: 3600 }));
    await expect(sent).rejects.toBeInstanceOf(SessionDurationEscalationException);
  });

  it('knows the exception of an account where it is not enabled', async () => {
    const other = await startBridgeProcess({ config: here({ outboundWebIdentityFederation: false }), env });
    try {
      const sent = client(other.url).send(get());
      await expect(sent).rejects.toBeInstanceOf(OutboundWebIdentityFederationDisabledException);
    } finally {
      await other.stop();
    }
  });

  it('opens a role of another bridge with a token of this one, which it finds by discovery', async () => {
    expect(await enter(await tokenOf('deploy'))).toBe(`arn:aws:sts::${THERE}:assumed-role/guest/guest`);
  });

  it('is refused there as another role, for another audience, and with a token that was changed', async () => {
    expect(await enter(await tokenOf('other'))).toBe('AccessDenied');
    expect(await enter(await tokenOf('deploy', { Audience: ['https://elsewhere.example'] }))).toBe(
      'InvalidIdentityToken',
    );
    const [header = '', payload = '', signature = ''] = (await tokenOf('other')).split('.');
    const forged = Buffer.from(payload, 'base64url').toString().replaceAll('role/other', 'role/deploy');
    const changed = [header, Buffer.from(forged).toString('base64url'), signature].join('.');
    expect(await enter(changed)).toBe('InvalidIdentityToken');
  });
});
