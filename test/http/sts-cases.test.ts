import { readFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { signRequest, type SignedRequestParts, type SigningCredentials } from '../support/sign-request.ts';
import { worldTotpSecret } from '../support/world.ts';
import {
  callSts,
  credentialsIn,
  FORM_TYPE,
  send,
  startWorldBridge,
  userKeys,
  worldToken,
  type StsAnswer,
  type WorldBridge,
} from '../support/world-bridge.ts';

const caseSchema = z.object({
  id: z.string(),
  group: z.string(),
  why: z.string(),
  request: z.object({
    action: z.string().nullable(),
    version: z.string(),
    versionOverride: z.string().nullable().optional(),
    params: z.record(z.string(), z.string()),
    extraParams: z.record(z.string(), z.string()).default({}),
    rawBody: z.string().optional(),
    check: z.string().optional(),
    auth: z.string(),
    method: z.enum(['GET', 'POST']).default('POST'),
    contentType: z.string().optional(),
    accept: z.string().optional(),
    token: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  }),
  expect: z.object({
    status: z.number(),
    code: z.string().optional(),
    type: z.string().optional(),
    message: z.string().optional(),
    messageIsRegex: z.boolean().default(false),
    noMessageElement: z.boolean().default(false),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().optional(),
    contentType: z.string().optional(),
    shape: z.string().optional(),
    members: z.record(z.string(), z.unknown()).default({}),
  }),
});
type StsCase = z.infer<typeof caseSchema>;

const cases = z
  .array(caseSchema)
  .parse(JSON.parse(readFileSync(new URL('../cases/sts.json', import.meta.url), 'utf8')))
  // SAML's have responses to make: sts-saml-cases.test.ts.
  .filter(({ group }) => group !== 'saml');

const ROLE = 'arn:aws:iam::111122223333:role/';
const STAMP_SKEW: Readonly<Record<string, number>> = { 'clock+20m': 20 * 60_000, 'clock-4m': -4 * 60_000 };

let world: WorldBridge;
const sessions = new Map<string, SigningCredentials>();

beforeAll(async () => {
  world = await startWorldBridge();
  const assume = { Action: 'AssumeRole', RoleSessionName: 's1', RoleArn: `${ROLE}dev` };
  const tags = {
    'Tags.member.1.Key': 'Project',
    'Tags.member.1.Value': 'x',
    'TransitiveTagKeys.member.1': 'Project',
  };
  const alice = userKeys('alice');
  const open = async (name: string, parameters: Readonly<Record<string, string>>, by?: SigningCredentials) =>
    sessions.set(name, credentialsIn(await callSts(world, parameters, by)));
  await open('session:dev', assume, alice);
  await open('session:dev+transitive', { ...assume, ...tags }, alice);
  await open('session:gst', { Action: 'GetSessionToken' }, alice);
  await open('session:fed', { Action: 'GetFederationToken', Name: 'bob' }, alice);
  await open('session:web', {
    Action: 'AssumeRoleWithWebIdentity',
    RoleArn: `${ROLE}web`,
    RoleSessionName: 's1',
    WebIdentityToken: await worldToken(world),
  });
});

afterAll(async () => {
  await world.stop();
});

describe('the STS cases (wire-spec 1)', () => {
  test.each(cases.map((one) => [`${one.id}: ${one.why}`, one] as const))('%s', async (_, one) => {
    const answer = await send(await requestOf(one));
    expect(answer, answer.body).toMatchObject({ status: one.expect.status });
    if (one.expect.code !== undefined) checkError(answer, one.expect);
    else checkSuccess(answer, one);
    checkHeaders(answer, one);
  });
});

async function requestOf(one: StsCase): Promise<SignedRequestParts> {
  const { request } = one;
  const parameters = new URLSearchParams(request.action === null ? {} : { Action: request.action });
  const version = request.versionOverride === undefined ? request.version : request.versionOverride;
  if (version !== null && !(request.action === null && request.method === 'POST'))
    parameters.set('Version', version);
  for (const [name, value] of Object.entries({ ...request.params, ...request.extraParams }))
    parameters.set(name, await valueOf(value, one));
  const body = request.rawBody?.replace('<dev>', encodeURIComponent(`${ROLE}dev`)) ?? parameters.toString();
  const headers = {
    ...(request.method === 'POST' ? { 'content-type': request.contentType ?? FORM_TYPE } : {}),
    ...(request.accept === undefined ? {} : { accept: request.accept }),
  };
  const unsigned =
    request.method === 'GET'
      ? { method: 'GET', url: `${world.url}/?${body}`, headers, body: '' }
      : { method: 'POST', url: `${world.url}/`, headers, body };
  return authenticated(unsigned, request.auth);
}

async function valueOf(value: string, one: StsCase): Promise<string> {
  const repeated = /^(.)\*(\d+)$/.exec(value);
  if (repeated) return (repeated[1] ?? '').repeat(Number(repeated[2]));
  if (value === '<alice key>') return userKeys('alice').accessKeyId;
  if (value === '<good>') return tokenOf(one.request.token ?? {});
  // Codes work once, and several cases want one: each takes another of the three steps that are good now.
  if (value === '<current>') return codeOf((codesTaken++ % 3) - 1);
  return value;
}

let codesTaken = 0;
function codeOf(step: number): string {
  return new TOTP({ secret: worldTotpSecret }).generate({ timestamp: Date.now() + step * 30_000 });
}

async function tokenOf(token: string | Readonly<Record<string, unknown>>): Promise<string> {
  if (typeof token === 'string') {
    const repeated = /^(.)\*(\d+)$/.exec(token);
    return repeated ? (repeated[1] ?? '').repeat(Number(repeated[2])) : token;
  }
  const { alg = 'RS256', kid = 'k1', signedWith, ...claims } = token;
  const now = Math.floor(Date.now() / 1000);
  const timed = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      const [, offset] = typeof value === 'string' ? (/^now([+-]\d+)?$/.exec(value) ?? []) : [];
      return [name, value === 'now' || offset !== undefined ? now + Number(offset ?? 0) : value];
    }),
  );
  const header = { alg: String(alg), kid: String(kid) };
  if (alg === 'HS256') return hs256(header, timed);
  const key =
    signedWith === undefined ? (alg === 'ES256' ? world.keys.ec : world.keys.rsa) : world.keys.foreign;
  return new SignJWT(timed).setProtectedHeader(header).sign(key);
}

// Algorithm confusion: the public key as an HMAC secret.
function hs256(header: object, claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', world.keys.publicRsaPem).update(input).digest('base64url')}`;
}

async function authenticated(request: SignedRequestParts, auth: string): Promise<SignedRequestParts> {
  if (auth === 'none') return request;
  const { credentials, modifiers } = credentialsFor(auth);
  const at = new Date(
    Date.now() + Math.max(...modifiers.map((name) => STAMP_SKEW[name] ?? 0), 0) + earlier(modifiers),
  );
  const input = { ...request, credentials: await modified(credentials, modifiers), at };
  if (modifiers.includes('presigned')) {
    const url = `${world.url}/?${request.body}`;
    return signRequest({
      ...input,
      method: 'GET',
      url,
      headers: {},
      body: '',
      presign: { expiresSeconds: 60 },
    });
  }
  const signed = signRequest({
    ...input,
    ...(modifiers.includes('region-eu-west-1') ? { region: 'eu-west-1' } : {}),
    ...(modifiers.includes('scope-terminator') ? { terminator: 'aws5_request' } : {}),
    ...(modifiers.includes('scope-date') ? { scopeDate: '20200101' } : {}),
    ...(modifiers.includes('token-unsigned')
      ? { signedHeaders: ['content-type', 'host', 'x-amz-date'] }
      : {}),
  });
  return tampered(signed, modifiers);
}

function earlier(modifiers: readonly string[]): number {
  return Math.min(...modifiers.map((name) => STAMP_SKEW[name] ?? 0), 0);
}

function credentialsFor(auth: string): { credentials: SigningCredentials; modifiers: readonly string[] } {
  if (auth === 'unknown-akia') {
    const credentials = { accessKeyId: 'AKIAUNKNOWNUNKNOWN22', secretAccessKey: 'x'.repeat(40) };
    return { credentials, modifiers: [] };
  }
  const [name, ...modifiers] = auth.startsWith('session:')
    ? [auth.split(':').slice(0, 2).join(':'), ...auth.split(':').slice(2)]
    : auth.split(':');
  const credentials = sessions.get(name ?? '') ?? userKeys(name ?? '');
  return { credentials, modifiers };
}

const MODIFIERS = new Set([
  'bad-secret',
  'no-token',
  'other-token',
  'with-token',
  'role-recreated',
  'clock+20m',
  'clock-4m',
  'scope-terminator',
  'scope-date',
  'no-signature',
  'no-date',
  'body-tampered',
  'presigned',
  'region-eu-west-1',
  'token-unsigned',
]);

async function modified(
  credentials: SigningCredentials,
  modifiers: readonly string[],
): Promise<SigningCredentials> {
  for (const name of modifiers) if (!MODIFIERS.has(name)) throw new Error(`unknown modifier ${name}`);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  if (modifiers.includes('role-recreated')) return recreatedRoleSession();
  const token = modifiers.includes('no-token')
    ? undefined
    : modifiers.includes('other-token') || modifiers.includes('with-token')
      ? sessions.get('session:gst')?.sessionToken
      : sessionToken;
  const secret = modifiers.includes('bad-secret') ? `${secretAccessKey.slice(0, -1)}#` : secretAccessKey;
  return { accessKeyId, secretAccessKey: secret, ...(token === undefined ? {} : { sessionToken: token }) };
}

// The role leaves the configuration and comes back under the same name.
async function recreatedRoleSession(): Promise<SigningCredentials> {
  const answer = await callSts(
    world,
    { Action: 'AssumeRole', RoleArn: `${ROLE}long`, RoleSessionName: 's1' },
    userKeys('alice'),
  );
  await world.reconfigure({ roles: (roles) => roles.filter(({ name }) => name !== 'long') });
  await world.reconfigure({});
  return credentialsIn(answer);
}

function tampered(signed: SignedRequestParts, modifiers: readonly string[]): SignedRequestParts {
  const { authorization = '', 'x-amz-date': stamp = '', ...rest } = signed.headers;
  if (modifiers.includes('no-signature'))
    return {
      ...signed,
      headers: { ...rest, 'x-amz-date': stamp, authorization: authorization.replace(/, Signature=.*/, '') },
    };
  if (modifiers.includes('no-date')) return { ...signed, headers: { ...rest, authorization } };
  if (modifiers.includes('body-tampered')) return { ...signed, body: `${signed.body}&Foo=1` };
  return signed;
}

function checkError(answer: StsAnswer, expected: StsCase['expect']): void {
  expect(answer.text('Code')).toBe(expected.code);
  if (expected.type !== undefined) expect(answer.text('Type')).toBe(expected.type);
  const message = answer.text('Message');
  if (expected.noMessageElement) expect(message).toBeUndefined();
  else if (expected.messageIsRegex) expect(message).toMatch(new RegExp(expected.message ?? ''));
  else if (expected.message !== undefined) expect(message).toBe(expected.message);
}

function checkSuccess(answer: StsAnswer, { request, expect: expected }: StsCase): void {
  if (expected.body !== undefined) expect(answer.body).toBe(expected.body);
  if (request.check !== undefined) expect(answer.text('Arn')).toMatch(/\/s1$/);
  if (expected.shape !== undefined) checkJson(answer);
  for (const [name, wanted] of Object.entries(expected.members)) checkMember(answer, name, wanted);
  if (expected.status === 200 && expected.shape === undefined) checkEnvelope(answer, request.action ?? '');
}

function checkMember(answer: StsAnswer, name: string, wanted: unknown): void {
  const list = z.array(z.string()).catch([]).parse(wanted);
  if (name === 'memberOrder' || name === 'members') {
    expect(topMembers(answer.body)).toEqual(list);
  } else if (name === 'present') {
    for (const member of list) expect(answer.body).toContain(`<${member}>`);
  } else if (name === 'absent') {
    for (const member of list) expect(answer.body).not.toContain(`<${member}>`);
  } else if (name === 'expiresIn') {
    const seconds = (Date.parse(answer.text('Expiration') ?? '') - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(Number(wanted) - 10);
    expect(seconds).toBeLessThanOrEqual(Number(wanted));
  } else if (String(wanted).startsWith('^')) {
    expect(answer.text(name)).toMatch(new RegExp(String(wanted)));
  } else {
    expect(answer.text(name)).toBe(String(wanted));
  }
}

/** Names of the result's own members, which stand four blanks in. */
function topMembers(body: string): string[] {
  return [...body.matchAll(/^ {4}<(\w+)>/gm)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'RequestId');
}

function checkEnvelope(answer: StsAnswer, action: string): void {
  const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
  const start = `<${action}Response xmlns="${namespace}">\n  <${action}Result>\n`;
  expect(answer.body.startsWith(start), 'no XML declaration, two-space indent').toBe(true);
  expect(answer.body.endsWith(`</${action}Response>\n`)).toBe(true);
}

function checkJson(answer: StsAnswer): void {
  const shape = z.object({
    GetCallerIdentityResponse: z.object({
      GetCallerIdentityResult: z.object({ Account: z.string(), Arn: z.string(), UserId: z.string() }),
      ResponseMetadata: z.object({ RequestId: z.uuid() }),
    }),
  });
  expect(shape.safeParse(JSON.parse(answer.body)).success).toBe(true);
}

function checkHeaders(answer: StsAnswer, { expect: expected }: StsCase): void {
  const requestId = answer.headers.get('x-amzn-requestid');
  expect(requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(answer.headers.get('date')).not.toBeNull();
  const extended = Buffer.from(
    answer.headers.get('x-amz-sts-extended-request-id') ?? '',
    'base64',
  ).toString();
  expect(extended).toMatch(/^1:us-east-1:S:\d{13}:R:.{8}$/);
  for (const [name, value] of Object.entries(expected.headers)) expect(answer.headers.get(name)).toBe(value);
  if (expected.status === 302) return;
  expect(answer.headers.get('content-type')).toMatch(expected.contentType ?? 'text/xml');
  expect(answer.body).toContain(requestId);
}
