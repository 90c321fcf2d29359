import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { startBridgeProcess, type BridgeProcess } from '../support/bridge.ts';
import { clientEnvironment, requireProgram, runClient } from '../support/foreign-client.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const ISSUER = 'https://sts.acme.example';
const GITHUB = 'https://token.actions.githubusercontent.com';
/** Of a job's token. */
const LIFETIME_SECONDS = 300;
const SECRET = 'c3f1'.repeat(16);

const blocksOf = (page: string, info: string): readonly string[] =>
  [...readFileSync(join(DOCS, page), 'utf8').matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].flatMap(
    ([, found, text = '']) => (found === info ? [text] : []),
  );

const [PIPELINE_CONFIG = '', CREDENTIALS_CONFIG = ''] = blocksOf('token-exchange.md', 'yaml config');
const [PIPELINE_CALL = '', CREDENTIALS_SCRIPT = ''] = blocksOf('token-exchange.md', 'sh');
const SERVICE_CONFIG =
  blocksOf('applications.md', 'yaml config').find((text) => text.includes('nightly-report')) ?? '';
const SERVICE_CALL =
  blocksOf('applications.md', 'sh').find((text) => text.includes('client_credentials')) ?? '';

const configSchema = z.looseObject({ oidcProviders: z.array(z.looseObject({})).default([]) });
const answerSchema = z.looseObject({ access_token: z.string() });

let key: CryptoKey;
let keySet: string;
beforeAll(async () => {
  const pair = await generateKeyPair('RS256');
  key = pair.privateKey;
  keySet = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'g1', alg: 'RS256' }] });
});

/** The configuration of a page; GitHub's keys are those of the test. */
function configOf(text: string): string {
  const config = configSchema.parse(parse(text));
  const oidcProviders = config.oidcProviders.map((provider) => ({
    ...provider,
    jwks: { file: 'github.json' },
  }));
  return JSON.stringify({ accounts: [{ id: '123456789012' }], ...config, oidcProviders });
}

/** The token of a job on the main branch, as a file without a line break. */
async function tokenOfJob(repository = 'acme/app'): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const job = {
    iss: GITHUB,
    aud: ISSUER,
    sub: `repo:${repository}:ref:refs/heads/main`,
    repository,
    repository_owner: 'acme',
    ref: 'refs/heads/main',
    iat: nowSeconds,
    exp: nowSeconds + LIFETIME_SECONDS,
  };
  return new SignJWT(job).setProtectedHeader({ alg: 'RS256', kid: 'g1' }).sign(key);
}

/** Runs a page's lines in the bridge's folder, at the bridge's address. */
async function run(script: string, { url, folder }: BridgeProcess): Promise<Record<string, unknown>> {
  writeFileSync(join(folder, 'call.sh'), script.replaceAll(`${ISSUER}/oidc`, `${url}/oidc`));
  const env = clientEnvironment({}, folder);
  const { stdout, stderr } = await runClient(['sh', 'call.sh'], { env, cwd: folder });
  expect(stderr).toBe('');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
}

function start(config: string): Promise<BridgeProcess> {
  const env = { DEPLOYER_CLIENT_SECRET: SECRET };
  return startBridgeProcess({ config: configOf(config), env, files: { 'github.json': keySet } });
}

function verify(token: string, { url }: BridgeProcess) {
  const keys = createRemoteJWKSet(new URL('/oidc/jwks', url));
  return jwtVerify(token, keys, { issuer: url, audience: 'https://orders.acme.example', typ: 'at+jwt' });
}

describe.runIf(requireProgram('curl', 'the lines of the pages') !== undefined)('the pages’ own lines', () => {
  let bridge: BridgeProcess | undefined;
  afterAll(async () => {
    await bridge?.stop();
  });

  it('exchange the token of a pipeline for one of a service', { timeout: 60_000 }, async () => {
    bridge = await start(PIPELINE_CONFIG);
    writeFileSync(join(bridge.folder, 'token.jwt'), await tokenOfJob());
    const answer = answerSchema.parse(await run(PIPELINE_CALL, bridge));
    expect(answer).toMatchObject({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      scope: 'orders.read',
    });
    // The job's token ends before the ten minutes of the service, and clock skew is no part of it.
    expect(answer['expires_in']).toBeGreaterThan(LIFETIME_SECONDS - 30);
    expect(answer['expires_in']).toBeLessThanOrEqual(LIFETIME_SECONDS);
    const { payload } = await verify(answer.access_token, bridge);
    expect(payload).toMatchObject({ client_id: 'deployer', repository: 'acme/app', via: [ISSUER] });
  });

  it('are refused for another repository, without a word of the policy', { timeout: 60_000 }, async () => {
    if (bridge === undefined) throw new Error('no bridge');
    writeFileSync(join(bridge.folder, 'token.jwt'), await tokenOfJob('acme/other'));
    const answer = await run(PIPELINE_CALL, bridge);
    expect(Object.keys(answer).toSorted()).toEqual(['error', 'error_description', 'reference']);
    expect(answer['error']).toBe('invalid_target');
    await bridge.stop();
  });

  it('are a credential_process', { timeout: 60_000 }, async () => {
    bridge = await start(CREDENTIALS_CONFIG);
    writeFileSync(join(bridge.folder, 'token.jwt'), await tokenOfJob());
    writeFileSync(join(bridge.folder, '.deployer.conf'), `user = "deployer:${SECRET}"\n`);
    const answer = await run(CREDENTIALS_SCRIPT, bridge);
    const { AccessKeyId: id, SecretAccessKey: secret, SessionToken: token } = answer;
    expect(answer).toMatchObject({ Version: 1, token_type: 'N_A' });
    expect(answer['access_token']).toBe([id, secret, token].join(':'));
    await bridge.stop();
  });

  it('give a service a token of its own', { timeout: 60_000 }, async () => {
    bridge = await start(SERVICE_CONFIG);
    writeFileSync(join(bridge.folder, 'client.conf'), `user = "nightly-report:${SECRET}"\n`);
    const answer = answerSchema.parse(await run(SERVICE_CALL, bridge));
    const { payload } = await verify(answer.access_token, bridge);
    expect(payload).toMatchObject({ sub: 'nightly-report', scope: 'orders.read' });
  });
});
