import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { z } from 'zod';
import { startBridge, type Bridge } from '../../src/app.ts';
import { createTestIdp, metadataXml, type TestIdp } from './saml/identity-provider.ts';
import { signRequest, type SignedRequestParts, type SigningCredentials } from './sign-request.ts';
import { worldAccessKeys, worldConfig, worldEnv, worldSamlIssuer } from './world.ts';

/** The bridge on the world of the STS cases, in this process, with the keys of its issuer at hand. */
export type WorldBridge = {
  readonly url: string;
  readonly bridge: Bridge;
  readonly configPath: string;
  readonly masterKeyFile: string;
  readonly keys: WorldKeys;
  /** The identity provider behind the SAML provider corp. */
  readonly samlIdp: TestIdp;
  /** Its metadata, beside the configuration: `corp.xml`. */
  readonly samlMetadataFile: string;
  /** Writes the configuration file anew, with these changes to the one it started with, and reloads it. */
  readonly reconfigure: (change: WorldChange) => Promise<void>;
  /** The events of the audit stream so far. */
  readonly auditLines: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
};

const configuration = z.looseObject({ roles: z.array(z.looseObject({ name: z.string() })) });
type Roles = z.infer<typeof configuration>['roles'];

type WorldChange = { readonly roles?: (roles: Roles) => readonly object[]; readonly extra?: object };

type WorldKeys = {
  readonly rsa: CryptoKey;
  readonly ec: CryptoKey;
  /** A key that the issuer does not publish. */
  readonly foreign: CryptoKey;
  readonly publicRsaPem: string;
};

export async function startWorldBridge(extra: object = {}): Promise<WorldBridge> {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-world-'));
  const { keys, jwks } = await createKeys();
  const jwksFile = join(folder, 'jwks.json');
  writeFileSync(jwksFile, JSON.stringify({ keys: jwks }));
  const samlIdp = createTestIdp(worldSamlIssuer);
  const samlMetadataFile = join(folder, 'corp.xml');
  writeFileSync(samlMetadataFile, metadataXml(samlIdp));
  const configPath = join(folder, 'world.json');
  const place = {
    jwksFile,
    samlMetadataFile,
    storePath: join(folder, 'state.db'),
    masterKeyFile: join(folder, 'master.key'),
    port: 0,
    managementPort: 0,
  };
  const config = {
    ...configuration.parse(JSON.parse(worldConfig(place))),
    publicUrl: 'http://127.0.0.1:8080',
    logLevel: 'silent',
    ...extra,
  };
  writeFileSync(configPath, JSON.stringify(config));
  const auditPath = join(folder, 'audit.log');
  const auditFd = openSync(auditPath, 'a');
  const bridge = await startBridge({ configPath, env: worldEnv, version: 'test', auditFd });
  return {
    url: bridge.addresses.public,
    bridge,
    configPath,
    masterKeyFile: place.masterKeyFile,
    keys,
    samlIdp,
    samlMetadataFile,
    reconfigure: async ({ roles = (same) => same, extra: changed = {} }) => {
      writeFileSync(configPath, JSON.stringify({ ...config, roles: roles(config.roles), ...changed }));
      await bridge.reload();
    },
    auditLines: async () => {
      // The stream is flushed a few times a second.
      await new Promise((resolve) => setTimeout(resolve, 400));
      return readFileSync(auditPath, 'utf8').trim().split('\n');
    },
    stop: async () => {
      await bridge.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createKeys(): Promise<{ keys: WorldKeys; jwks: JWK[] }> {
  const rsa = await generateKeyPair('RS256', { extractable: true });
  const ec = await generateKeyPair('ES256', { extractable: true });
  const foreign = await generateKeyPair('RS256');
  const jwks = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'k2', alg: 'ES256', use: 'sig' },
  ];
  const der = Buffer.from(await crypto.subtle.exportKey('spki', rsa.publicKey)).toString('base64');
  const publicRsaPem = `-----BEGIN PUBLIC KEY-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END PUBLIC KEY-----\n`;
  return {
    keys: { rsa: rsa.privateKey, ec: ec.privateKey, foreign: foreign.privateKey, publicRsaPem },
    jwks,
  };
}

/** A good RS256 token of the world's issuer, changed by `claims`; a claim that is `undefined` is left out. */
export async function worldToken(
  { keys }: Pick<WorldBridge, 'keys'>,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all: Readonly<Record<string, unknown>> = {
    iss: 'https://idp.example.com',
    aud: 'client-1',
    sub: 'user-1',
    iat: now,
    exp: now + 600,
    ...claims,
  };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(present).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT' }).sign(keys.rsa);
}

export type StsAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Text of the first element of this name. */
  readonly text: (element: string) => string | undefined;
};

/** Sends what was signed (or not) exactly as it is. */
export async function send({ method, url, headers, body }: SignedRequestParts): Promise<StsAnswer> {
  const sent = Object.entries(headers).filter(([name]) => name !== 'host');
  const response = await fetch(url, {
    method,
    headers: sent,
    redirect: 'manual',
    ...(method === 'GET' ? {} : { body }),
  });
  const answer = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: answer,
    text: (element) => unescape(elementText(answer, element)),
  };
}

function elementText(body: string, element: string): string | undefined {
  const [, text]: readonly (string | undefined)[] =
    new RegExp(`<${element}>([^<]*)</${element}>`).exec(body) ?? [];
  return text;
}

function unescape(text: string | undefined): string | undefined {
  return text
    ?.replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

export const FORM_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';

/** Calls an action, signed where credentials are given. */
export async function callSts(
  { url }: Pick<WorldBridge, 'url'>,
  parameters: Readonly<Record<string, string>>,
  credentials?: SigningCredentials,
): Promise<StsAnswer> {
  const body = new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString();
  const request = { method: 'POST', url: `${url}/`, headers: { 'content-type': FORM_TYPE }, body };
  return send(credentials ? signRequest({ ...request, credentials, at: new Date() }) : request);
}

/** The long-term keys of a user of the world. */
export function userKeys(name: string): SigningCredentials {
  const key = worldAccessKeys[name];
  if (!key) throw new Error(`the world has no user ${name}`);
  return { accessKeyId: key.id, secretAccessKey: key.secret };
}

/** The credentials in an answer. */
export function credentialsIn(answer: StsAnswer): SigningCredentials & { readonly sessionToken: string } {
  const accessKeyId = answer.text('AccessKeyId');
  const secretAccessKey = answer.text('SecretAccessKey');
  const sessionToken = answer.text('SessionToken');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined)
    throw new Error(`no credentials in ${answer.body}`);
  return { accessKeyId, secretAccessKey, sessionToken };
}
