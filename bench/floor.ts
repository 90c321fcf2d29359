import { createHash, createHmac, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { openStore } from '../src/stores/open-store.ts';
import type { Config } from '../src/config/config.ts';
import { loadConfig } from '../src/config/load.ts';
import { parseIdpMetadata } from '../src/protocols/saml/metadata.ts';
import { BASE32 } from '../src/domain/session/bucket.ts';
import type { Session } from '../src/domain/session/session.ts';
import { loadMasterKeyRing } from '../src/keys/master-key.ts';
import { createSealer } from '../src/keys/seal.ts';
import type { Store } from '../src/stores/store.ts';

// What the bridge is compared with: `floor.ts CONFIG web-identity|caller-identity`. Bare node:http on the bridge's own
// configuration and store; it does the cryptography and the one store access of an action, and nothing else.

const [configPath = '', action = ''] = process.argv.slice(2);
const loaded = loadConfig(configPath, { env: process.env, parseSamlMetadata: parseIdpMetadata });
if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
const store = openStore(loaded.config);
const handle =
  action === 'web-identity'
    ? await webIdentity(loaded.config, store)
    : await callerIdentity(loaded.config, store);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    handle(request, Buffer.concat(chunks)).then(
      (body) => {
        answer(response, 200, body);
      },
      (error: unknown) => {
        answer(response, 500, String(error));
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

type Handle = (request: IncomingMessage, body: Buffer) => Promise<string>;

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

/** Verifies the token and writes a session and an audit record of the size that the bridge wrote for such a token. */
async function webIdentity(config: Config, { sessions, audit }: Store): Promise<Handle> {
  const [provider] = config.oidcProviders;
  const jwk = provider?.jwks.kind === 'pinned' ? provider.jwks.keys[0] : undefined;
  if (provider === undefined || jwk === undefined) throw new Error('no pinned key');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const [model] = (await sessions.list({ by: 'all' }, { limit: 1 })).sessions;
  const [record] = (await audit.find({}, { limit: 1 })).records;
  if (model === undefined || record === undefined) throw new Error('the bridge has issued nothing yet');
  const template: Session = { ...model };
  return async (_request, body) => {
    const token = new URLSearchParams(body.toString()).get('WebIdentityToken') ?? '';
    const [header = '', payload = '', signature = ''] = token.split('.');
    const signed = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      key,
      Buffer.from(signature, 'base64url'),
    );
    const now = Date.now();
    const { iss, aud, exp } = z.parse(claimsSchema, JSON.parse(Buffer.from(payload, 'base64url').toString()));
    if (!signed || iss !== provider.issuer || aud !== provider.audiences[0] || exp * 1000 <= now)
      throw new Error('refused');
    const random = randomBytes(160);
    const accessKeyId = `ASIA${base32(random.subarray(0, 16))}`;
    const credentials = {
      accessKeyId,
      tokenHash: random.subarray(16, 48),
      sealedSecret: random.subarray(48, 48 + model.sealedSecret.length),
    };
    const session = { ...template, ...credentials, issuedAtMs: now, expiresAtMs: now + 3_600_000 };
    await sessions.issue({ session, audit: { ...record, timeMs: now } });
    return assumeRoleAnswer(accessKeyId, random.toString('base64', 32), session);
  };
}

const claimsSchema = z.object({ iss: z.string(), aud: z.string(), exp: z.number() });

function base32(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) text += BASE32.charAt(byte & 31);
  return text;
}

function assumeRoleAnswer(
  accessKeyId: string,
  token: string,
  { principalArn, userId, person, expiresAtMs }: Session,
): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <AccessKeyId>${accessKeyId}</AccessKeyId>
      <SecretAccessKey>${token.slice(0, 40)}</SecretAccessKey>
      <SessionToken>${token}</SessionToken>
      <Expiration>${new Date(expiresAtMs).toISOString()}</Expiration>
    </Credentials>
    <SubjectFromWebIdentityToken>${person}</SubjectFromWebIdentityToken>
    <AssumedRoleUser>
      <AssumedRoleId>${userId}</AssumedRoleId>
      <Arn>${principalArn}</Arn>
    </AssumedRoleUser>
    <Provider>https://token.actions.githubusercontent.com</Provider>
    <Audience>https://sts.acme.example</Audience>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
`;
}

/** Reads the session that a signature names and makes the signature again. The secrets are at hand, unsealed. */
async function callerIdentity(config: Config, { sessions }: Store): Promise<Handle> {
  const sealer = createSealer(loadMasterKeyRing(config.masterKey));
  const page = await sessions.list({ by: 'all' }, { limit: 1000 });
  const secrets = new Map(
    page.sessions.map(({ accessKeyId, sealedSecret }) => [
      accessKeyId,
      sealer.open(sealedSecret, `session:${accessKeyId}`).toString(),
    ]),
  );
  return async ({ method, url, headers }, body) => {
    const [, accessKeyId = '', scope = '', names = '', signature] =
      /Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)/.exec(
        headers.authorization ?? '',
      ) ?? [];
    const session = await sessions.find(accessKeyId);
    const lines = names.split(';').map((name) => `${name}:${String(headers[name])}\n`);
    const canonical = `${method ?? ''}\n${url ?? ''}\n\n${lines.join('')}\n${names}\n${sha256(body)}`;
    let key: Buffer | string = `AWS4${secrets.get(accessKeyId) ?? ''}`;
    for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
    const stringToSign = `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${scope}\n${sha256(canonical)}`;
    if (session === undefined || createHmac('sha256', key).update(stringToSign).digest('hex') !== signature)
      throw new Error('refused');
    return callerIdentityAnswer(session);
  };
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function callerIdentityAnswer({ principalArn, userId, account }: Session): string {
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>${principalArn}</Arn>
    <UserId>${userId}</UserId>
    <Account>${account}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>
`;
}
