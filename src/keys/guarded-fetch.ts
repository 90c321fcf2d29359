import { lookup as resolve } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isRefusedAddress } from './outbound-address.ts';

/** What may be fetched, and how much of it. */
export type GuardedFetchOptions = {
  readonly privateAddresses: 'deny' | 'allow';
  readonly http: 'deny' | 'allow';
  /** For the whole request: name, connection, redirects and body. */
  readonly timeoutMs: number;
  /** Of the body; default 1,000,000. */
  readonly maxBytes?: number;
};

/** An answer, whatever its status. */
export type FetchedDocument = {
  readonly status: number;
  /** As the server sent it, empty where it sent none. */
  readonly contentType: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
};

/**
 * Fetches a document whose address, or whose host's address, an outsider may have had a hand in.
 *
 * @throws GuardedFetchError
 */
export type GuardedFetch = (url: string) => Promise<FetchedDocument>;

/** A request's method, headers and body. */
export type GuardedMessage = {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

/**
 * Sends a request that carries a secret to such an address.
 *
 * @throws GuardedFetchError
 */
export type GuardedRequest = (url: string, message: GuardedMessage) => Promise<FetchedDocument>;

/** `unreachable` and `timeout` may pass; every other reason is final. */
export type FetchFailure =
  | 'bad-url'
  | 'refused-address'
  | 'refused-redirect'
  | 'too-large'
  | 'compressed'
  | 'timeout'
  | 'unreachable'
  | 'protocol-error';

/** A fetch that the guard stopped or that failed. */
export class GuardedFetchError extends Error {
  readonly reason: FetchFailure;

  constructor(reason: FetchFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'GuardedFetchError';
    this.reason = reason;
  }
}

const DEFAULT_MAX_BYTES = 1_000_000;
const MAX_URL_CHARS = 2048;
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What a server that restarts or a network that recovers answers with. Certificates and broken HTTP are not among them. */
const PASSING_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
  'ENOTFOUND',
]);

/**
 * A fetch that cannot be turned against our own network: https unless allowed otherwise, no private addresses unless
 * allowed, redirects on the same host only, bounded in time and size, no compression.
 *
 * @see security.md, SSRF by metadata and JWKS addresses
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  return (url) => readWithin(options, (signal) => follow(parseUrl(url, options), options, signal));
}

/**
 * The same guards for requests with a secret in them: a code, a client's password, an access token. No redirect at all is
 * followed, as even one on the same host would hand the secret to an address that nobody configured.
 */
export function createGuardedRequest(options: GuardedFetchOptions): GuardedRequest {
  return (url, message) =>
    readWithin(options, async (signal) => {
      const response = await send(parseUrl(url, options), options, signal, message);
      if (!REDIRECTS.has(response.statusCode ?? 0)) return response;
      response.destroy();
      throw new GuardedFetchError('refused-redirect', 'redirect of a request that carries a secret');
    });
}

async function readWithin(
  options: GuardedFetchOptions,
  open: (signal: AbortSignal) => Promise<http.IncomingMessage>,
): Promise<FetchedDocument> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    return await readDocument(await open(signal), options.maxBytes ?? DEFAULT_MAX_BYTES);
  } catch (error) {
    throw toFetchError(error, signal);
  }
}

function parseUrl(text: string, options: GuardedFetchOptions, base?: URL): URL {
  const url = text.length <= MAX_URL_CHARS ? URL.parse(text, base?.href) : null;
  if (url === null) throw new GuardedFetchError('bad-url', 'not a URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && options.http === 'allow')) {
    throw new GuardedFetchError('bad-url', `scheme ${url.protocol} is not allowed`);
  }
  if (url.username !== '' || url.password !== '')
    throw new GuardedFetchError('bad-url', 'credentials in a URL');
  // A literal address never passes through lookup. URL has brought odd spellings (octal, one number) to the usual form.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isRefusedAddress(host, options.privateAddresses)) throw refusedAddress(host);
  return url;
}

async function follow(
  first: URL,
  options: GuardedFetchOptions,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await send(url, options, signal);
    const { location } = response.headers;
    if (!REDIRECTS.has(response.statusCode ?? 0) || location === undefined) return response;
    response.destroy();
    url = parseRedirect(location, url, options);
  }
  throw new GuardedFetchError('refused-redirect', 'too many redirects');
}

function parseRedirect(location: string, from: URL, options: GuardedFetchOptions): URL {
  const url = parseUrl(location, options, from);
  if (url.host !== from.host) throw new GuardedFetchError('refused-redirect', `redirect to host ${url.host}`);
  if (from.protocol === 'https:' && url.protocol !== 'https:') {
    throw new GuardedFetchError('refused-redirect', 'redirect from https to http');
  }
  return url;
}

const GET: GuardedMessage = { method: 'GET', headers: {} };

function send(
  url: URL,
  options: GuardedFetchOptions,
  signal: AbortSignal,
  { method, headers, body }: GuardedMessage = GET,
): Promise<http.IncomingMessage> {
  const settings = {
    method,
    signal,
    // A connection of its own: a pooled one may have been opened under other rules.
    agent: false as const,
    lookup: guardedLookup(options),
    headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'rolebridge' },
  };
  return new Promise((resolveResponse, reject) => {
    const request =
      url.protocol === 'https:'
        ? https.request(url, { ...settings, rejectUnauthorized: true })
        : http.request(url, settings);
    request.on('response', resolveResponse).on('error', reject).end(body);
  });
}

/** Resolves once and connects to what was checked, so a name cannot point elsewhere between the two (DNS rebinding). */
function guardedLookup({ privateAddresses }: GuardedFetchOptions): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const refused = addresses.find(({ address }) => isRefusedAddress(address, privateAddresses));
      const [first] = addresses;
      if (refused !== undefined || first === undefined) callback(refusedAddress(hostname), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedAddress(host: string): GuardedFetchError {
  return new GuardedFetchError('refused-address', `${host} is not a public address`);
}

async function readDocument(response: http.IncomingMessage, maxBytes: number): Promise<FetchedDocument> {
  const { headers } = response;
  try {
    // A few compressed bytes may stand for gigabytes; we asked for none.
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      throw new GuardedFetchError('compressed', 'compressed answer');
    }
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
    const body = await readBody(response, maxBytes);
    return { status: response.statusCode ?? 0, contentType: headers['content-type'] ?? '', headers, body };
  } finally {
    response.destroy();
  }
}

async function readBody(response: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): GuardedFetchError {
  return new GuardedFetchError('too-large', 'answer is too large');
}

function toFetchError(error: unknown, signal: AbortSignal): GuardedFetchError {
  if (error instanceof GuardedFetchError) return error;
  if (signal.aborted) return new GuardedFetchError('timeout', 'no complete answer in time', error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const passing = typeof code === 'string' && PASSING_ERRORS.has(code);
  return new GuardedFetchError(passing ? 'unreachable' : 'protocol-error', String(error), error);
}
