import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { auth, metadata } from 'samlp';
import { createTestIdp } from './saml/identity-provider.ts';

/** Settings of `samlp.auth`, as its documentation names them. */
type SamlpSettings = Readonly<Record<string, unknown>> & {
  readonly audience?: string;
  readonly recipient?: string;
  readonly destination?: string;
};

export type SamlpIdp = {
  readonly entityId: string;
  readonly metadataUrl: string;
  /** The page on which an identity provider that was set up for AWS begins a sign-in. */
  readonly signInUrl: string;
  /** Other settings from the next request on. */
  readonly configure: (settings: SamlpSettings) => void;
  readonly stop: () => Promise<void>;
};

const RECIPIENT = 'https://signin.aws.amazon.com/saml';
const AWS = { audience: 'urn:amazon:webservices', recipient: RECIPIENT, destination: RECIPIENT };
type Done = (error: unknown, url: string) => void;

/** The npm package samlp as an identity provider on a free port; whoever comes is alice. */
export async function startSamlpIdp(): Promise<SamlpIdp> {
  const entityId = 'https://samlp.example.com/idp';
  const { key, certificate: cert } = createTestIdp(entityId);
  const base = {
    issuer: entityId,
    cert,
    key: key.export({ format: 'pem', type: 'pkcs8' }),
    lifetimeInSeconds: 300,
    getUserFromRequest: () => ({
      id: 'alice',
      emails: [{ value: 'alice@example.com' }],
      displayName: 'Alice A.',
      name: { givenName: 'Alice', familyName: 'A.' },
    }),
  };
  let settings: SamlpSettings = {};
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const express = expressLike(request, response, url);
    const fail = (error: unknown): void => void response.writeHead(500).end(String(error));
    if (url.pathname === '/metadata') {
      const endpoints = { redirectEndpointPath: '/sso', postEndpointPath: '/sso' };
      metadata({ issuer: entityId, cert, ...endpoints })(express.request, express.response, fail);
      return;
    }
    const options = { ...base, ...(url.pathname === '/aws' ? AWS : {}), ...settings };
    const getPostURL = (_1: unknown, _2: unknown, _3: unknown, done: Done): void => {
      done(null, options.destination ?? RECIPIENT);
    };
    auth({ ...options, getPostURL })(express.request, express.response, fail);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    entityId,
    metadataUrl: `http://127.0.0.1:${port}/metadata`,
    signInUrl: `http://127.0.0.1:${port}/aws`,
    configure: (more) => (settings = more),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** What the package takes for granted of Express. */
function expressLike(request: IncomingMessage, response: ServerResponse, url: URL) {
  const send = (body: string | number): void => {
    if (typeof body === 'number') response.writeHead(body).end();
    else response.end(body);
  };
  return {
    request: Object.assign(request, {
      query: Object.fromEntries(url.searchParams),
      originalUrl: request.url,
      protocol: 'http',
    }),
    response: Object.assign(response, {
      set: (name: string, value: string) => response.setHeader(name, value),
      send,
    }),
  };
}
