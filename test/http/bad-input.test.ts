import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signRequest } from '../support/sign-request.ts';
import {
  callSts,
  FORM_TYPE,
  send,
  startWorldBridge,
  userKeys,
  worldToken,
  type StsAnswer,
  type WorldBridge,
} from '../support/world-bridge.ts';

const ROLE = 'arn:aws:iam::111122223333:role/';

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge();
});
afterAll(async () => {
  await world.stop();
});

async function post(body: string | Uint8Array<ArrayBuffer>, contentType = FORM_TYPE): Promise<Response> {
  return fetch(`${world.url}/`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
    redirect: 'manual',
  });
}

/** Sends raw bytes and reads until the server closes or `enough` came. */
function raw(bytes: string, enough: RegExp): Promise<string> {
  const { hostname, port } = new URL(world.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(15_000, () => socket.destroy(new Error(`no answer, so far: ${answer}`)));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (enough.test(answer)) socket.destroy();
    });
    socket.on('error', reject).on('close', () => {
      resolve(answer);
    });
  });
}

describe('the body of a request', () => {
  test('of 300 kB is read, one byte more is refused without being read', async () => {
    const base = 'Action=GetCallerIdentity&Version=2011-06-15&Pad=';
    const fitting = await post(base + 'x'.repeat(300_000 - base.length));
    const larger = await post(base + 'x'.repeat(300_001 - base.length));
    expect([fitting.status, larger.status]).toEqual([403, 413]);
    expect(await larger.text()).toContain('<Code>RequestEntityTooLarge</Code>');
  });

  test('that lies about its length by chunks is cut off at the same size', async () => {
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    expect(await raw(head + chunk.repeat(12), /RequestEntityTooLarge/)).toContain('HTTP/1.1 413');
  });

  test('that never comes ends in RequestTimeout', async () => {
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM_TYPE}\r\nContent-Length: 100\r\n\r\nAction=`;
    const answer = await raw(head, /<\/ErrorResponse>/);
    expect(answer).toContain('HTTP/1.1 400');
    expect(answer).toContain('<Code>RequestTimeout</Code>');
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test.each([
    ['broken percent encoding', 'Action=GetCallerIdentity&Version=2011-06-15&X=%zz'],
    ['percent-encoded broken UTF-8', 'Action=GetCallerIdentity&Version=2011-06-15&X=%ff%fe'],
    ['more than a thousand parameters', `Action=GetCallerIdentity&${'x=1&'.repeat(1001)}`],
  ])('with %s is MalformedInput', async (_, body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>MalformedInput</Code>');
  });

  test('with raw bytes that are no UTF-8 is MalformedInput', async () => {
    const answer = await post(new Uint8Array([0x41, 0x3d, 0xff, 0xfe]));
    expect(await answer.text()).toContain('<Code>MalformedInput</Code>');
  });

  test.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain', ''])(
    'of type "%s" carries no action',
    async (contentType) => {
      const answer = await post('Action=GetCallerIdentity&Version=2011-06-15', contentType);
      expect(answer.status).toBe(302);
    },
  );
});

describe('a parameter', () => {
  const assume = (parameters: Readonly<Record<string, string>>): Promise<StsAnswer> =>
    callSts(
      world,
      { Action: 'AssumeRole', RoleArn: `${ROLE}dev`, RoleSessionName: 's1', ...parameters },
      userKeys('alice'),
    );

  test('with NUL bytes is refused, and the answer is still XML', async () => {
    const answer = await assume({ RoleSessionName: 'a\0b\u0008' });
    expect(answer.text('Code')).toBe('ValidationError');
    expect(answer.text('Message')).toContain("Value 'a\uFFFDb\uFFFD' at 'roleSessionName'");
  });

  test('with markup cannot break out of the answer', async () => {
    const answer = await assume({ RoleSessionName: '</Message><Code>Success</Code>' });
    expect(answer.body.match(/<Code>/g)).toHaveLength(1);
    expect(answer.text('Message')).toContain('</Message><Code>Success</Code>');
  });

  test('that is far too long is not repeated whole', async () => {
    const answer = await assume({ RoleSessionName: 'x'.repeat(100_000) });
    expect(answer.text('Code')).toBe('ValidationError');
    expect(answer.body.length).toBeLessThan(5_000);
  });

  test('that is a proof or a code is not repeated at all', async () => {
    const token = 'x.y.z'.repeat(5000);
    const web = { Action: 'AssumeRoleWithWebIdentity', RoleArn: `${ROLE}web`, RoleSessionName: 's1' };
    const answer = await callSts(world, { ...web, WebIdentityToken: token });
    expect(answer.text('Code')).toBe('ValidationError');
    expect(answer.body).not.toContain('x.y.z');
    expect((await assume({ TokenCode: '98765' })).body).not.toContain('98765');
  });

  test('that repeats counts once, the first one, also for Action', async () => {
    const answer = await post('Action=GetCallerIdentity&Action=AssumeRole&Version=2011-06-15&Version=1');
    expect(await answer.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });

  test.each([
    ['a policy nested ten thousand deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['a policy of objects nested deep', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
    ['a policy that is a number', '1'],
    ['a policy that is null', 'null'],
  ])('holding %s is MalformedPolicyDocument', async (_, Policy) => {
    expect((await assume({ Policy })).text('Code')).toBe('MalformedPolicyDocument');
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'Action=%s is no action',
    async (Action) => {
      expect((await callSts(world, { Action })).text('Code')).toBe('InvalidAction');
    },
  );

  test('naming a tag __proto__ is a tag like another', async () => {
    const tag = { 'Tags.member.1.Key': '__proto__', 'Tags.member.1.Value': 'x' };
    const answer = await assume({ RoleArn: `${ROLE}tags`, ...tag });
    expect(answer.status, answer.body).toBe(200);
  });

  test.each([
    'arn:aws:iam::111122223333:user/alice',
    'arn:aws:s3:::a-bucket-of-some-name',
    'arn:aws:iam::11112222333:role/short-account',
    'arn:aws:iam:::role/no-account-at-all',
  ])('RoleArn=%s is invalid', async (RoleArn) => {
    expect((await assume({ RoleArn })).text('Message')).toBe(`${RoleArn} is invalid`);
  });
});

describe('credentials', () => {
  const identity = { method: 'GET', url: '', headers: {}, body: '', at: new Date() };

  test('in header and query at once are refused (MinIO CVE-2026-40344)', async () => {
    const url = `${world.url}/?Action=GetCallerIdentity&Version=2011-06-15`;
    const credentials = userKeys('alice');
    const presigned = signRequest({
      ...identity,
      url,
      credentials,
      at: new Date(),
      presign: { expiresSeconds: 60 },
    });
    const both = signRequest({ ...identity, url: presigned.url, credentials, at: new Date() });
    expect((await send(both)).text('Code')).toBe('IncompleteSignature');
  });

  test.each(['', 'x', '%2e%2e%2fetc', '__proto__', 'ASIA', 'A'.repeat(300)])(
    'with the access key id "%s" are unknown',
    async (accessKeyId) => {
      const credentials = { accessKeyId, secretAccessKey: 'x', sessionToken: 'y' };
      const answer = await callSts(world, { Action: 'GetCallerIdentity' }, credentials);
      expect(answer.text('Code')).toBe('InvalidClientTokenId');
    },
  );

  test('whose session ended give ExpiredToken, and a token of nobody does not', async () => {
    const token = Buffer.alloc(96, 7);
    token.writeUIntBE(Math.floor(Date.now() / 1000) - 60, 91, 5);
    const accessKeyId = `ASIA${'Q'.repeat(16)}`;
    const keys = { accessKeyId, secretAccessKey: 'x'.repeat(40) };
    const ended = await callSts(
      world,
      { Action: 'GetCallerIdentity' },
      { ...keys, sessionToken: token.toString('base64') },
    );
    const unknown = await callSts(
      world,
      { Action: 'GetCallerIdentity' },
      { ...keys, sessionToken: 'nobody' },
    );
    expect([ended.text('Code'), unknown.text('Code')]).toEqual(['ExpiredToken', 'InvalidClientTokenId']);
  });
});

describe('a request', () => {
  test.each(['/sts', '/sts/', '/'])('may be posted to %s', async (path) => {
    const answer = await fetch(world.url + path, {
      method: 'POST',
      headers: { 'content-type': FORM_TYPE },
      body: 'Action=Nope&Version=2011-06-15',
    });
    expect(await answer.text()).toContain('Could not find operation Nope for version 2011-06-15');
  });

  test.each(['PUT', 'DELETE', 'PATCH'])('by %s is not allowed', async (method) => {
    const answer = await fetch(world.url, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toContain('POST');
  });

  test('may carry a token of 20,000 characters in its query', async () => {
    const token = await worldToken(world, { pad: 'x'.repeat(14_500) });
    expect(token.length).toBeGreaterThan(19_000);
    const query = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: `${ROLE}web`,
      RoleSessionName: 's1',
      WebIdentityToken: token,
    });
    expect((await fetch(`${world.url}/?${query.toString()}`)).status).toBe(200);
  });

  test('of an unsigned action ignores an Authorization header (wire-spec 1.5)', async () => {
    const body = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: `${ROLE}web`,
      RoleSessionName: 's1',
      WebIdentityToken: await worldToken(world),
    });
    const headers = { 'content-type': FORM_TYPE, authorization: 'AWS4-HMAC-SHA256 Credential=garbage' };
    expect((await fetch(world.url, { method: 'POST', headers, body })).status).toBe(200);
  });

  test('with more cookies than anybody reads is told so on a page (RFC 6585 5)', async () => {
    const cookies = `Cookie: junk=${'x'.repeat(70_000)}`;
    const answer = await raw(`GET /signin HTTP/1.1\r\nHost: localhost\r\n${cookies}\r\n\r\n`, /<\/html>/);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('Clear the cookies of this site');
  });

  test('that is no HTTP gets 400 and nothing else', async () => {
    expect(await raw('GARBAGE\r\n\r\n', /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });
});
