import { join } from 'node:path';
import { signRequest } from '../test/support/sign-request.ts';
import type { TokenIssuer } from './github-tokens.ts';
import { formPost } from './load.ts';
import { compare, printContest, type ContestPace, type Entrant } from './contest.ts';
import type { Report } from './report.ts';
import { ROLE_ARN, writeConfiguration } from './scenario.ts';
import { startServer, type ServerProcess } from './server-process.ts';

export type Pace = ContestPace & { readonly tokens: number; readonly sessions: number };

export type ThroughputInput = {
  readonly storeName: string;
  readonly store: object;
  readonly folder: string;
  readonly issuer: TokenIssuer;
  readonly pace: Pace;
};

const TARGET = 0.7;
const ROOT = join(import.meta.dirname, '..');

/** Starts `rolebridge serve` as an operator does. */
export function startRolebridge(
  configPath: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  return startServer(join(ROOT, 'bin/rolebridge'), ['serve', '--config', configPath], env);
}

/** The bridge against the floor on one store: both actions. */
export async function measureThroughput(input: ThroughputInput, report: Report): Promise<void> {
  const { storeName, store, folder, issuer, pace } = input;
  const configPath = writeConfiguration(folder, { issuer, store });
  const bridge = await startRolebridge(configPath);
  const tokenRequests = Array.from({ length: pace.tokens }, () => assumeRoleRequest(issuer.mint()));
  const identityRequests = await signedRequests(bridge.url, issuer, pace.sessions);
  try {
    const againstFloor = async (action: string, requests: readonly Buffer[], name: string): Promise<void> => {
      const floor = await startFloor(configPath, action);
      const entrants: readonly [Entrant, Entrant] = [
        { name: 'bridge', server: bridge, requests },
        { name: 'floor', server: floor, requests },
      ];
      const result = await compare(entrants, pace).finally(floor.stop);
      printContest(result, { name: `${name} on ${storeName}, of the floor`, target: TARGET }, report);
    };
    // First, while the store holds no sessions but those of the signed requests: their secrets are all the floor reads.
    report.section(`GetCallerIdentity, SigV4 in headers, ${storeName}, one process`);
    await againstFloor('caller-identity', identityRequests, 'GetCallerIdentity');
    report.section(`AssumeRoleWithWebIdentity, RS256, ${storeName}, one process`);
    await againstFloor('web-identity', tokenRequests, 'AssumeRoleWithWebIdentity');
  } finally {
    await bridge.stop();
  }
}

function startFloor(configPath: string, action: string): Promise<ServerProcess> {
  return startServer(process.execPath, [join(import.meta.dirname, 'floor.ts'), configPath, action]);
}

/** The request of `aws sts assume-role-with-web-identity`. */
export function assumeRoleRequest(token: string): Buffer {
  return formPost(assumeRoleForm(token));
}

export function assumeRoleForm(token: string): string {
  return new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: ROLE_ARN,
    RoleSessionName: 'gha-12345678901',
    WebIdentityToken: token,
  }).toString();
}

async function signedRequests(url: string, issuer: TokenIssuer, sessions: number): Promise<Buffer[]> {
  const requests: Buffer[] = [];
  for (let index = 0; index < sessions; index += 1) requests.push(await signedRequest(url, issuer.mint()));
  return requests;
}

/** Opens a session and signs a GetCallerIdentity with it, as botocore does. */
async function signedRequest(url: string, token: string): Promise<Buffer> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(assumeRoleForm(token)) });
  const xml = await response.text();
  const element = (name: string): string => new RegExp(`<${name}>([^<]*)<`).exec(xml)?.[1] ?? '';
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const { headers } = signRequest({
    method: 'POST',
    url,
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    credentials: {
      accessKeyId: element('AccessKeyId'),
      secretAccessKey: element('SecretAccessKey'),
      sessionToken: element('SessionToken'),
    },
    at: new Date(),
  });
  return formPost(body, headers);
}
