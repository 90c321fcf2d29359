import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { startApplicationServer } from '../test/support/application-server.ts';
import { passPages } from '../test/support/code-flow.ts';
import { createFormBrowser } from '../test/support/form-browser.ts';
import { freePort } from '../test/support/free-port.ts';
import { startOidcIdp, type OidcIdp } from '../test/support/oidc-idp.ts';
import {
  APPLICATION_ENV,
  CLIENT,
  SCOPE,
  SERVICES,
  tokenRequest,
  writeApplicationConfiguration,
} from './application-scenario.ts';
import { compare, CONNECTIONS, printContest, type ContestPace, type Entrant } from './contest.ts';
import type { TokenIssuer } from './github-tokens.ts';
import type { Report } from './report.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { startRolebridge } from './throughput.ts';

const TARGET = 0.9;

export type GrantsInput = {
  readonly folder: string;
  readonly redisUrl: string;
  readonly issuer: TokenIssuer;
  readonly pace: ContestPace;
};

/** What oidc-provider does itself, against the library alone with its storage in memory; and what is kept for it in Redis. */
export async function measureGrants(input: GrantsInput, report: Report): Promise<void> {
  const { folder, redisUrl: url, issuer, pace } = input;
  const people = Array.from({ length: CONNECTIONS }, (_, index) => ({
    sub: `person-${index}`,
    name: `Person ${index}`,
    email: `person-${index}@acme.example`,
  }));
  const idp = await startOidcIdp({ people, clientSecret: APPLICATION_ENV.SIGN_IN_SECRET });
  const shop = await startApplicationServer();
  const redirectUri = `${shop.url}/callback`;
  const publicUrl = `http://127.0.0.1:${await freePort()}`;
  const scenario = { issuer, store: { redis: { url } }, publicUrl, signIn: idp, redirectUri };
  const bridge = await startRolebridge(writeApplicationConfiguration(folder, scenario), APPLICATION_ENV);
  const plain = await startServer(process.execPath, [join(import.meta.dirname, 'plain-provider.ts')]);
  try {
    const servers = { bridge, plain };
    report.section('client_credentials, JWT by RS256, Redis, one process');
    const credentials = tokenRequest({
      grant_type: 'client_credentials',
      resource: SERVICES.RS256,
      scope: SCOPE,
    });
    const results = await compare(entrants(servers, [[credentials], [credentials]]), pace);
    printContest(results, { name: 'client_credentials, of oidc-provider in memory', target: TARGET }, report);
    report.section('refresh_token: access and ID token by RS256, next refresh token, Redis, one process');
    const chains = [];
    for (const { sub } of people) chains.push(await signIn({ publicUrl, redirectUri, idp }, sub));
    const others = z.array(z.string()).parse(await (await fetch(`${plain.url}/chains`)).json());
    const lists = [chains.map(refreshRequest), others.map(refreshRequest)] as const;
    const refreshed = await compare(entrants(servers, lists, follow), pace);
    printContest(refreshed, { name: 'refresh_token, of oidc-provider in memory', target: TARGET }, report);
    await measureRecords(url, report);
  } finally {
    await Promise.all([bridge.stop(), plain.stop(), idp.stop(), shop.stop()]);
  }
}

function entrants(
  { bridge, plain }: { readonly bridge: ServerProcess; readonly plain: ServerProcess },
  [ours, theirs]: readonly [readonly Buffer[], readonly Buffer[]],
  next?: Entrant['follow'],
): readonly [Entrant, Entrant] {
  const following = next && { follow: next };
  return [
    { name: 'bridge', server: bridge, requests: ours, ...following },
    { name: 'oidc-provider', server: plain, requests: theirs, ...following },
  ];
}

function refreshRequest(refresh_token: string): Buffer {
  return tokenRequest({ grant_type: 'refresh_token', refresh_token });
}

function follow(answer: string): Buffer {
  const [, token] = /"refresh_token":"([\w-]+)"/.exec(answer) ?? [];
  if (token === undefined) throw new Error(`no refresh token: ${answer}`);
  return refreshRequest(token);
}

type Place = { readonly publicUrl: string; readonly redirectUri: string; readonly idp: OidcIdp };

/** The whole code flow; the refresh token. */
async function signIn({ publicUrl, redirectUri, idp }: Place, person: string): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    ...{ client_id: CLIENT.id, response_type: 'code', redirect_uri: redirectUri, state: 's', nonce: 'n' },
    ...{ scope: `openid ${SCOPE}`, resource: SERVICES.RS256, code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  const browser = createFormBrowser();
  const start = await browser.visit(`${publicUrl}/oidc/authorize?${query.toString()}`);
  const page = await passPages({ idp, publicUrl }, { browser, person }, start);
  const code = new URL(page.url).searchParams.get('code');
  if (code === null) throw new Error(`no code: ${page.url} ${page.html}`);
  const answer = await fetch(`${publicUrl}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  });
  return z.object({ refresh_token: z.string() }).parse(await answer.json()).refresh_token;
}

/** The kinds of records by the letters of their names. */
const KINDS = {
  r: 'a refresh token',
  g: 'a grant',
  s: 'what a session has granted',
  x: 'the origin of an exchanged token',
} as const;

/** Bytes of records as MEMORY USAGE counts them: name, value and expiry. */
async function measureRecords(url: string, report: Report): Promise<void> {
  const client = new Redis(url, { protocol: 2 });
  report.section('What the provider keeps in Redis, by MEMORY USAGE, mean of what this run left there');
  try {
    for (const [letter, name] of Object.entries(KINDS)) {
      const [, keys] = await client.scan('0', 'MATCH', `*}t:${letter}*`, 'COUNT', 1_000_000);
      const some = keys.slice(0, 500);
      if (some.length === 0) continue;
      let bytes = 0;
      for (const key of some) bytes += Number(await client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
      report.figure({ name, measured: `${(bytes / some.length).toFixed(0)} bytes` });
    }
  } finally {
    client.disconnect();
  }
}
