import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { formOf } from '../test/support/saml-browser.ts';
import { load } from './load.ts';
import { median, type Report } from './report.ts';
import { cpuMicroseconds, startServer, type ServerProcess } from './server-process.ts';
import { startRolebridge } from './throughput.ts';

const ACCOUNT = '123456789012';
const ROLE = `/roles/${encodeURIComponent(`arn:aws:iam::${ACCOUNT}:role/admin`)}`;
const CLIENT = { id: 'client-1', secret: 'secret-of-client-1' };
const STEP_MS = 30_000;
const CONNECTIONS = 8;

export type SignInPace = {
  readonly folder: string;
  readonly rounds: number;
  readonly roundSeconds: number;
  readonly warmSeconds: number;
  /** How many people sign in in each round. */
  readonly people: number;
};

/**
 * A whole sign-in: from the link to a role through the provider and the code of an app to credentials; and the page that
 * everybody comes by. The provider is a process of its own.
 */
export async function measureSignIn(pace: SignInPace, report: Report): Promise<void> {
  const count = pace.people * (pace.rounds + 1);
  const idp = await startServer(process.execPath, [
    join(import.meta.dirname, 'oidc-provider.ts'),
    String(count),
  ]);
  const configPath = writeConfiguration(join(pace.folder, 'sign-in'), `${idp.url}/generic`);
  const bridge = await startRolebridge(configPath, { SIGN_IN_SECRET: CLIENT.secret });
  try {
    report.section('A sign-in by OpenID Connect and TOTP, from a link to a role to its credentials, SQLite');
    await measureJourneys(bridge, pace, report);
    report.section('GET /signin, one process');
    await measurePage(bridge, pace, report);
  } finally {
    await bridge.stop();
    await idp.stop();
  }
}

async function measureJourneys(bridge: ServerProcess, pace: SignInPace, report: Report): Promise<void> {
  const rounds: Round[] = [];
  for (let round = 0; round <= pace.rounds; round += 1) {
    const people = Array.from({ length: pace.people }, (_, index) => `person-${round * pace.people + index}`);
    const secrets: (readonly [string, string])[] = [];
    for (const person of people) secrets.push([person, await enrol(bridge, person)]);
    const result = await run(bridge, secrets);
    // The first round warms up.
    if (round > 0) rounds.push(result);
  }
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const [floor, whole] = [of(({ page }) => page), of(({ cpu }) => cpu)];
  report.figure({
    name: 'one after the other',
    measured: `${of(({ ms }) => ms).toFixed(1)} ms with the provider's, ${of(({ requests }) => requests).toFixed(0)} requests`,
  });
  report.figure({
    name: "the bridge's processor time",
    measured: `${(whole / 1000).toFixed(1)} ms, ${(whole / floor).toFixed(1)} × that of a /signin page`,
  });
}

/** What one sign-in took, on the average of a round: milliseconds; requests to the bridge; microseconds of its processor. */
type Round = {
  readonly ms: number;
  readonly requests: number;
  readonly cpu: number;
  /** Microseconds of processor time for a page in the same round, to compare with. */
  readonly page: number;
};

async function run(bridge: ServerProcess, people: readonly (readonly [string, string])[]): Promise<Round> {
  const before = cpuMicroseconds(bridge.pid);
  const start = performance.now();
  let requests = 0;
  for (const [person, secret] of people) requests += await signIn(bridge, person, secret);
  const ms = (performance.now() - start) / people.length;
  const cpu = (cpuMicroseconds(bridge.pid) - before) / people.length;
  const afterwards = cpuMicroseconds(bridge.pid);
  const { answered } = await load({ url: bridge.url, requests: [PAGE], seconds: 0.5, connections: 1 });
  const page = (cpuMicroseconds(bridge.pid) - afterwards) / answered;
  return { ms, requests: requests / people.length, cpu, page };
}

/** Goes all the way; the number of requests to the bridge. */
async function signIn(bridge: ServerProcess, person: string, secret: string): Promise<number> {
  const visit = createVisit(bridge.url);
  const asked = await comeForRole(visit, person);
  const challenge = await visit.get(asked);
  const opened = await visit.submit(challenge, { code: codeOf(secret, STEP_MS) });
  const role = await visit.get(opened.location);
  const credentials = await visit.submit(role, { duration: '3600' });
  if (!credentials.html.includes('AWS_SESSION_TOKEN')) throw new Error(`no credentials: ${credentials.html}`);
  return visit.requests();
}

/** Adds an app; its key. */
async function enrol(bridge: ServerProcess, person: string): Promise<string> {
  const visit = createVisit(bridge.url);
  await comeForRole(visit, person);
  const page = await visit.get('/mfa/add/totp');
  const [, secret = ''] = /data-copy-text="([A-Z2-7]+)"/.exec(page.html) ?? [];
  const { html } = await visit.submit(page, { code: codeOf(secret, 0), name: 'App' });
  if (!html.includes('recovery-codes/saved')) throw new Error(`not enrolled: ${html}`);
  return secret;
}

/** From the role's page through the provider to where the second factor is asked for. */
async function comeForRole(visit: Visit, person: string): Promise<string> {
  const start = await visit.get(ROLE);
  const choice = await visit.get(start.location);
  const { location: provider } = choice.location === '' ? await visit.get('/signin/idp') : choice;
  const there = provider.startsWith('/') ? (await visit.get(provider)).location : provider;
  const answer = await fetch(there, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ login: person }),
  });
  const { pathname, search } = new URL(answer.headers.get('location') ?? '');
  await visit.get(pathname + search);
  const asked = await visit.submit(await visit.get(ROLE), { duration: '3600' });
  return asked.location;
}

type Shown = { readonly html: string; readonly location: string };

type Visit = {
  readonly get: (path: string) => Promise<Shown>;
  /** Posts the form of a page that carries what is typed in, with these fields. */
  readonly submit: (page: Shown, fields: Readonly<Record<string, string>>) => Promise<Shown>;
  readonly requests: () => number;
};

let visits = 0;

/** A browser with cookies, at an address of its own: attempts are counted by address. */
function createVisit(url: string): Visit {
  visits += 1;
  const address = `10.0.${visits >> 8}.${visits & 255}`;
  const cookies = new Map<string, string>();
  let requests = 0;
  const send = async (path: string, init: RequestInit = {}): Promise<Shown> => {
    requests += 1;
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, 'x-forwarded-for': address };
    const answer = await fetch(url + path, { ...init, redirect: 'manual', headers });
    for (const [name, value] of answer.headers.getSetCookie().map(nameAndValue)) cookies.set(name, value);
    const html = await answer.text();
    if (answer.status >= 400) throw new Error(`answered ${answer.status}: ${html}`);
    return { html, location: answer.headers.get('location') ?? '' };
  };
  return {
    get: (path) => send(path),
    submit: ({ html }, fields) => {
      const form = formOf(html);
      const body = new URLSearchParams({ ...form.fields, ...fields });
      return send(form.action, { method: 'POST', body });
    },
    requests: () => requests,
  };
}

function nameAndValue(cookie: string): readonly [string, string] {
  const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(cookie) ?? [];
  return [name, value];
}

function codeOf(secret: string, aheadMs: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + aheadMs });
}

const PAGE = Buffer.from('GET /signin?choose=yes HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n');

async function measurePage(
  { url, pid }: ServerProcess,
  { rounds, roundSeconds, warmSeconds }: SignInPace,
  report: Report,
): Promise<void> {
  const pages = (seconds: number) => load({ url, requests: [PAGE], seconds, connections: CONNECTIONS });
  await pages(warmSeconds);
  const speeds: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = cpuMicroseconds(pid);
    const { answered, seconds } = await pages(roundSeconds);
    speeds.push(answered / seconds);
    costs.push((cpuMicroseconds(pid) - before) / answered);
  }
  const measured = `${median(speeds).toFixed(0)}/s, ${median(costs).toFixed(0)} µs of processor time each`;
  report.figure({ name: 'bridge', measured });
}

function writeConfiguration(folder: string, issuer: string): string {
  mkdirSync(folder, { recursive: true });
  const key = issuer.replace('http://', '');
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${key}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { [`${key}:aud`]: CLIENT.id },
      Bool: { 'aws:MultiFactorAuthPresent': 'true' },
    },
  };
  const provider = {
    name: 'idp',
    account: ACCOUNT,
    issuer,
    audiences: [CLIENT.id],
    signIn: { displayName: 'Example', clientId: CLIENT.id, clientSecret: { env: 'SIGN_IN_SECRET' } },
  };
  const config = {
    publicUrl: 'http://127.0.0.1:8080',
    listen: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'] },
    management: { host: '127.0.0.1', port: 0 },
    logLevel: 'silent',
    outbound: { http: 'allow', privateAddresses: 'allow' },
    store: { sqlite: { path: join(folder, 'state.db') } },
    masterKey: { file: join(folder, 'master.key') },
    accounts: [{ id: ACCOUNT }],
    oidcProviders: [provider],
    roles: [
      {
        name: 'admin',
        account: ACCOUNT,
        trustPolicy: { Version: '2012-10-17', Statement: [statement] },
      },
    ],
  };
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(config));
  return path;
}
