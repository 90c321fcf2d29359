import { join } from 'node:path';
import { signRequest } from '../test/support/sign-request.ts';
import type { TokenIssuer } from './github-tokens.ts';
import { formPost, load } from './load.ts';
import { median, short, type Report } from './report.ts';
import { ROLE_ARN, writeConfiguration } from './scenario.ts';
import { cpuMicroseconds, startServer, type ServerProcess } from './server-process.ts';

export type Pace = {
  readonly rounds: number;
  readonly roundSeconds: number;
  /** A service runs for days: what counts is the speed after the compiler is done, some 10,000 requests later. */
  readonly warmSeconds: number;
  readonly tokens: number;
  readonly sessions: number;
};

export type ThroughputInput = {
  readonly storeName: string;
  readonly store: object;
  readonly folder: string;
  readonly issuer: TokenIssuer;
  readonly pace: Pace;
};

const CONNECTIONS = 16;
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
    // First, while the store holds no sessions but those of the signed requests: their secrets are all the floor reads.
    const identity = {
      bridge,
      configPath,
      pace,
      requests: identityRequests,
      action: 'caller-identity',
    } as const;
    report.section(`GetCallerIdentity, SigV4 in headers, ${storeName}, one process`);
    print(await compare(identity), report, `GetCallerIdentity on ${storeName}, of the floor`);
    const webIdentity = { ...identity, requests: tokenRequests, action: 'web-identity' } as const;
    report.section(`AssumeRoleWithWebIdentity, RS256, ${storeName}, one process`);
    print(await compare(webIdentity), report, `AssumeRoleWithWebIdentity on ${storeName}, of the floor`);
  } finally {
    await bridge.stop();
  }
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

type Contest = {
  readonly bridge: ServerProcess;
  readonly configPath: string;
  readonly requests: readonly Buffer[];
  readonly action: 'web-identity' | 'caller-identity';
  readonly pace: Pace;
};

/** Requests a second, and the server's processor time for each. */
type Speed = { readonly perSecond: number; readonly cpu: number };

type Comparison = { readonly bridge: readonly Speed[]; readonly floor: readonly Speed[] };

async function compare({ bridge, configPath, requests, action, pace }: Contest): Promise<Comparison> {
  const floor = await startServer(process.execPath, [
    join(import.meta.dirname, 'floor.ts'),
    configPath,
    action,
  ]);
  const results = { bridge: new Array<Speed>(), floor: new Array<Speed>() };
  try {
    for (const server of [bridge, floor]) await run(server, requests, pace.warmSeconds);
    for (let round = 0; round < pace.rounds; round += 1) {
      // Who comes second finds a warmer machine: they take turns.
      const order = round % 2 === 0 ? (['bridge', 'floor'] as const) : (['floor', 'bridge'] as const);
      for (const name of order) {
        const server = name === 'bridge' ? bridge : floor;
        results[name].push(await run(server, requests, pace.roundSeconds));
      }
    }
  } finally {
    await floor.stop();
  }
  return results;
}

async function run(
  { url, pid }: ServerProcess,
  requests: readonly Buffer[],
  seconds: number,
): Promise<Speed> {
  const before = cpuMicroseconds(pid);
  const result = await load({ url, requests, seconds, connections: CONNECTIONS });
  const { answered } = result;
  return { perSecond: answered / result.seconds, cpu: (cpuMicroseconds(pid) - before) / answered };
}

function print({ bridge, floor }: Comparison, report: Report, name: string): void {
  const rate = (speeds: readonly Speed[]): number => median(speeds.map(({ perSecond }) => perSecond));
  const cpu = (speeds: readonly Speed[]): number => median(speeds.map((speed) => speed.cpu));
  // Of the rounds' ratios, not of the rates: what disturbs the machine for a while disturbs both of a round.
  const ratios = bridge.map(({ perSecond }, round) => perSecond / (floor[round]?.perSecond ?? NaN));
  const ratio = median(ratios);
  const spread = `${short(Math.min(...ratios))}–${short(Math.max(...ratios))}`;
  report.figure({
    name,
    target: `≥ ${TARGET}`,
    measured: `${short(ratio)} (${spread})`,
    met: ratio >= TARGET,
  });
  for (const [who, speeds] of [
    ['bridge', bridge],
    ['floor', floor],
  ] as const) {
    const measured = `${rate(speeds).toFixed(0)}/s, ${cpu(speeds).toFixed(0)} µs of processor time each`;
    report.figure({ name: `  ${who}`, measured });
  }
}
