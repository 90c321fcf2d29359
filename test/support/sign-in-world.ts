import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { startOidcIdp, type OidcIdp, type OidcIdpOptions } from './oidc-idp.ts';
import { createTestIdp, metadataXml, type TestIdp } from './saml/identity-provider.ts';
import type { Browser } from './saml-browser.ts';
import { startWorldBridge, type WorldBridge } from './world-bridge.ts';

const ACCOUNT = '111122223333';

/** A bridge where people sign in: with OpenID Connect at `idp` (acme.example), and with SAML at `corp` (corp.acme.example). */
export type SignInWorld = {
  readonly world: WorldBridge;
  readonly idp: OidcIdp;
  readonly samlIdp: TestIdp;
  /** `arn:aws:iam::…:oidc-provider/…` of `idp`. */
  readonly providerArn: string;
  readonly oidcProvider: object;
  readonly samlProvider: object;
  /** The events of this name so far, the oldest first. */
  readonly events: (eventName: string) => Promise<readonly string[]>;
  /** The bridge's own store, opened beside it. */
  readonly openStore: () => Store;
  readonly stop: () => Promise<void>;
};

export async function startSignInWorld({
  idp: idpOptions = {},
  extra = {},
}: { readonly idp?: OidcIdpOptions; readonly extra?: object } = {}): Promise<SignInWorld> {
  const idp = await startOidcIdp({ signInAs: 'alice-1', ...idpOptions });
  const samlIdp = createTestIdp('https://idp.example.com/saml');
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-sign-in-'));
  const metadata = join(folder, 'corp.xml');
  writeFileSync(metadata, metadataXml(samlIdp));
  writeFileSync(join(folder, 'secret'), idp.clientSecret);
  const providerArn = `arn:aws:iam::${ACCOUNT}:oidc-provider/${idp.issuer.replace(/^http:\/\//, '')}`;
  const oidcProvider = {
    name: 'idp',
    account: ACCOUNT,
    issuer: idp.issuer,
    audiences: [idp.clientId],
    signIn: {
      displayName: 'Example ID',
      preset: 'generic',
      clientId: idp.clientId,
      clientSecret: { file: join(folder, 'secret') },
      domains: ['acme.example'],
      mfa: 'never',
    },
  };
  const samlProvider = {
    name: 'corp',
    account: ACCOUNT,
    metadata: { file: metadata },
    signIn: { displayName: 'Acme Corp', domains: ['corp.acme.example'], mfa: 'never' },
  };
  const world = await startWorldBridge({
    outbound: { http: 'allow', privateAddresses: 'allow', timeout: '2s' },
    oidcProviders: [oidcProvider],
    samlProviders: [samlProvider],
    roles: [role(providerArn, idp.clientId)],
    ...extra,
  });
  return {
    world,
    idp,
    samlIdp,
    providerArn,
    oidcProvider,
    samlProvider,
    events: async (eventName) =>
      (await world.auditLines()).filter((line) => line.includes(`"eventName":"${eventName}"`)),
    openStore: () => createSqliteStore({ path: join(dirname(world.configPath), 'state.db'), now: Date.now }),
    stop: async () => {
      await world.stop();
      await idp.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function role(providerArn: string, clientId: string): object {
  const key = providerArn.slice(providerArn.indexOf('/') + 1);
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: providerArn },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${key}:aud`]: clientId, [`${key}:sub`]: 'alice-1' } },
  };
  return {
    name: 'reader',
    account: ACCOUNT,
    trustPolicy: { Version: '2012-10-17', Statement: [statement] },
  };
}

/** Begins a sign-in; the address at the provider where it leads. */
export async function beginOidc(browser: Browser, query = '', name = 'idp'): Promise<string> {
  const answer = await browser.get(`/signin/${name}${query}`);
  const location = answer.headers.get('location');
  if (answer.status !== 303 || location === null) throw new Error(await answer.text());
  return location;
}

/** What the person does at the provider, who signs them in at once; the path with which the browser comes back. */
export async function authenticate(authorizeUrl: string): Promise<string> {
  const answer = await fetch(authorizeUrl, { redirect: 'manual' });
  const location = answer.headers.get('location');
  if (location === null) throw new Error(await answer.text());
  const { pathname, search } = new URL(location);
  return pathname + search;
}

/** Signs in whole; the answer of the callback. */
export async function signInWithOidc(browser: Browser, query = ''): Promise<Response> {
  return browser.get(await authenticate(await beginOidc(browser, query)));
}
