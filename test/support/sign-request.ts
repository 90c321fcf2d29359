import { createHash, createHmac } from 'node:crypto';

export type SigningCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type SignRequestInput = {
  readonly method: string;
  /** Absolute; its host becomes the Host header. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly credentials: SigningCredentials;
  /** `us-east-1` unless told. */
  readonly region?: string;
  /** `sts` unless told. */
  readonly service?: string;
  readonly at: Date;
  /** Query form instead of an Authorization header. */
  readonly presign?: { readonly expiresSeconds: number };
  /** Instead of all headers: to leave one out, or to sign them in another order. */
  readonly signedHeaders?: readonly string[];
  readonly terminator?: string;
  /** `YYYYMMDD` in the scope, instead of the day of `at`. */
  readonly scopeDate?: string;
};

export type SignedRequestParts = {
  readonly method: string;
  readonly url: string;
  /** Lower-case names, Host included. */
  readonly headers: Record<string, string>;
  readonly body: string;
};

/** Signs as a client does (SigV4), sharing nothing with the code under test. */
export function signRequest(input: SignRequestInput): SignedRequestParts {
  return input.presign === undefined ? signInHeader(input) : signInQuery(input, input.presign.expiresSeconds);
}

function signInHeader(input: SignRequestInput): SignedRequestParts {
  const url = new URL(input.url);
  const { sessionToken } = input.credentials;
  const headers = {
    ...withHost(input, url),
    'x-amz-date': stampOf(input.at),
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = input.signedHeaders ?? Object.keys(headers).sort();
  const credential = `${input.credentials.accessKeyId}/${scopeOf(input)}`;
  const signature = signatureOf(input, url, headers, names);
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return {
    method: input.method,
    url: input.url,
    headers: { ...headers, authorization },
    body: input.body ?? '',
  };
}

function signInQuery(input: SignRequestInput, expiresSeconds: number): SignedRequestParts {
  const url = new URL(input.url);
  const { accessKeyId, sessionToken } = input.credentials;
  const headers = withHost(input, url);
  const names = input.signedHeaders ?? Object.keys(headers).sort();
  const added: [string, string][] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${accessKeyId}/${scopeOf(input)}`],
    ['X-Amz-Date', stampOf(input.at)],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', names.join(';')],
  ];
  if (sessionToken !== undefined) added.push(['X-Amz-Security-Token', sessionToken]);
  const pairs = added.map(([name, value]) => `${name}=${encode(value)}`);
  url.search = [...(url.search === '' ? [] : [url.search.slice(1)]), ...pairs].join('&');
  const signature = signatureOf(input, url, headers, names);
  return {
    method: input.method,
    url: `${url.href}&X-Amz-Signature=${signature}`,
    headers,
    body: input.body ?? '',
  };
}

function withHost(input: SignRequestInput, url: URL): Record<string, string> {
  const headers: Record<string, string> = { host: url.host };
  for (const [name, value] of Object.entries(input.headers ?? {})) headers[name.toLowerCase()] = value;
  return headers;
}

function signatureOf(
  input: SignRequestInput,
  url: URL,
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): string {
  const canonical = [
    input.method,
    url.pathname.split('/').map(encode).join('/'),
    canonicalQueryOf(url.search),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().split(/\s+/).join(' ')}`),
    '',
    names.join(';'),
    sha256(input.body ?? ''),
  ].join('\n');
  const stringToSign = ['AWS4-HMAC-SHA256', stampOf(input.at), scopeOf(input), sha256(canonical)].join('\n');
  let key: Buffer = Buffer.from(`AWS4${input.credentials.secretAccessKey}`);
  for (const part of scopeOf(input).split('/')) key = hmac(key, part);
  return hmac(key, stringToSign).toString('hex');
}

function canonicalQueryOf(search: string): string {
  const pairs = search === '' ? [] : search.slice(1).split('&');
  return pairs
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, value.join('=')].map((part) => encode(decodeURIComponent(part)));
    })
    .sort(([name = '', value = ''], [otherName = '', otherValue = '']) =>
      name === otherName ? (value < otherValue ? -1 : 1) : name < otherName ? -1 : 1,
    )
    .map(([name = '', value = '']) => `${name}=${value}`)
    .join('&');
}

function scopeOf({
  at,
  region = 'us-east-1',
  service = 'sts',
  terminator,
  scopeDate,
}: SignRequestInput): string {
  return `${scopeDate ?? stampOf(at).slice(0, 8)}/${region}/${service}/${terminator ?? 'aws4_request'}`;
}

function stampOf(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
