import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { FederationError } from '../../../src/domain/errors.ts';
import { createGuardedRequest, GuardedFetchError } from '../../../src/keys/guarded-fetch.ts';
import { createProviderFetch } from '../../../src/keys/provider-fetch.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function serve(listener: RequestListener): Promise<LoopbackServer> {
  const server = await startLoopbackServer(listener);
  closers.push(server.close);
  return server;
}

const OPEN = { privateAddresses: 'allow', http: 'allow', timeoutMs: 5000 } as const;
const send = createGuardedRequest(OPEN);
const POST = { method: 'POST', headers: { authorization: 'Basic c2VjcmV0' }, body: 'code=c' } as const;

const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, headers } = request;
    response.setHeader('content-type', 'application/json');
    response.setHeader('set-cookie', 'a=b');
    response.end(JSON.stringify({ method, headers, body: Buffer.concat(chunks).toString() }));
  });
};

async function reasonOf(sending: Promise<unknown>) {
  const error = await sending.then(
    () => new Error('it was answered'),
    (cause: unknown) => cause,
  );
  if (error instanceof GuardedFetchError) return error.reason;
  throw error;
}

describe('a guarded request', () => {
  it('carries method, headers and body, under our name and uncompressed', async () => {
    const { origin } = await serve(echo);
    const headers = { ...POST.headers, 'user-agent': 'somebody', 'accept-encoding': 'gzip' };
    const { status, body } = await send(`${origin}/token`, { ...POST, headers });
    expect(status).toBe(200);
    expect(JSON.parse(body.toString())).toMatchObject({
      method: 'POST',
      body: 'code=c',
      headers: {
        authorization: 'Basic c2VjcmV0',
        'content-length': '6',
        'user-agent': 'rolebridge',
        'accept-encoding': 'identity',
      },
    });
  });

  it.each([301, 302, 303, 307, 308])(
    'follows no redirect, not even on the same host (%i)',
    async (status) => {
      const { origin, requests } = await serve((_, response) => {
        response.writeHead(status, { location: '/elsewhere' }).end();
      });
      expect(await reasonOf(send(`${origin}/token`, POST))).toBe('refused-redirect');
      expect(requests).toEqual(['/token']);
    },
  );

  it.each([
    ['plain http', { ...OPEN, http: 'deny' }, 'bad-url'],
    ['a private address', { ...OPEN, privateAddresses: 'deny' }, 'refused-address'],
    ['a body that is too large', { ...OPEN, maxBytes: 10 }, 'too-large'],
  ] as const)('refuses %s', async (_, options, reason) => {
    const { origin } = await serve(echo);
    expect(await reasonOf(createGuardedRequest(options)(`${origin}/token`, POST))).toBe(reason);
  });

  it('refuses a compressed answer, and waits for none beyond its time', async () => {
    const zipped = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    });
    expect(await reasonOf(send(zipped.origin, POST))).toBe('compressed');
    const silent = await serve(() => undefined);
    const impatient = createGuardedRequest({ ...OPEN, timeoutMs: 150 });
    expect(await reasonOf(impatient(silent.origin, POST))).toBe('timeout');
  });
});

describe('a fetch for a library', () => {
  const fetch = createProviderFetch(send);

  it('sends forms, and hands on status, type and body, but no other header', async () => {
    const { origin } = await serve(echo);
    const response = await fetch(`${origin}/token`, { ...POST, body: new URLSearchParams({ code: 'c d' }) });
    expect([response.status, [...response.headers]]).toEqual([200, [['content-type', 'application/json']]]);
    expect(await response.json()).toMatchObject({ method: 'POST', body: 'code=c+d' });
  });

  it('hands on failures as they are', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(401).end();
    });
    const response = await fetch(origin, { method: 'GET', headers: {} });
    expect([response.status, await response.text()]).toEqual([401, '']);
  });

  it.each([
    ['identity-provider-unreachable', undefined, 'a server that is not there', 'http://127.0.0.1:1/'],
    ['provider-refused', 'other', 'an address that may not be asked', 'http://169.254.169.254/'],
    ['provider-refused', 'other', 'an address that is none', 'nowhere'],
  ])('throws %s (error %s) for %s', async (code, error, _, url) => {
    const failure: unknown = await fetch(url, { method: 'GET', headers: {} }).catch(
      (cause: unknown) => cause,
    );
    if (!(failure instanceof FederationError)) throw failure;
    expect([failure.code, failure.params['error']]).toEqual([code, error]);
  });

  it('refuses status codes that nobody knows', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(999).end('x');
    });
    await expect(fetch(origin, { method: 'GET', headers: {} })).rejects.toMatchObject({
      code: 'provider-refused',
    });
  });

  it.each([
    ['another method', { method: 'PUT', headers: {} }],
    ['a stream', { method: 'POST', headers: {}, body: new ReadableStream() }],
  ])('has no request with %s', async (_, request) => {
    await expect(fetch('https://idp.example.com/', request)).rejects.toThrow(
      /no guarded request|neither text/,
    );
  });
});
