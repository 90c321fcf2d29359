import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, it } from 'vitest';
import type { SignedRequest } from '../../../../src/protocols/sigv4/signed-request.ts';
import { outcomeOf } from './outcome.ts';

const AT = new Date('2026-01-02T03:04:05Z');
const credentials = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'AQoDYXdzEPT//////////wEXAMPLE==',
};
const situation = { credentials, nowMs: AT.getTime(), service: 'sts' };

type Bytes = string | ArrayBuffer | ArrayBufferView;

class Sha256 {
  readonly #state: ReturnType<typeof createHash | typeof createHmac>;

  constructor(secret?: Bytes) {
    this.#state = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Bytes): void {
    this.#state.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#state.digest());
  }

  reset(): void {
    throw new Error('the signer makes a new one for every hash');
  }
}

function bytesOf(data: Bytes): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

const signer = new SignatureV4({ credentials, region: 'eu-west-1', service: 'sts', sha256: Sha256 });
const outgoing = {
  method: 'POST',
  protocol: 'https:',
  hostname: 'sts.example.com',
  path: '/sts/',
  query: {},
  headers: {
    host: 'sts.example.com',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': '43',
    'amz-sdk-invocation-id': '4b7b4a70-6f2c-4a5e-9f0c-1d7a3a9c2e11',
    'amz-sdk-request': 'attempt=1; max=3',
    'x-amz-user-agent': 'aws-sdk-js/3.1168.0  ua/2.1',
    'user-agent': 'aws-sdk-js/3.1168.0',
  },
  body: 'Action=GetCallerIdentity&Version=2011-06-15',
};

type Sent = Awaited<ReturnType<SignatureV4['presign']>>;

function received({ method, path, query, headers, body }: Sent): SignedRequest {
  const pairs = Object.entries(query ?? {}).map(([name, value]) =>
    [name, String(value)].map(encodeURIComponent).join('='),
  );
  return {
    method,
    rawPath: path,
    rawQuery: pairs.join('&'),
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
    body: Buffer.from(typeof body === 'string' ? body : ''),
  };
}

describe("the AWS SDK for JavaScript's own signer", () => {
  it('makes requests that are accepted', async () => {
    const request = received(await signer.sign(outgoing, { signingDate: AT }));
    expect(request.headers.map(([name]) => name)).toContain('x-amz-content-sha256');
    expect(outcomeOf(request, situation)).toBe('accepted');
  });

  it('makes presigned URLs that are accepted, with an extra signed header (EKS, Vault)', async () => {
    const { sessionToken } = credentials;
    const get = {
      ...outgoing,
      method: 'GET',
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15', Note: "it's (1 + 1)* ሴ" },
      headers: { host: 'sts.example.com', 'x-k8s-aws-id': 'my-cluster' },
      body: undefined,
    };
    const presigned = await signer.presign(get, {
      signingDate: AT,
      expiresIn: 60,
      unhoistableHeaders: new Set(['x-k8s-aws-id']),
    });
    const request = received(presigned);
    expect(request.rawQuery).toContain(`X-Amz-Security-Token=${encodeURIComponent(sessionToken)}`);
    expect(outcomeOf(request, situation)).toBe('accepted');
  });

  it('makes requests that are refused once the body differs', async () => {
    const request = received(await signer.sign(outgoing, { signingDate: AT }));
    const changed = { ...request, body: Buffer.from('Action=AssumeRole') };
    expect(outcomeOf(changed, situation)).toBe('signature-mismatch');
  });
});
