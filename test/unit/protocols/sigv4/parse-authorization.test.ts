import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { parseAuthorization } from '../../../../src/protocols/sigv4/parse-authorization.ts';
import type { SignedRequest } from '../../../../src/protocols/sigv4/signed-request.ts';

const CREDENTIAL = 'AKIAEXAMPLE/20260102/eu-west-1/sts/aws4_request';
const SIGNATURE = 'ab'.repeat(32);
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=${SIGNATURE}`;
const STAMP = '20260102T030405Z';
const STAMP_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const QUERY = {
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': CREDENTIAL.replaceAll('/', '%2F'),
  'X-Amz-Date': STAMP,
  'X-Amz-Expires': '60',
  'X-Amz-SignedHeaders': 'host%3Bx-k8s-aws-id',
  'X-Amz-Signature': SIGNATURE,
};

type Header = [name: string, value: string];

function withHeaders(...headers: Header[]): SignedRequest {
  return { method: 'POST', rawPath: '/', rawQuery: '', headers, body: new Uint8Array() };
}

function headerForm(authorization: string, ...more: Header[]): SignedRequest {
  return withHeaders(['authorization', authorization], ['x-amz-date', STAMP], ...more);
}

function queryForm(changes: Record<string, string | undefined> = {}): SignedRequest {
  const parameters: Record<string, string | undefined> = { ...QUERY, ...changes };
  const rawQuery = Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join('&');
  return { ...withHeaders(['host', 'a']), method: 'GET', rawQuery };
}

function refusal(request: SignedRequest): string {
  try {
    parseAuthorization(request);
  } catch (error) {
    if (error instanceof FederationError && error.code === 'incomplete-signature') {
      return String(error.params['text']);
    }
    throw error;
  }
  return 'not refused';
}

describe('what looks like a signature', () => {
  it.each<[string, SignedRequest]>([
    ['nothing', withHeaders(['host', 'a'])],
    ['a bearer token', withHeaders(['authorization', 'Bearer x'])],
    ['HTTP Basic', withHeaders(['authorization', 'Basic eDp5'])],
    ['signature version 2', withHeaders(['authorization', 'AWS AKIAEXAMPLE:c2ln'])],
    ['an empty Authorization header', withHeaders(['authorization', ''])],
    ['STS parameters', { ...withHeaders(), rawQuery: 'Action=GetCallerIdentity&Version=2011-06-15' }],
    ['a broken escape in the query', { ...withHeaders(), rawQuery: '%ZZ=%E1%88&%' }],
  ])('is not found in %s', (_title, request) => {
    expect(parseAuthorization(request)).toBeUndefined();
  });

  it('is read from the header', () => {
    expect(parseAuthorization(headerForm(AUTHORIZATION))).toEqual({
      form: 'header',
      accessKeyId: 'AKIAEXAMPLE',
      scope: { date: '20260102', region: 'eu-west-1', service: 'sts', terminator: 'aws4_request' },
      signedHeaders: ['host', 'x-amz-date'],
      signature: SIGNATURE,
      timestamp: { text: STAMP, epochMs: STAMP_MS },
    });
  });

  it('is read from the query of a presigned URL', () => {
    expect(parseAuthorization(queryForm({ 'X-Amz-Security-Token': 'a%2Bb%3D' }))).toEqual({
      form: 'query',
      accessKeyId: 'AKIAEXAMPLE',
      scope: { date: '20260102', region: 'eu-west-1', service: 'sts', terminator: 'aws4_request' },
      signedHeaders: ['host', 'x-k8s-aws-id'],
      signature: SIGNATURE,
      timestamp: { text: STAMP, epochMs: STAMP_MS },
      sessionToken: 'a+b=',
    });
  });

  it('keeps the session token of the header, also an empty one', () => {
    const read = (token: string) =>
      parseAuthorization(headerForm(AUTHORIZATION, ['x-amz-security-token', token]))?.sessionToken;
    expect([read('token=='), read('')]).toEqual(['token==', '']);
  });

  it('needs no blank after the commas', () => {
    expect(parseAuthorization(headerForm(AUTHORIZATION.replaceAll(', ', ',')))?.signature).toBe(SIGNATURE);
  });

  it.each([
    ['the basic form', STAMP],
    ['an HTTP date (botocore)', 'Fri, 02 Jan 2026 03:04:05 GMT'],
  ])('takes its time from a Date header in %s where there is no X-Amz-Date', (_title, date) => {
    const request = withHeaders(['authorization', AUTHORIZATION], ['date', date]);
    expect(parseAuthorization(request)?.timestamp).toEqual({ text: STAMP, epochMs: STAMP_MS });
  });

  it('takes its time from X-Amz-Date where there is a Date header, too', () => {
    const request = headerForm(AUTHORIZATION, ['date', 'Thu, 01 Jan 2026 00:00:00 GMT']);
    expect(parseAuthorization(request)?.timestamp.text).toBe(STAMP);
  });
});

describe('a malformed Authorization header', () => {
  const part = (name: string) => `Authorization header requires '${name}' parameter.`;

  it.each([
    ['Credential', AUTHORIZATION.replace(`Credential=${CREDENTIAL}, `, '')],
    ['SignedHeaders', AUTHORIZATION.replace('SignedHeaders=host;x-amz-date, ', '')],
    ['Signature', AUTHORIZATION.replace(`, Signature=${SIGNATURE}`, '')],
    ['Signature', AUTHORIZATION.replace(SIGNATURE, '')],
    ['SignedHeaders', AUTHORIZATION.replace('host;x-amz-date', '')],
  ])('is refused without its %s', (name, authorization) => {
    expect(refusal(headerForm(authorization))).toMatch(
      new RegExp(
        `^${part(name)} \\(Hashed with SHA-256 and encoded with Base64\\) Authorization=[\\w+/]{43}=$`,
      ),
    );
  });

  it('is answered with its hash and never with itself', () => {
    // The hash was made with openssl.
    const authorization = 'AWS4-HMAC-SHA256 Signature=my-other-secret';
    expect(refusal(headerForm(authorization))).toBe(
      `${part('Credential')} ${part('SignedHeaders')} (Hashed with SHA-256 and encoded with Base64) Authorization=3MMOcgnpTGFSGvdRPvqymfZGzNnxD27zaxTohKuAMV4=`,
    );
  });

  it('is refused without any date', () => {
    expect(refusal(withHeaders(['authorization', AUTHORIZATION]))).toContain(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed",
    );
  });

  it.each([
    ['4 elements', 'AKIAEXAMPLE/20260102/sts/aws4_request'],
    ['6 elements', `x/${CREDENTIAL}`],
    ['1 element', 'AKIAEXAMPLE'],
  ])('is refused with a Credential of %s', (_title, credential) => {
    expect(refusal(headerForm(AUTHORIZATION.replace(CREDENTIAL, credential)))).toBe(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  });

  it.each([
    '20260102',
    '2026-01-02T03:04:05Z',
    '20260102T030405z',
    '20260102T030405+',
    '20260230T030405Z',
    '20261302T030405Z',
    '20260102T250405Z',
    '20260102T240000Z',
    '20260102 030405Z',
    ' 0260102T030405Z',
    '',
  ])("is refused with the X-Amz-Date '%s'", (stamp) => {
    expect(refusal(withHeaders(['authorization', AUTHORIZATION], ['x-amz-date', stamp]))).toBe(
      `Date must be in ISO-8601 'basic format'. Got '${stamp}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  });

  it.each([
    ['the wrong weekday', 'Mon, 02 Jan 2026 03:04:05 GMT'],
    ['another zone', 'Fri, 02 Jan 2026 03:04:05 CET'],
    ['asctime', 'Fri Jan  2 03:04:05 2026'],
  ])('is refused with a Date in %s', (_title, date) => {
    expect(refusal(withHeaders(['authorization', AUTHORIZATION], ['date', date]))).toContain(`Got '${date}'`);
  });

  it.each(['AWS4-HMAC-SHA1', 'AWS4-ECDSA-P256-SHA256', 'AWS4-HMAC-SHA256,', 'AWS4-HMAC-SHA256\t'])(
    "is refused with the algorithm '%s'",
    (algorithm) => {
      expect(refusal(headerForm(AUTHORIZATION.replace('AWS4-HMAC-SHA256', algorithm)))).toBe(
        `Unsupported AWS 'algorithm': '${algorithm}'.`,
      );
    },
  );

  it.each([
    ['a second Signature', `${AUTHORIZATION}, Signature=${SIGNATURE}`, 'unexpected'],
    [
      'a second Credential',
      `${AUTHORIZATION}, Credential=x/20260102/eu-west-1/sts/aws4_request`,
      'unexpected',
    ],
    ['an unknown parameter', `${AUTHORIZATION}, X=y`, 'unexpected'],
    ['a lower-case parameter', AUTHORIZATION.replace('Signature=', 'signature='), 'unexpected'],
    ['a trailing comma', `${AUTHORIZATION},`, 'missing equal-sign'],
    ['nothing after the algorithm', 'AWS4-HMAC-SHA256', 'missing equal-sign'],
  ])('is refused with %s', (_title, authorization, fault) => {
    expect(refusal(headerForm(authorization))).toContain(fault);
  });
});

describe('a malformed presigned URL', () => {
  it.each(['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-SignedHeaders', 'X-Amz-Signature'])(
    'is refused without %s',
    (name) => {
      const text = `AWS query-string parameters must include '${name}'. Re-examine the query-string parameters.`;
      expect(refusal(queryForm({ [name]: undefined }))).toBe(text);
      expect(refusal(queryForm({ [name]: '' }))).toBe(text);
    },
  );

  it('names all that is missing', () => {
    expect(refusal({ ...queryForm(), rawQuery: 'X-Amz-Security-Token=x' })).toMatch(
      /'X-Amz-Algorithm'.*'X-Amz-Credential'.*'X-Amz-Signature'.*'X-Amz-SignedHeaders'.*'X-Amz-Date'/,
    );
  });

  it.each([...Object.keys(QUERY), 'X-Amz-Security-Token'])('is refused with a doubled %s', (name) => {
    const request = queryForm({ 'X-Amz-Security-Token': 'x' });
    expect(refusal({ ...request, rawQuery: `${request.rawQuery}&${name}=x` })).toContain(`'${name}' once`);
  });

  it('is refused with a doubled parameter whose name is spelt in escapes', () => {
    const { rawQuery } = queryForm();
    expect(refusal({ ...queryForm(), rawQuery: `${rawQuery}&X%2DAmz%2DCredential=x` })).toContain('once');
  });

  it.each(['%', '%E1%88', '%FF', 'AKIA%2f20260102'])("is refused with the Credential '%s'", (credential) => {
    expect(refusal(queryForm({ 'X-Amz-Credential': credential }))).toContain('percent-encoded');
  });

  it('is refused with another algorithm', () => {
    expect(refusal(queryForm({ 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }))).toContain(
      "Unsupported AWS 'algorithm'",
    );
  });

  it('is refused with an HTTP date', () => {
    const date = 'Fri%2C%2002%20Jan%202026%2003%3A04%3A05%20GMT';
    expect(refusal(queryForm({ 'X-Amz-Date': date }))).toContain('Date must be in ISO-8601');
  });
});

describe('mixed or doubled sources of credentials (MinIO CVE-2026-40344)', () => {
  it.each([...Object.keys(QUERY), 'X-Amz-Security-Token'])(
    'are refused: an Authorization header and %s in the query',
    (name) => {
      expect(refusal({ ...headerForm(AUTHORIZATION), rawQuery: `${name}=x` })).toBe(
        `Found both '${name}' as a query-string param and 'Authorization' as HTTP header.`,
      );
    },
  );

  it('are refused: a bearer token beside a presigned URL', () => {
    const request = queryForm();
    expect(refusal({ ...request, headers: [['authorization', 'Bearer x']] })).toContain('Found both');
  });

  it.each(['x-amz-date', 'x-amz-security-token'])('are refused: %s beside a presigned URL', (name) => {
    expect(refusal({ ...queryForm(), headers: [[name, STAMP]] })).toContain(`Found both '${name}'`);
  });

  it.each<Header>([
    ['authorization', AUTHORIZATION],
    ['authorization', 'Bearer x'],
    ['x-amz-date', STAMP],
    ['x-amz-security-token', 'other'],
  ])('are refused: a second %s header (%s)', (name, value) => {
    const request = headerForm(AUTHORIZATION, ['x-amz-security-token', 'token'], [name, value]);
    expect(refusal(request)).toBe(`Found more than one '${name}' header.`);
  });

  it('are refused: a second Date header', () => {
    const request = withHeaders(['authorization', AUTHORIZATION], ['date', STAMP], ['date', STAMP]);
    expect(refusal(request)).toContain("more than one 'date'");
  });
});
