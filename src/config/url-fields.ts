import { z } from 'zod';
import { isLoopbackHost } from '../domain/application/redirect-uri.ts';
import { exactlyOne } from './fields.ts';

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function isOrigin(text: string): boolean {
  const url = parseUrl(text);
  return (
    url !== undefined && /^https?:$/.test(url.protocol) && (url.origin === text || `${url.origin}/` === text)
  );
}

function isSecureOrLoopback(text: string): boolean {
  const url = parseUrl(text);
  return url === undefined || url.protocol !== 'http:' || isLoopbackHost(url.hostname);
}

/** An origin without path; plain http only on this machine. */
export const publicOrigin = z
  .string()
  .max(2048)
  .refine(isOrigin, 'must be an origin such as https://sts.example.com, without path')
  .refine(isSecureOrLoopback, 'must be https unless the host is loopback')
  .transform((text) => new URL(text).origin);

// Compared with `iss` as text, so it is kept as it is written. No regular expressions, no wildcards: octo-sts had both.
function isIssuer(text: string): boolean {
  const url = parseUrl(text);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return false;
  return /^https?:\/\/[\u0021-\u007e]+$/.test(text) && !/[?#*@\\]/.test(text);
}

export const issuer = z
  .string()
  .max(255)
  .refine(isIssuer, 'must be an https URL without query, fragment, user name or wildcard');

export const httpUrl = z
  .string()
  .max(2048)
  .refine((text) => /^https?:$/.test(parseUrl(text)?.protocol ?? ''), 'must be an http or https URL');

/** An absolute URI; which schemes and hosts may stand there is decided where it is used. */
export const uri = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text), 'must be an absolute URI');

/** A password belongs to a `password` reference. */
export const redisUrl = z
  .string()
  .max(2048)
  .refine((text) => /^rediss?:$/.test(parseUrl(text)?.protocol ?? ''), 'must be a redis:// or rediss:// URL')
  .refine((text) => parseUrl(text)?.password === '', 'must not hold a password: use `password: { env: … }`');

export const domainName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'must be a domain name in lower case');

/** A JWK Set. */
export const keySet = exactlyOne(['uri', 'file'], {
  uri: httpUrl.optional().describe('Where the key set is fetched from.'),
  file: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe("A pinned key set, for issuers that cannot be reached; relative to this file's folder."),
});
