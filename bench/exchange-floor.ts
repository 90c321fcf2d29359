import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { z } from 'zod';
import { openStore } from '../src/stores/open-store.ts';
import { loadConfig } from '../src/config/load.ts';
import { parseIdpMetadata } from '../src/protocols/saml/metadata.ts';
import { CLIENT, SCOPE, SERVICES, type ServiceAlgorithm } from './application-scenario.ts';
import { ISSUER } from './github-tokens.ts';

// What a token exchange is compared with: `exchange-floor.ts CONFIG RS256|ES256`. Bare node:http on the bridge's own store: it
// proves the client, verifies the subject token, signs another one and writes once, and nothing else.

const [configPath = '', name] = process.argv.slice(2);
const algorithm: ServiceAlgorithm = name === 'ES256' ? 'ES256' : 'RS256';
const loaded = loadConfig(configPath, { env: process.env, parseSamlMetadata: parseIdpMetadata });
if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
const { config } = loaded;
const { audit } = openStore(config);
const provider = config.oidcProviders.find(({ issuer }) => issuer === ISSUER);
const jwk = provider?.jwks.kind === 'pinned' ? provider.jwks.keys[0] : undefined;
if (provider === undefined || jwk === undefined) throw new Error('no pinned key');
const subjectKey = createPublicKey({ key: jwk, format: 'jwk' });
const { privateKey } =
  algorithm === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signLater = promisify(
  (data: Buffer, key: KeyObject, done: (error: Error | null, bytes: Buffer) => void) => {
    sign('sha256', data, key, done);
  },
);
const [record] = (await audit.find({}, { limit: 1 })).records;
if (record === undefined) throw new Error('the bridge has exchanged nothing yet');
const proofOfClient = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`;
const claimsSchema = z.looseObject({ iss: z.string(), aud: z.string(), sub: z.string(), exp: z.number() });

async function exchange(authorization: string | undefined, form: URLSearchParams): Promise<string> {
  const now = Date.now();
  const [header = '', payload = '', signature = ''] = (form.get('subject_token') ?? '').split('.');
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    subjectKey,
    Buffer.from(signature, 'base64url'),
  );
  const claims = z.parse(claimsSchema, JSON.parse(Buffer.from(payload, 'base64url').toString()));
  const isGood = isSigned && claims.iss === ISSUER && claims.aud === provider?.audiences[0];
  if (!isGood || claims.exp * 1000 <= now || authorization !== proofOfClient) throw new Error('refused');
  const access_token = await issue(claims.sub, Math.floor(now / 1000));
  await audit.record({ ...z.parse(recordSchema, record), timeMs: now });
  return JSON.stringify({
    access_token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 600,
    scope: SCOPE,
  });
}

const recordSchema = z.custom<NonNullable<typeof record>>((value) => value !== undefined);

async function issue(subject: string, iat: number): Promise<string> {
  const header = encode({ alg: algorithm, kid: 'floor', typ: 'at+jwt' });
  const claims = { iss: config.publicUrl, sub: subject, aud: SERVICES[algorithm], client_id: CLIENT.id };
  const times = { iat, exp: iat + 600, jti: randomUUID(), scope: SCOPE };
  const input = `${header}.${encode({ ...claims, ...times })}`;
  return `${input}.${(await signatureOf(Buffer.from(input))).toString('base64url')}`;
}

/** RSA in the thread pool, where the other core is; a curve costs less than the way there. */
async function signatureOf(input: Buffer): Promise<Buffer> {
  if (algorithm === 'RS256') return signLater(input, privateKey);
  return sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const answer = (status: number, body: string): void => {
      response.writeHead(status, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
      });
      response.end(body);
    };
    exchange(request.headers.authorization, form).then(
      (body) => {
        answer(200, body);
      },
      (error: unknown) => {
        answer(500, String(error));
      },
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object')
    process.stderr.write(`http://127.0.0.1:${address.port}\n`);
});
process.once('SIGTERM', () => {
  process.exit();
});
