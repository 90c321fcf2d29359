import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { startBridge, type Bridge } from '../../src/app.ts';
import { applicationConfig, applicationEnv, MAIN_BRANCH, PLATFORM } from './application-config.ts';
import { startApplicationServer, type ApplicationServer } from './application-server.ts';
import { createFormBrowser, type FormBrowser } from './form-browser.ts';
import { freePort } from './free-port.ts';
import { startOidcIdp, type OidcIdp } from './oidc-idp.ts';
import type { OidcIdpPerson } from './oidc-idp-presets.ts';

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace', 'Heidi', 'Ivan', 'Judy'] as const;

/** `alice-1`, `bob-1`, and so on: enough for each test to have somebody of its own. */
const PEOPLE: readonly OidcIdpPerson[] = NAMES.map((name) => ({
  sub: `${name.toLowerCase()}-1`,
  name: `${name} Example`,
  email: `${name.toLowerCase()}@acme.example`,
}));

/** One process of the bridge, so to speak: all are in this one. */
type ApplicationNode = {
  /** Where it listens. */
  readonly url: string;
  readonly bridge: Bridge;
  readonly configPath: string;
};

/** The whole bridge on sockets, applications that use it, and where their people sign in. */
export type ApplicationSite = {
  /** The issuer. With one node, where it listens. */
  readonly publicUrl: string;
  readonly nodes: readonly ApplicationNode[];
  readonly idp: OidcIdp;
  readonly server: ApplicationServer;
  /** The key of the application `keys`, and its `kid`. */
  readonly clientKey: { readonly key: CryptoKey; readonly kid: string };
  /** A token of the platform for a workload; other claims replace those of the main branch. */
  readonly platformToken: (claims?: Readonly<Record<string, unknown>>) => Promise<string>;
  /** Somebody's browser; the load balancer asks before each request to which node it goes. */
  readonly browser: (node?: () => number) => FormBrowser;
  /** The events of the audit stream so far. */
  readonly auditLines: () => Promise<readonly string[]>;
  /** Changes members of the configuration of all nodes. */
  readonly reconfigure: (change: object) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type ApplicationSiteOptions = {
  /** How many nodes; more than one need `extra.store` to be one that they share. */
  readonly nodes?: 1 | 2;
  /** Members of the configuration that replace those of {@link applicationConfig}. */
  readonly extra?: object;
};

export async function startApplicationSite({
  nodes: count = 1,
  extra = {},
}: ApplicationSiteOptions = {}): Promise<ApplicationSite> {
  const server = await startApplicationServer();
  const idp = await startOidcIdp({ preset: 'google', people: PEOPLE });
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-applications-'));
  const { platformKey, clientKey } = await writeKeys(folder);
  const ports = [await freePort(), ...(count === 2 ? [await freePort()] : [])];
  const publicUrl = `http://127.0.0.1:${ports[0] ?? 0}`;
  const base = {
    ...applicationConfig({ server: server.url, idp, publicUrl }),
    masterKey: { file: join(folder, 'master.key') },
    store: { sqlite: { path: join(folder, 'state.db') } },
    ...extra,
  };
  const auditPath = join(folder, 'audit.log');
  const configOf = (port: number): string => join(folder, `node-${port}.json`);
  const write = (change: object): void => {
    for (const port of ports) {
      const listen = { listen: { host: '127.0.0.1', port }, management: { host: '127.0.0.1', port: 0 } };
      writeFileSync(configOf(port), JSON.stringify({ ...base, ...listen, ...change }));
    }
  };
  write({});
  const nodes: ApplicationNode[] = [];
  for (const port of ports) {
    const env = applicationEnv(idp.clientSecret);
    const configPath = configOf(port);
    // Each closes its own.
    const auditFd = openSync(auditPath, 'a');
    const bridge = await startBridge({ configPath, env, version: 'test', auditFd });
    nodes.push({ url: bridge.addresses.public, bridge, configPath });
  }
  return {
    publicUrl,
    nodes,
    idp,
    server,
    clientKey,
    platformToken: (claims) => signPlatformToken(platformKey, claims),
    browser: (node = () => 0) =>
      createFormBrowser({ route: (url) => url.replace(publicUrl, nodes[node()]?.url ?? '') }),
    auditLines: async () => {
      // The stream is flushed a few times a second.
      await sleep(400);
      return readFileSync(auditPath, 'utf8').trim().split('\n');
    },
    reconfigure: async (change) => {
      write(change);
      for (const { bridge } of nodes) await bridge.reload();
    },
    stop: async () => {
      await Promise.all(nodes.map(({ bridge }) => bridge.close()));
      await Promise.all([idp.stop(), server.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function writeKeys(
  folder: string,
): Promise<{ readonly platformKey: CryptoKey; readonly clientKey: ApplicationSite['clientKey'] }> {
  const platform = await generateKeyPair('RS256');
  const client = await generateKeyPair('ES256');
  const writeKey = async (file: string, key: CryptoKey, about: object): Promise<void> => {
    writeFileSync(join(folder, file), JSON.stringify({ keys: [{ ...(await exportJWK(key)), ...about }] }));
  };
  await writeKey('platform.json', platform.publicKey, { kid: 'p1', alg: 'RS256', use: 'sig' });
  await writeKey('keys.json', client.publicKey, { kid: 'c1', alg: 'ES256', use: 'sig' });
  return { platformKey: platform.privateKey, clientKey: { key: client.privateKey, kid: 'c1' } };
}

function signPlatformToken(key: CryptoKey, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: PLATFORM.issuer,
    aud: PLATFORM.audience,
    sub: MAIN_BRANCH,
    repository: 'acme/app',
    iat: now,
    exp: now + 600,
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'p1', typ: 'JWT' })
    .sign(key);
}
