import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { parseAuthorization } from '../../../../src/protocols/sigv4/parse-authorization.ts';
import type { SignedRequest } from '../../../../src/protocols/sigv4/signed-request.ts';
import { verifySignature } from '../../../../src/protocols/sigv4/verify-signature.ts';
import { receivedRequest } from '../../../support/received-request.ts';
import { signRequest, type SignRequestInput } from '../../../support/sign-request.ts';
import { outcomeOf } from './outcome.ts';

const AT = new Date('2026-01-02T03:04:05Z');
const LONG_TERM = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const SESSION = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'zJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'AQoDYXdzEPT//////////wEXAMPLE==',
};
const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
// What botocore sends and signs (wire facts 7.1).
const POST: SignRequestInput = {
  method: 'POST',
  url: 'https://sts.example.com:8443/sts',
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'user-agent': 'Boto3/1.43' },
  body: BODY,
  credentials: LONG_TERM,
  at: AT,
  signedHeaders: ['content-type', 'host', 'x-amz-date'],
};
const SESSION_POST: SignRequestInput = {
  ...POST,
  credentials: SESSION,
  signedHeaders: ['content-type', 'host', 'x-amz-date', 'x-amz-security-token'],
};
// The presigned GetCallerIdentity of EKS and Vault.
const PRESIGNED: SignRequestInput = {
  method: 'GET',
  url: `https://sts.example.com/?${BODY}`,
  headers: { 'x-k8s-aws-id': 'my-cluster' },
  credentials: SESSION,
  at: AT,
  presign: { expiresSeconds: 60 },
};

function verdict(
  input: SignRequestInput,
  options: { secondsLater?: number; change?: (request: SignedRequest) => SignedRequest } = {},
): string {
  const nowMs = AT.getTime() + (options.secondsLater ?? 0) * 1000;
  const request = receivedRequest(signRequest(input));
  const situation = { credentials: input.credentials, nowMs, service: 'sts' };
  return outcomeOf(options.change?.(request) ?? request, situation);
}

function thrownBy(request: SignedRequest): FederationError | undefined {
  const authorization = parseAuthorization(request);
  if (authorization === undefined) return undefined;
  const { secretAccessKey } = LONG_TERM;
  try {
    verifySignature({ request, authorization, secretAccessKey, nowMs: AT.getTime(), service: 'sts' });
  } catch (error) {
    if (error instanceof FederationError) return error;
    throw error;
  }
  return undefined;
}

function withHeader(name: string, value: string) {
  return (request: SignedRequest): SignedRequest => ({
    ...request,
    headers: [...request.headers.filter(([header]) => header !== name), [name, value]],
  });
}

function withoutHeader(name: string) {
  return (request: SignedRequest): SignedRequest => ({
    ...request,
    headers: request.headers.filter(([header]) => header !== name),
  });
}

const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const BODY_HASH = 'ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843';

describe('a genuine signature', () => {
  it.each<[string, SignRequestInput]>([
    ['a POST with a long-term key', POST],
    ['a POST of a session', SESSION_POST],
    ['a presigned GET with an extra signed header', PRESIGNED],
    [
      'a presigned POST with a body',
      { ...POST, signedHeaders: ['content-type', 'host'], presign: { expiresSeconds: 900 } },
    ],
    ['a region of the client’s own', { ...POST, region: 'eu-west-1' }],
    ['an encoded path', { ...POST, url: 'https://sts.example.com/a%20b/%E1%88%B4' }],
    [
      'a query of odd characters',
      { ...PRESIGNED, url: "https://sts.example.com/?b=%2B%26&a='()*!&b=%20&Param-3=x&Param=y" },
    ],
    [
      'the payload hash in a header',
      {
        ...POST,
        headers: { 'x-amz-content-sha256': BODY_HASH },
        signedHeaders: ['host', 'x-amz-content-sha256', 'x-amz-date'],
      },
    ],
  ])('is accepted on %s', (_title, input) => {
    expect(verdict(input)).toBe('accepted');
  });

  it('is accepted with blanks around and between the words of a header (SigV4, canonical headers)', () => {
    const input = {
      ...POST,
      headers: { 'x-amz-note': ' a   b ' },
      signedHeaders: ['host', 'x-amz-date', 'x-amz-note'],
    };
    expect(verdict(input)).toBe('accepted');
    expect(verdict(input, { change: withHeader('x-amz-note', 'a b') })).toBe('accepted');
  });

  it('is accepted whatever happens to headers that carry no meaning for us', () => {
    expect(verdict(POST, { change: withHeader('user-agent', 'proxy') })).toBe('accepted');
    expect(verdict(POST, { change: withHeader('x-amzn-trace-id', 'Root=1') })).toBe('accepted');
  });

  it('is accepted whatever the order of the query', () => {
    const reversed = (request: SignedRequest) => ({
      ...request,
      rawQuery: request.rawQuery.split('&').reverse().join('&'),
    });
    expect(verdict(PRESIGNED, { change: reversed })).toBe('accepted');
  });
});

describe('the credential scope', () => {
  it.each<[string, Partial<SignRequestInput>, string]>([
    ['an empty region', { region: '' }, 'Credential should be scoped to a valid region. '],
    ['a region in capitals', { region: 'EU-WEST-1' }, 'Credential should be scoped to a valid region. '],
    [
      'a region of 65 characters',
      { region: 'a'.repeat(65) },
      'Credential should be scoped to a valid region. ',
    ],
    ['a region with a line break', { region: 'a\nb' }, 'Credential should be scoped to a valid region. '],
    ['another service', { service: 's3' }, "Credential should be scoped to correct service: 'sts'. "],
    [
      'the service in capitals',
      { service: 'STS' },
      "Credential should be scoped to correct service: 'sts'. ",
    ],
    [
      'another terminator',
      { terminator: 'aws5_request' },
      "Credential should be scoped with a valid terminator: 'aws4_request'.",
    ],
    [
      'another day',
      { scopeDate: '20260101' },
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260101' != '20260102', from '20260102T030405Z'.",
    ],
  ])('is refused with %s, though the signature is right', (_title, change, text) => {
    expect(verdict({ ...POST, ...change })).toBe(text);
  });

  it('is checked by verifySignature, too, for a caller that forgot it', () => {
    const request = receivedRequest(signRequest({ ...POST, service: 's3' }));
    expect(thrownBy(request)?.message).toContain('correct service');
  });
});

describe('the time window of 15 minutes', () => {
  it.each([-900, -240, 0, 240, 900, 900.999])(
    'accepts a request received %d s after it was signed',
    (secondsLater) => {
      expect(verdict(POST, { secondsLater })).toBe('accepted');
    },
  );

  it('refuses a request one second older', () => {
    expect(verdict(POST, { secondsLater: 901 })).toBe(
      'Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T031906Z - 15 min.)',
    );
  });

  it('refuses a request one second further ahead', () => {
    expect(verdict(POST, { secondsLater: -901 })).toBe(
      'Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T024904Z + 15 min.)',
    );
  });

  it.each([0, 61, 899])(
    'accepts a presigned URL of 60 s after %d s, as EKS clients use it',
    (secondsLater) => {
      expect(verdict(PRESIGNED, { secondsLater })).toBe('accepted');
    },
  );

  it.each([
    [901, 'Signature expired'],
    [-901, 'Signature not yet current'],
  ])('holds for a presigned URL of seven days, too (%d s)', (secondsLater, text) => {
    expect(verdict({ ...PRESIGNED, presign: { expiresSeconds: 604_800 } }, { secondsLater })).toContain(text);
  });
});

describe('what must be signed', () => {
  const hostUnsigned = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";

  it.each<[string, SignRequestInput]>([
    ['the header form', { ...POST, signedHeaders: ['content-type', 'x-amz-date'] }],
    ['the query form', { ...PRESIGNED, signedHeaders: ['x-k8s-aws-id'] }],
  ])('is the host, in %s', (_title, input) => {
    expect(verdict(input)).toBe(hostUnsigned);
  });

  it.each<[string, SignRequestInput]>([
    ['the session token', { ...SESSION_POST, signedHeaders: ['content-type', 'host', 'x-amz-date'] }],
    ['X-Amz-Date', { ...POST, signedHeaders: ['content-type', 'host'] }],
    ['the content type', { ...POST, signedHeaders: ['host', 'x-amz-date'] }],
    [
      'any other x-amz header',
      { ...POST, headers: { 'x-amz-target': 'x' }, signedHeaders: ['host', 'x-amz-date'] },
    ],
    [
      'an x-amz header beside a presigned URL',
      { ...PRESIGNED, headers: { 'x-amz-target': 'x' }, signedHeaders: ['host'] },
    ],
  ])('is %s', (_title, input) => {
    expect(verdict(input)).toBe('signature-mismatch');
  });

  it('is the session token in the query: one added after signing is refused (wire facts 7.1)', () => {
    const { accessKeyId, secretAccessKey } = SESSION;
    const signed = signRequest({ ...PRESIGNED, credentials: { accessKeyId, secretAccessKey } });
    const request = receivedRequest({ ...signed, url: `${signed.url}&X-Amz-Security-Token=stolen` });
    const credentials = { ...SESSION, sessionToken: 'stolen' };
    expect(outcomeOf(request, { credentials, nowMs: AT.getTime(), service: 'sts' })).toBe(
      'signature-mismatch',
    );
  });

  it.each([
    ['unsorted', ['x-amz-date', 'host', 'content-type']],
    ['naming a header twice', ['content-type', 'host', 'host', 'x-amz-date']],
    ['in capitals', ['Host', 'content-type', 'host', 'x-amz-date']],
    ['naming an absent header', ['content-type', 'host', 'x-absent', 'x-amz-date']],
    ['with an empty name', ['', 'content-type', 'host', 'x-amz-date']],
  ])('cannot be listed %s', (_title, signedHeaders) => {
    expect(verdict({ ...POST, signedHeaders })).toBe('signature-mismatch');
  });

  it('cannot be listed with a line break that makes two headers of one', () => {
    const signedHeaders = ['content-type', 'host', 'x-a:1\nx-b'];
    expect(verdict({ ...POST, presign: { expiresSeconds: 60 }, signedHeaders })).toBe('signature-mismatch');
  });
});

describe('the payload', () => {
  const hashed = (value: string): SignRequestInput => ({
    ...POST,
    headers: { 'x-amz-content-sha256': value },
    signedHeaders: ['host', 'x-amz-content-sha256', 'x-amz-date'],
  });

  it.each([
    ['UNSIGNED-PAYLOAD', 'UNSIGNED-PAYLOAD'],
    ['a streaming marker', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
    ['the hash of nothing', EMPTY_HASH],
    ['its hash in capitals', BODY_HASH.toUpperCase()],
    ['an empty hash', ''],
  ])('is refused under %s', (_title, value) => {
    expect(verdict(hashed(value))).toBe('signature-mismatch');
  });

  it('is refused when the body was exchanged, though the signed hash came along', () => {
    const change = (request: SignedRequest) => ({ ...request, body: Buffer.from('Action=AssumeRole') });
    expect(verdict(POST, { change })).toBe('signature-mismatch');
    expect(verdict(hashed(BODY_HASH), { change })).toBe('signature-mismatch');
  });

  it('is refused when a body was added to a presigned GET', () => {
    const change = (request: SignedRequest) => ({ ...request, body: Buffer.from('Action=AssumeRole') });
    expect(verdict(PRESIGNED, { change })).toBe('signature-mismatch');
  });
});

describe('a changed request', () => {
  it.each<[string, (request: SignedRequest) => SignedRequest]>([
    ['another method', (request) => ({ ...request, method: 'GET' })],
    ['another path', (request) => ({ ...request, rawPath: '/' })],
    ['a relative path', (request) => ({ ...request, rawPath: 'sts' })],
    ['a path in absolute form', (request) => ({ ...request, rawPath: 'https://sts.example.com:8443/sts' })],
    ['a query', (request) => ({ ...request, rawQuery: 'Action=AssumeRole' })],
    ['another host', withHeader('host', 'sts.amazonaws.com')],
    ['another port', withHeader('host', 'sts.example.com')],
    ['another content type', withHeader('content-type', 'text/plain')],
    ['another session token', withHeader('x-amz-security-token', `${SESSION.sessionToken}=`)],
    ['no host', withoutHeader('host')],
    ['no content type', withoutHeader('content-type')],
    ['no session token', withoutHeader('x-amz-security-token')],
    ['a second host', (request) => ({ ...request, headers: [...request.headers, ['host', 'evil.example']] })],
    [
      'its signature in capitals',
      (request) => withHeader('authorization', spellInCapitals(request))(request),
    ],
    [
      'its signature cut short',
      (request) => withHeader('authorization', authorizationOf(request).slice(0, -2))(request),
    ],
  ])('is refused with %s', (_title, change) => {
    expect(verdict(SESSION_POST, { change })).toMatch(/^signature-mismatch$|^unknown-credentials$/);
  });

  it.each([
    ['an empty pair', (query: string) => query.replace('Version=2011-06-15', 'Version=2011-06-15&')],
    ['a plus sign for a signed %2B', (query: string) => query.replace('%2B', '+')],
    ['an escape in lower case', (query: string) => query.replace('%2B', '%2b')],
    ['a broken escape', (query: string) => query.replace('%2B', '%2')],
    ['broken UTF-8', (query: string) => query.replace('%2B', '%FF')],
    ['a pair twice', (query: string) => `Version=2011-06-15&${query}`],
    ['a pair less', (query: string) => query.replace('&Version=2011-06-15', '')],
  ])('is refused with %s in the query', (_title, change) => {
    const url = `https://sts.example.com/?${BODY}&Note=1%2B1`;
    const changed = (request: SignedRequest) => ({ ...request, rawQuery: change(request.rawQuery) });
    expect(verdict({ ...PRESIGNED, url })).toBe('accepted');
    expect(verdict({ ...PRESIGNED, url }, { change: changed })).toBe('signature-mismatch');
  });

  it('is refused with a lone surrogate in the path', () => {
    expect(verdict(POST, { change: (request) => ({ ...request, rawPath: '/\uD800' }) })).toBe(
      'signature-mismatch',
    );
  });

  it('says nothing to the caller but the general text', () => {
    const request = { ...receivedRequest(signRequest(POST)), body: Buffer.from('x') };
    expect(thrownBy(request)).toMatchObject({ code: 'signature-mismatch', params: {} });
  });
});

function authorizationOf(request: SignedRequest): string {
  return request.headers.find(([name]) => name === 'authorization')?.[1] ?? '';
}

function spellInCapitals(request: SignedRequest): string {
  return authorizationOf(request).replace(
    /Signature=.*/,
    (found) => `Signature=${found.slice(10).toUpperCase()}`,
  );
}
