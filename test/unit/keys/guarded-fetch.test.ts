import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createGuardedFetch, type FetchFailure, GuardedFetchError } from '../../../src/keys/guarded-fetch.ts';
import { listenOnLoopback, type LoopbackServer, startLoopbackServer } from './loopback-server.ts';
import { createSelfSignedCertificate } from './self-signed.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function serve(listener: RequestListener): Promise<LoopbackServer> {
  const server = await startLoopbackServer(listener);
  closers.push(server.close);
  return server;
}

const open = createGuardedFetch({ privateAddresses: 'allow', http: 'allow', timeoutMs: 5000 });
const impatient = createGuardedFetch({ privateAddresses: 'allow', http: 'allow', timeoutMs: 150 });
const strict = createGuardedFetch({ privateAddresses: 'deny', http: 'deny', timeoutMs: 5000 });
const publicOnly = createGuardedFetch({ privateAddresses: 'deny', http: 'allow', timeoutMs: 5000 });

async function reasonOf(fetching: Promise<unknown>): Promise<FetchFailure> {
  const error = await fetching.then(
    () => new Error('it was fetched'),
    (cause: unknown) => cause,
  );
  if (error instanceof GuardedFetchError) return error.reason;
  throw error;
}

describe('a guarded fetch', () => {
  it('returns status, type, headers and body as they came', async () => {
    const { origin } = await serve((request, response) => {
      response.writeHead(404, { 'content-type': 'text/x', 'x-accept': request.headers['accept-encoding'] });
      response.end('gone');
    });
    const { status, contentType, headers, body } = await open(`${origin}/x`);
    expect([status, contentType, headers['x-accept'], body.toString()]).toEqual([
      404,
      'text/x',
      'identity',
      'gone',
    ]);
  });

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:,x',
    'not a url',
    '//example.com',
    'https://user@example.com/',
    'https://:secret@example.com/',
    `https://example.com/${'a'.repeat(2048)}`,
  ])('refuses the address %.40s', async (url) => {
    expect(await reasonOf(strict(url))).toBe('bad-url');
  });

  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://１２７.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a00:1]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://169.254.169.254/latest/meta-data',
    'https://0/',
    'https://localhost/',
  ])('refuses %s as no public address', async (url) => {
    expect(await reasonOf(strict(url))).toBe('refused-address');
  });

  it('never connects to a name that resolves to a private address (DNS rebinding)', async () => {
    const { port, requests } = await serve((_, response) => response.end());
    expect(await reasonOf(publicOnly(`http://localhost:${port}/`))).toBe('refused-address');
    expect(requests).toEqual([]);
  });

  it('refuses link-local addresses even where private ones are allowed (cloud metadata services)', async () => {
    expect(await reasonOf(open('http://169.254.169.254/'))).toBe('refused-address');
  });

  it('follows a redirect on the same host', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else response.end('here');
    });
    expect((await open(`${origin}/a`)).body.toString()).toBe('here');
  });

  it('stops after three redirects', async () => {
    const { origin, requests } = await serve((_, response) =>
      response.writeHead(307, { location: '/again' }).end(),
    );
    expect(await reasonOf(open(`${origin}/`))).toBe('refused-redirect');
    expect(requests).toHaveLength(4);
  });

  it('does not follow a redirect to another host', async () => {
    const other = await serve((_, response) => response.end('secret'));
    const { origin } = await serve((_, response) =>
      response.writeHead(302, { location: other.origin }).end(),
    );
    expect(await reasonOf(open(`${origin}/`))).toBe('refused-redirect');
    expect(other.requests).toEqual([]);
  });

  it.each(['http://169.254.169.254/', 'http://[::]/'])(
    'checks the address of a redirect to %s',
    async (location) => {
      const { origin } = await serve((_, response) => response.writeHead(302, { location }).end());
      expect(await reasonOf(open(`${origin}/`))).toBe('refused-address');
    },
  );

  it('refuses a redirect to another scheme', async () => {
    const { origin } = await serve((_, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    expect(await reasonOf(open(`${origin}/`))).toBe('bad-url');
  });

  it('refuses a redirect from https to http, even where http is allowed', async () => {
    const certificate = createSelfSignedCertificate();
    const authorities = getCACertificates('default');
    setDefaultCACertificates([certificate.cert]);
    const server = createTlsServer(certificate, (request, response) => {
      response.writeHead(302, { location: `http://${request.headers.host ?? ''}/` }).end();
    });
    closers.push(server[Symbol.asyncDispose].bind(server));
    const reason = await reasonOf(open(`https://localhost:${await listenOnLoopback(server)}/`));
    setDefaultCACertificates(authorities);
    expect(reason).toBe('refused-redirect');
  });

  it('gives up on a server that accepts and never answers', async () => {
    const { origin } = await serve(() => undefined);
    expect(await reasonOf(impatient(origin))).toBe('timeout');
  });

  it('gives up on a body that never ends', async () => {
    const { origin } = await serve((_, response) => response.write('x'));
    expect(await reasonOf(impatient(origin))).toBe('timeout');
  });

  it('refuses 10 MB at the header that announces them', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 10_000_000 }).flushHeaders();
    });
    expect(await reasonOf(open(origin))).toBe('too-large');
  });

  it('refuses 10 MB that were not announced, while reading', async () => {
    const { origin } = await serve((_, response) => {
      for (let megabyte = 0; megabyte < 10; megabyte++) response.write(Buffer.alloc(1_000_000));
      response.end();
    });
    expect(await reasonOf(open(origin))).toBe('too-large');
  });

  it('takes a body of exactly the limit and refuses one byte more', async () => {
    const { origin } = await serve((request, response) => {
      response.write('x'.repeat(Number(request.url?.slice(1))));
      response.end();
    });
    const small = createGuardedFetch({
      privateAddresses: 'allow',
      http: 'allow',
      timeoutMs: 5000,
      maxBytes: 100,
    });
    expect((await small(`${origin}/100`)).body).toHaveLength(100);
    expect(await reasonOf(small(`${origin}/101`))).toBe('too-large');
  });

  it.each(['gzip', 'br', 'deflate', 'zstd'])(
    'refuses an answer in %s (decompression bombs)',
    async (encoding) => {
      const { origin } = await serve((_, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end('x'),
      );
      expect(await reasonOf(open(origin))).toBe('compressed');
    },
  );

  it('calls a refused connection and a broken one unreachable', async () => {
    const { origin, close } = await serve((request) => request.socket.destroy());
    expect(await reasonOf(open(origin))).toBe('unreachable');
    await close();
    expect(await reasonOf(open(origin))).toBe('unreachable');
  });

  it('calls a body that breaks off unreachable', async () => {
    const { origin } = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('x', () => request.socket.destroy());
    });
    expect(await reasonOf(open(origin))).toBe('unreachable');
  });

  it('calls an answer that is not HTTP a protocol error', async () => {
    const server = createTcpServer((socket) => socket.resume().end('SSH-2.0-x\r\n'));
    closers.push(server[Symbol.asyncDispose].bind(server));
    expect(await reasonOf(open(`http://127.0.0.1:${await listenOnLoopback(server)}/`))).toBe(
      'protocol-error',
    );
  });

  it('refuses a certificate that no known authority signed', async () => {
    const server = createTlsServer(createSelfSignedCertificate(), (_, response) => response.end('x'));
    closers.push(server[Symbol.asyncDispose].bind(server));
    expect(await reasonOf(open(`https://localhost:${await listenOnLoopback(server)}/`))).toBe(
      'protocol-error',
    );
  });
});
