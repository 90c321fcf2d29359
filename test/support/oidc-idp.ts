import { createHmac, hash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { OidcPreset } from '../../src/domain/identity/sign-in-settings.ts';
import {
  type EndpointName,
  type Json,
  type OidcIdpPerson,
  PRESET_SHAPES,
  type PresetShape,
} from './oidc-idp-presets.ts';

/**
 * A way in which the provider does something wrong, or an attacker in its place.
 *
 * `code-of-another`: the callback brings a code that was made for another attempt. `mixed-up-iss`: the callback names
 * another issuer. `no-iss`: it names none, whatever the metadata says. The `token-…` and `userinfo-…` ones are how that
 * endpoint answers; the others change the ID token.
 */
export type OidcIdpFault =
  | 'wrong-nonce'
  | 'no-nonce'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'expired'
  | 'hs256'
  | 'alg-none'
  | 'foreign-key'
  | 'wrong-at-hash'
  | 'no-id-token'
  | 'wrong-state'
  | 'no-state'
  | 'mixed-up-iss'
  | 'no-iss'
  | 'doubled-state'
  | 'code-of-another'
  | 'token-html'
  | 'token-500'
  | 'token-slow'
  | 'token-huge'
  | 'token-redirect'
  | 'token-wrong-type'
  | 'token-broken-json'
  | 'userinfo-wrong-sub'
  | 'userinfo-500'
  | 'userinfo-html'
  | 'userinfo-redirect';

type OidcIdpSettings = {
  readonly fault: OidcIdpFault | 'none';
  /** The authorization endpoint answers with this error, e.g. `access_denied`; empty: it signs in. */
  readonly error: string;
  /** Whose `sub` is signed in at once; empty: a page asks, with one button for each person and one to cancel. */
  readonly signInAs: string;
  /** Pushed authorization requests (RFC 9126). */
  readonly par: 'absent' | 'offered' | 'required';
  /** `iss` in the callback (RFC 9207). */
  readonly iss: 'announced' | 'sent' | 'absent';
  readonly userinfo: 'offered' | 'absent';
  /** Other members of the discovery document; a value of `undefined` takes a member out. */
  readonly metadata: Json;
  /** Other claims of the ID token, whoever signs in; a value of `undefined` takes a claim out. */
  readonly idTokenClaims: Json;
  /** Other claims of the userinfo endpoint. */
  readonly userinfoClaims: Json;
  /** Discovery and every other endpoint answer 503. */
  readonly down: 'no' | 'yes';
};

/** A request to an endpoint that only the relying party calls. */
type OidcIdpRequest = {
  readonly endpoint: 'token' | 'par' | 'userinfo';
  readonly method: string;
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
};

export type OidcIdp = {
  /** `http://127.0.0.1:<port>` and the preset's path. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Other settings from the next request on. */
  readonly configure: (settings: Partial<OidcIdpSettings>) => void;
  /** What the relying party asked for so far, the oldest first. */
  readonly requests: readonly OidcIdpRequest[];
  readonly stop: () => Promise<void>;
};

export type OidcIdpOptions = Partial<OidcIdpSettings> & {
  /** Which provider it looks like; default `generic`. */
  readonly preset?: OidcPreset;
  readonly clientId?: string;
  /** Empty: the client is a public one. */
  readonly clientSecret?: string;
  readonly people?: readonly OidcIdpPerson[];
  /** Epoch milliseconds; the machine's clock where it is not given. */
  readonly now?: () => number;
};

/** Alice is in `admins` and `developers`, Bob in `developers`. */
const OIDC_PEOPLE: readonly OidcIdpPerson[] = [
  { sub: 'alice-1', name: 'Alice Example', email: 'alice@acme.example', groups: ['admins', 'developers'] },
  { sub: 'bob-2', name: 'Bob Example', email: 'bob@acme.example', groups: ['developers'] },
];

const DEFAULTS: OidcIdpSettings = {
  fault: 'none',
  error: '',
  signInAs: '',
  par: 'absent',
  iss: 'absent',
  userinfo: 'offered',
  metadata: {},
  idTokenClaims: {},
  userinfoClaims: {},
  down: 'no',
};
const SLOW_MS = 60_000;
const HUGE_BYTES = 3_000_000;
const TOKEN_SECONDS = 3600;

type Keys = { readonly own: CryptoKey; readonly foreign: CryptoKey; readonly jwk: Json };
type Grant = { readonly request: URLSearchParams; readonly person: OidcIdpPerson };
type Idp = Required<Omit<OidcIdpOptions, keyof OidcIdpSettings>> & {
  settings: OidcIdpSettings;
  readonly shape: PresetShape;
  readonly issuer: string;
  readonly keys: Keys;
  readonly codes: Map<string, Grant>;
  readonly accessTokens: Map<string, OidcIdpPerson>;
  readonly pushed: Map<string, URLSearchParams>;
  readonly requests: OidcIdpRequest[];
};
type Answer = {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly location?: string;
};
type Call = {
  readonly url: URL;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
};

/**
 * Starts an OpenID Connect provider on a free port of 127.0.0.1 that behaves as a preset's provider does, or wrongly
 * where a fault is set. It checks what a real one checks: redirect URI and client, PKCE, single use of codes,
 * client authentication.
 *
 * Its authorization endpoint shows a page with a button for each person (name `login`, value their `sub`) and
 * `login=` (empty) for Cancel; the form posts to the page's own address. With `signInAs` there is no page.
 */
export async function startOidcIdp(options: OidcIdpOptions = {}): Promise<OidcIdp> {
  const {
    preset = 'generic',
    clientId = 'client-1',
    clientSecret = 'secret-of-client-1',
    people = OIDC_PEOPLE,
    now = Date.now,
    ...settings
  } = options;
  const keys = await keysOf(preset);
  const holder: { idp?: Idp } = {};
  const server = createServer((request, response) => {
    if (holder.idp !== undefined) void serve(request, response, holder.idp);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const shape = PRESET_SHAPES[preset];
  const idp: Idp = {
    preset,
    clientId,
    clientSecret,
    people,
    now,
    settings: { ...DEFAULTS, ...settings },
    shape,
    issuer: `http://127.0.0.1:${port}${shape.path}`,
    keys,
    codes: new Map(),
    accessTokens: new Map(),
    pushed: new Map(),
    requests: [],
  };
  holder.idp = idp;
  return {
    issuer: idp.issuer,
    clientId,
    clientSecret,
    requests: idp.requests,
    configure: (more) => {
      idp.settings = { ...idp.settings, ...more };
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const generated = new Map<OidcPreset, Promise<Keys>>();

/** One pair for all providers of a preset: making them takes longer than most tests. */
function keysOf(preset: OidcPreset): Promise<Keys> {
  const keys = generated.get(preset) ?? generateKeys();
  generated.set(preset, keys);
  return keys;
}

async function generateKeys(): Promise<Keys> {
  const [own, foreign] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  return { own: own.privateKey, foreign: foreign.privateKey, jwk };
}

async function serve(request: IncomingMessage, response: ServerResponse, idp: Idp): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const call: Call = {
    url: new URL(request.url ?? '/', idp.issuer),
    method: request.method ?? '',
    authorization: request.headers.authorization,
    form: new URLSearchParams(Buffer.concat(chunks).toString()),
  };
  const { status, type = 'application/json', body = '', location } = await route(call, idp);
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    ...(location === undefined ? {} : { location }),
  });
  response.end(body);
}

async function route(call: Call, idp: Idp): Promise<Answer> {
  const { shape, settings } = idp;
  if (settings.down === 'yes') return { status: 503, type: 'text/html', body: '<h1>Down</h1>' };
  const path = call.url.pathname.slice(shape.path.length);
  if (path === '/.well-known/openid-configuration') return json(discovery(idp));
  switch (path) {
    case shape.paths.jwks:
      return json({ keys: [idp.keys.jwk] });
    case shape.paths.authorize:
      return authorize(call, idp);
    case shape.paths.token:
      return token(call, idp);
    case shape.paths.par:
      return pushRequest(call, idp);
    case shape.paths.userinfo:
      return userinfo(call, idp);
    case shape.paths.logout:
      return page('<h1>Signed out</h1>');
    default:
      // Cognito's and Google's logout pages are at the root of the host.
      return /^\/logout$/i.test(call.url.pathname) ? page('<h1>Signed out</h1>') : { status: 404 };
  }
}

function discovery({ issuer, shape, settings }: Idp): Json {
  const at = (name: EndpointName): string => issuer + shape.paths[name];
  const { endSession } = shape.paths;
  return {
    issuer,
    authorization_endpoint: at('authorize'),
    token_endpoint: at('token'),
    jwks_uri: at('jwks'),
    ...(settings.userinfo === 'offered' ? { userinfo_endpoint: at('userinfo') } : {}),
    ...(endSession === undefined ? {} : { end_session_endpoint: issuer + endSession }),
    ...(settings.par === 'absent' ? {} : { pushed_authorization_request_endpoint: at('par') }),
    ...(settings.par === 'required' ? { require_pushed_authorization_requests: true } : {}),
    ...(settings.iss === 'announced' ? { authorization_response_iss_parameter_supported: true } : {}),
    ...shape.metadata,
    ...settings.metadata,
  };
}

function authorize(call: Call, idp: Idp): Answer {
  const { settings, people } = idp;
  const request = requestOf(call, idp);
  if (request === undefined || !isKnownRequest(request, idp))
    return { status: 400, type: 'text/html', body: '<h1>Unknown client, redirect URI or request</h1>' };
  const login = call.form.get('login') ?? settings.signInAs;
  const person = people.find(({ sub }) => sub === login);
  const isCancelled = call.method === 'POST' && login === '';
  if (settings.error !== '' || isCancelled)
    return redirect(request, { error: settings.error === '' ? 'access_denied' : settings.error }, idp);
  if (person === undefined) return loginPage(call, idp);
  const code = randomUUID();
  idp.codes.set(code, { request, person });
  return redirect(request, { code: codeToSend(code, person, request, idp) }, idp);
}

/** The parameters themselves, or those that were pushed, which work once. */
function requestOf({ url }: Call, { pushed, settings }: Idp): URLSearchParams | undefined {
  const uri = url.searchParams.get('request_uri');
  if (uri === null) return settings.par === 'required' ? undefined : url.searchParams;
  return pushed.get(uri);
}

function isKnownRequest(request: URLSearchParams, { clientId }: Idp): boolean {
  return (
    request.get('client_id') === clientId &&
    request.get('response_type') === 'code' &&
    request.get('code_challenge_method') === 'S256' &&
    (request.get('scope') ?? '').split(' ').includes('openid') &&
    URL.canParse(request.get('redirect_uri') ?? '')
  );
}

function codeToSend(
  code: string,
  person: OidcIdpPerson,
  request: URLSearchParams,
  { codes, settings }: Idp,
): string {
  if (settings.fault !== 'code-of-another') return code;
  const stolen = randomUUID();
  const other = new URLSearchParams(request);
  other.set('code_challenge', hash('sha256', 'somebody-else', 'base64url'));
  other.set('nonce', 'somebody-else');
  codes.set(stolen, { request: other, person });
  return stolen;
}

function loginPage({ url }: Call, { people, preset }: Idp): Answer {
  const buttons = people.map(({ sub, name }) => `<button name="login" value="${sub}">${name}</button>`);
  const action = `${url.pathname}${url.search}`.replaceAll('&', '&amp;');
  return page(
    `<h1>Sign in to ${preset}</h1><form method="post" action="${action}">${buttons.join(' ')}
    <button name="login" value="">Cancel</button></form>`,
  );
}

function redirect(
  request: URLSearchParams,
  result: Readonly<Record<string, string>>,
  { settings: { fault, iss }, issuer }: Idp,
): Answer {
  const target = new URL(request.get('redirect_uri') ?? '');
  const state = fault === 'wrong-state' ? 'x'.repeat(43) : (request.get('state') ?? '');
  const query = Object.entries(result);
  if (fault !== 'no-state') query.push(['state', state]);
  if (fault === 'doubled-state') query.push(['state', state]);
  if (fault === 'mixed-up-iss') query.push(['iss', 'https://attacker.example']);
  else if (iss !== 'absent' && fault !== 'no-iss') query.push(['iss', issuer]);
  for (const [name, value] of query) target.searchParams.append(name, value);
  return { status: 302, location: target.href };
}

function pushRequest(call: Call, idp: Idp): Answer {
  keepRequest('par', call, idp);
  if (!isClient(call, idp)) return json({ error: 'invalid_client' }, 401);
  if (!isKnownRequest(call.form, idp)) return json({ error: 'invalid_request' }, 400);
  const uri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`;
  idp.pushed.set(uri, call.form);
  return json({ request_uri: uri, expires_in: 60 }, 201);
}

async function token(call: Call, idp: Idp): Promise<Answer> {
  keepRequest('token', call, idp);
  const { codes, settings, issuer, accessTokens } = idp;
  const broken = await brokenAnswer(settings.fault, 'token', issuer);
  if (broken !== undefined) return broken;
  if (!isClient(call, idp)) return json({ error: 'invalid_client' }, 401);
  const code = call.form.get('code') ?? '';
  const grant = codes.get(code);
  codes.delete(code);
  if (grant === undefined || !isRedeemable(call.form, grant)) return json({ error: 'invalid_grant' }, 400);
  const accessToken = randomUUID();
  accessTokens.set(accessToken, grant.person);
  const answer = json({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: TOKEN_SECONDS,
    ...(settings.fault === 'no-id-token' ? {} : { id_token: await idToken(grant, accessToken, idp) }),
  });
  return settings.fault === 'token-wrong-type' ? { ...answer, type: 'text/plain' } : answer;
}

/** The same redirect URI, and the verifier of the challenge (RFC 7636 4.6). */
function isRedeemable(form: URLSearchParams, { request }: Grant): boolean {
  return (
    form.get('grant_type') === 'authorization_code' &&
    form.get('redirect_uri') === request.get('redirect_uri') &&
    hash('sha256', form.get('code_verifier') ?? '', 'base64url') === request.get('code_challenge')
  );
}

function isClient({ authorization, form }: Call, { clientId, clientSecret, settings }: Idp): boolean {
  const id = form.get('client_id');
  if (clientSecret === '')
    return id === clientId && authorization === undefined && !form.has('client_secret');
  const methods = settings.metadata['token_endpoint_auth_methods_supported'];
  const isPostOnly = Array.isArray(methods) && !methods.includes('client_secret_basic');
  if (authorization === undefined) return id === clientId && form.get('client_secret') === clientSecret;
  const [name, secret] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')
    .map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
  return !isPostOnly && name === clientId && secret === clientSecret && !form.has('client_secret');
}

async function userinfo(call: Call, idp: Idp): Promise<Answer> {
  keepRequest('userinfo', call, idp);
  const { settings, shape, accessTokens, issuer } = idp;
  const broken = await brokenAnswer(settings.fault, 'userinfo', issuer);
  if (broken !== undefined) return broken;
  const person = accessTokens.get((call.authorization ?? '').replace(/^Bearer /, ''));
  if (person === undefined || settings.userinfo === 'absent') return json({ error: 'invalid_token' }, 401);
  return json({
    sub: settings.fault === 'userinfo-wrong-sub' ? 'somebody-else' : person.sub,
    ...shape.userinfoClaims(person),
    ...person.userinfoClaims,
    ...settings.userinfoClaims,
  });
}

async function brokenAnswer(
  fault: OidcIdpSettings['fault'],
  endpoint: 'token' | 'userinfo',
  issuer: string,
): Promise<Answer | undefined> {
  switch (fault.startsWith(`${endpoint}-`) ? fault.slice(endpoint.length + 1) : 'none') {
    case 'html':
      return { status: 200, type: 'text/html', body: '<!doctype html><h1>Please wait</h1>' };
    case '500':
      return { status: 500, type: 'text/html', body: '<h1>Internal error</h1>' };
    case 'broken-json':
      return { status: 200, body: '{"access_token":' };
    case 'huge':
      return { status: 200, body: JSON.stringify({ filler: 'x'.repeat(HUGE_BYTES) }) };
    case 'redirect':
      return { status: 307, location: `${issuer}/elsewhere` };
    case 'slow':
      await sleep(SLOW_MS, undefined, { ref: false });
      return { status: 504 };
    default:
      return undefined;
  }
}

async function idToken({ request, person }: Grant, accessToken: string, idp: Idp): Promise<string> {
  const { settings, shape, clientId, issuer, keys } = idp;
  const { fault } = settings;
  const nowSeconds = Math.floor(idp.now() / 1000) - (fault === 'expired' ? TOKEN_SECONDS * 2 : 0);
  const nonce = fault === 'wrong-nonce' ? 'not-yours' : request.get('nonce');
  const claims = {
    iss: fault === 'wrong-issuer' ? 'https://attacker.example' : issuer,
    aud: fault === 'wrong-audience' ? 'another-client' : clientId,
    sub: person.sub,
    iat: nowSeconds,
    exp: nowSeconds + TOKEN_SECONDS,
    ...(nonce === null || fault === 'no-nonce' ? {} : { nonce }),
    at_hash: atHash(fault === 'wrong-at-hash' ? 'another-token' : accessToken),
    ...shape.idTokenClaims(person, { clientId, nowSeconds }),
    ...person.idTokenClaims,
    ...settings.idTokenClaims,
  };
  if (fault === 'hs256' || fault === 'alg-none') return forgedToken(claims, fault, idp);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT' })
    .sign(fault === 'foreign-key' ? keys.foreign : keys.own);
}

function forgedToken(claims: Json, fault: 'hs256' | 'alg-none', { clientSecret }: Idp): string {
  const encode = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ alg: fault === 'hs256' ? 'HS256' : 'none' })}.${encode(claims)}`;
  const signature = createHmac('sha256', clientSecret).update(input).digest('base64url');
  return `${input}.${fault === 'hs256' ? signature : ''}`;
}

/** The left half of the hash (OpenID Connect Core 3.1.3.6). */
function atHash(accessToken: string): string {
  return hash('sha256', accessToken, 'buffer').subarray(0, 16).toString('base64url');
}

function keepRequest(endpoint: OidcIdpRequest['endpoint'], call: Call, { requests }: Idp): void {
  const { method, authorization, form } = call;
  requests.push({ endpoint, method, authorization, form: Object.fromEntries(form) });
}

function json(value: Json, status = 200): Answer {
  return { status, body: JSON.stringify(value) };
}

function page(body: string): Answer {
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: `<!doctype html><html lang="en"><title>Identity provider</title>${body}</html>`,
  };
}
