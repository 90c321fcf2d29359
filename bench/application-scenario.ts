import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIENCE, ISSUER, type TokenIssuer } from './github-tokens.ts';
import { formPost } from './load.ts';
import { ACCOUNT, githubStatement } from './scenario.ts';

/** Two services that differ in what their tokens are signed with; RS256 is the default. */
export const SERVICES = {
  RS256: 'https://orders.acme.example',
  ES256: 'https://reports.acme.example',
} as const;
export type ServiceAlgorithm = keyof typeof SERVICES;

export const CLIENT = { id: 'shop', secret: 'secret-of-shop-of-forty-characters-00000' } as const;
/** What the configuration refers to. */
export const APPLICATION_ENV = { SHOP_SECRET: CLIENT.secret, SIGN_IN_SECRET: 'secret-of-client-1' } as const;
export const SCOPE = 'orders:read';

export type ApplicationScenario = {
  readonly issuer: TokenIssuer;
  readonly store: object;
  readonly publicUrl: string;
  /** Where people sign in; absent: nobody does. */
  readonly signIn?: { readonly issuer: string; readonly clientId: string };
  readonly redirectUri?: string;
};

/** Writes a configuration with one application and two services that GitHub's jobs may have tokens of; its path. */
export function writeApplicationConfiguration(folder: string, scenario: ApplicationScenario): string {
  const { issuer, store, publicUrl, redirectUri } = scenario;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'jwks.json'), JSON.stringify(issuer.jwks));
  const { hostname, port } = new URL(publicUrl);
  const config = {
    publicUrl,
    listen: { host: hostname, port: Number(port) },
    management: { host: '127.0.0.1', port: 0 },
    logLevel: 'silent',
    outbound: { http: 'allow', privateAddresses: 'allow' },
    store,
    masterKey: { file: join(folder, 'master.key') },
    accounts: [{ id: ACCOUNT }],
    oidcProviders: [github(folder), ...signInProvider(scenario)],
    services: [service('orders', 'RS256'), service('reports', 'ES256')],
    applications: [
      {
        clientId: CLIENT.id,
        clientSecret: { env: 'SHOP_SECRET' },
        firstParty: true,
        grants: ['authorization_code', 'refresh_token', 'client_credentials', 'token_exchange'],
        redirectUris: [redirectUri ?? `${publicUrl}/callback`],
        audiences: Object.values(SERVICES),
      },
    ],
  };
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function github(folder: string): object {
  const jwks = { file: join(folder, 'jwks.json') };
  return { name: 'github', account: ACCOUNT, issuer: ISSUER, audiences: [AUDIENCE], jwks };
}

function signInProvider({ signIn }: ApplicationScenario): readonly object[] {
  if (signIn === undefined) return [];
  const { issuer, clientId } = signIn;
  const clientSecret = { env: 'SIGN_IN_SECRET' };
  const pages = { displayName: 'Example', clientId, clientSecret };
  return [{ name: 'idp', account: ACCOUNT, issuer, audiences: [clientId], signIn: pages }];
}

function service(name: string, algorithm: ServiceAlgorithm): object {
  const statement = { ...githubStatement(), Action: 'rolebridge:ExchangeToken' };
  return {
    ...{ name, account: ACCOUNT, audience: SERVICES[algorithm], algorithm, scopes: [SCOPE] },
    exchangePolicy: { Version: '2012-10-17', Statement: [statement] },
  };
}

/** A request to the token endpoint, as the application sends it. */
export function tokenRequest(form: Readonly<Record<string, string>>): Buffer {
  const authorization = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`;
  return formPost(new URLSearchParams(form).toString(), { authorization }, '/oidc/token');
}
