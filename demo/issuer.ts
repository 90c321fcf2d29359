import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { platforms, type Platform, type PlatformName } from './platforms.ts';
import { createSamlIdp, type Answer, type SamlIdp } from './saml-idp.ts';

export type Issuer = {
  /** `http://127.0.0.1:<port>`; the issuers are at `/github`, `/gitlab` and `/kubernetes` below it, the SAML one at `/saml`. */
  readonly url: string;
  readonly close: () => Promise<void>;
};

type Key = { readonly privateKey: CryptoKey; readonly kid: string; readonly jwk: JWK };
type Providers = { readonly keys: Readonly<Record<PlatformName, Key>>; readonly samlIdp: SamlIdp };

const ALGORITHM = 'RS256';
const DEFAULT_AUDIENCE = 'rolebridge';
// Platforms give their tokens minutes to an hour; people who paste commands need the hour.
const DEFAULT_LIFETIME_SECONDS = 3600;
const MAX_LIFETIME_SECONDS = 86_400;
const MAX_VALUE_CHARS = 200;

/**
 * Starts three OpenID Connect issuers and a SAML identity provider on one port of 127.0.0.1, each with a key of its own
 * that lives as long as the process. They mint a token for whoever asks: for demonstrations and tests only.
 *
 * @param port 0 lets the system choose
 * @throws the listener's error, EADDRINUSE among them
 */
export async function startIssuer({ port }: { readonly port: number }): Promise<Issuer> {
  const [github, gitlab, kubernetes] = await Promise.all([createKey(), createKey(), createKey()]);
  const keys = { github, gitlab, kubernetes };
  const providers: { current?: Providers } = {};
  const server = createServer((request, response) => {
    if (providers.current) void answer(request, response, providers.current);
  });
  await listen(server, port);
  // Its entity ID names the port, which only now is known.
  providers.current = { keys, samlIdp: createSamlIdp(`${originOf(server)}/saml`) };
  return { url: originOf(server), close: () => close(server) };
}

async function createKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { privateKey, kid, jwk: { ...jwk, kid, alg: ALGORITHM, use: 'sig' } };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  providers: Providers,
): Promise<void> {
  const { status, type, body } = await route(request, providers).catch(() => refusal(400, 'not understood'));
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

// Async, so that whatever a URL provokes ends as a rejection that is answered.
async function route(request: IncomingMessage, { keys, samlIdp }: Providers): Promise<Answer> {
  const origin = `http://127.0.0.1:${request.socket.localPort ?? 0}`;
  // A page whose name resolves to this machine (DNS rebinding) must not read tokens.
  if (`http://${request.headers.host ?? ''}` !== origin) return refusal(403, `ask ${origin}`);
  if (request.method !== 'GET') return refusal(405, 'only GET is understood');
  const url = new URL(origin + (request.url ?? '/'));
  const [, name = '', ...rest] = url.pathname.split('/');
  const path = `/${rest.join('/')}`;
  if (name === 'saml') return samlIdp(path, url.searchParams);
  if (!isPlatform(name)) return refusal(404, `issuers are at ${Object.keys(platforms).join(', ')}, saml`);
  const issuer = `${origin}/${name}`;
  if (path === '/.well-known/openid-configuration') return json(discovery(issuer, platforms[name]));
  if (path === platforms[name].jwksPath) return json({ keys: [keys[name].jwk] });
  if (path === '/token') return token(issuer, platforms[name], keys[name], url.searchParams);
  return refusal(404, `there is ${issuer}/token and ${issuer}/.well-known/openid-configuration`);
}

function isPlatform(name: string): name is PlatformName {
  return Object.hasOwn(platforms, name);
}

/** OpenID Connect Discovery 1.0, section 3: as the platforms have it, which offer no sign-in either. */
function discovery(issuer: string, { jwksPath }: Platform): object {
  return {
    issuer,
    jwks_uri: issuer + jwksPath,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [ALGORITHM],
    scopes_supported: ['openid'],
  };
}

async function token(
  issuer: string,
  platform: Platform,
  { privateKey, kid }: Key,
  query: URLSearchParams,
): Promise<Answer> {
  const fault = faultOf(query, platform);
  if (fault !== undefined) return refusal(400, fault);
  const asked = { ...platform.parameters, ...Object.fromEntries(query) };
  const audience = query.get('audience') ?? DEFAULT_AUDIENCE;
  const issuedAt = Math.floor(Date.now() / 1000);
  const lifetime = Number(query.get('expires_in') ?? DEFAULT_LIFETIME_SECONDS);
  const jwt = await new SignJWT({ ...platform.claims(asked) })
    .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(platform.audienceIsList ? [audience] : audience)
    // A token that is expired from the start was issued before.
    .setIssuedAt(issuedAt + Math.min(0, lifetime))
    .setNotBefore(issuedAt + Math.min(0, lifetime))
    .setExpirationTime(issuedAt + lifetime)
    .sign(privateKey);
  return { status: 200, type: 'text/plain', body: jwt };
}

/** What is wrong with the parameters of a request for a token, in a sentence. */
function faultOf(query: URLSearchParams, { parameters, choices }: Platform): string | undefined {
  const known = [...Object.keys(parameters), 'audience', 'expires_in'];
  for (const [name, value] of query) {
    const choice = Object.hasOwn(choices, name) ? choices[name] : undefined;
    if (!known.includes(name)) return `there is no such parameter; there are ${known.join(', ')}`;
    if (query.getAll(name).length > 1) return `${name} came twice`;
    if (choice && !choice.includes(value)) return `${name} is one of ${choice.join(', ')}`;
    if (value.length > MAX_VALUE_CHARS || !/^[\w:/.@+-]*$/.test(value))
      return `${name} may hold up to ${MAX_VALUE_CHARS} letters, digits and _ : / . @ + -`;
  }
  const lifetime = query.get('expires_in') ?? '0';
  if (/^-?\d{1,5}$/.test(lifetime) && Math.abs(Number(lifetime)) <= MAX_LIFETIME_SECONDS) return undefined;
  return `expires_in is whole seconds, up to ${MAX_LIFETIME_SECONDS}; below zero for a token that is expired already`;
}

function json(value: object): Answer {
  return { status: 200, type: 'application/json', body: JSON.stringify(value) };
}

function refusal(status: number, text: string): Answer {
  return { status, type: 'text/plain', body: `${text}\n` };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function originOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
