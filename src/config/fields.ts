import { isIP } from 'node:net';
import { z } from 'zod';
import { isAccountId } from '../domain/role/arn.ts';
import type { AccountId } from '../domain/role/arn.ts';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const DURATION = /^(\d{1,6})([smhd])$/;
const DURATION_FORM = 'must be a duration: a whole number and s, m, h or d, such as 30m';

function parseDuration(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const factor = unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? SECONDS[unit] : Number.NaN;
  return Number(count) * factor;
}

/** A duration such as `30m`, read as seconds. */
export function duration(range: { readonly min: string; readonly max: string }) {
  const [min, max] = [parseDuration(range.min), parseDuration(range.max)];
  return z
    .string(DURATION_FORM)
    .regex(DURATION, DURATION_FORM)
    .refine((text) => parseDuration(text) >= min && parseDuration(text) <= max, {
      error: `must be between ${range.min} and ${range.max}`,
      when: ({ issues }) => issues.length === 0,
    })
    .transform(parseDuration);
}

function countOf(names: readonly string[], value: Readonly<Record<string, unknown>>): number {
  return names.filter((name) => value[name] !== undefined).length;
}

/** An object with exactly one of the named members, and whatever others its shape has. */
export function exactlyOne<Shape extends z.ZodRawShape>(
  names: readonly (keyof Shape & string)[],
  shape: Shape,
) {
  return z
    .strictObject(shape)
    .refine((value) => countOf(names, value) === 1, `must have exactly one of ${names.join(', ')}`);
}

/** A reference to a secret. The text itself in the file would end in version control. */
export const secretReference = exactlyOne(['env', 'file'], {
  env: z
    .string()
    .max(256)
    .regex(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable')
    .optional()
    .describe('Name of the environment variable that holds it.'),
  file: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe("File that holds it, relative to this file's folder."),
});
export type SecretReference = z.output<typeof secretReference>;

export const accountId = z
  .string()
  .regex(/^\d{12}$/, 'must be twelve digits, in quotes')
  .transform((text): AccountId => (isAccountId(text) ? text : z.NEVER))
  .describe('The account that owns this entry, one of `accounts`.');

const NAME = /^[\w+=,.@-]+$/;
/** A name of IAM's alphabet (wire-spec 8.4). */
export function iamName(max: number) {
  return z.string().max(max).regex(NAME, 'may hold letters, digits and + = , . @ _ - only');
}

export const iamPath = z
  .string()
  .max(512)
  .regex(/^\/(?:[\u0021-\u007e]+\/)?$/, 'must begin and end with /');

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagKey = z
  .string()
  .min(1)
  .max(128)
  .regex(tagText, 'may hold letters, digits, blanks and _ . : / = + - @ only')
  .refine((key) => !key.toLowerCase().startsWith('aws:'), 'must not begin with aws:, which is reserved');
const tagValue = z
  .string()
  .max(256)
  .regex(tagText, 'may hold letters, digits, blanks and _ . : / = + - @ only');

function uniqueIgnoringCase(keys: readonly string[]): boolean {
  return new Set(keys.map((key) => key.toLowerCase())).size === keys.length;
}

// Limits of wire-spec 5: fifty tags, keys unique without regard to case.
function tagMap<Value extends z.ZodType>(value: Value) {
  return z
    .record(tagKey, value)
    .refine((tags) => Object.keys(tags).length <= 50, 'must have at most 50 tags')
    .refine((tags) => uniqueIgnoringCase(Object.keys(tags)), 'tag keys must differ in more than case');
}

export const tags = tagMap(tagValue);

export const claimPath = z.string().min(1).max(256);
/** Session tag ← claim path. */
export const tagMapping = tagMap(claimPath);

/** Claim of a token of ours ← where its value comes from. The first letter keeps `__proto__` out. */
export const claimMapping = z
  .record(
    z
      .string()
      .max(128)
      .regex(
        /^[A-Za-z][\w.:/#-]*$/,
        'must begin with a letter and hold letters, digits and . _ : / # - only',
      ),
    claimPath,
  )
  .refine((claims) => Object.keys(claims).length <= 50, 'must have at most 50 claims');

/** @see RFC 6749 3.3 */
export const scope = z
  .string()
  .max(128)
  .regex(/^[\u0021\u0023-\u005b\u005d-\u007e]+$/, 'must be of printable ASCII without blanks, " and \\');

/** A policy document: its grammar is the policy parser's, so the two cannot disagree. */
export const policyDocument = z.record(z.string(), z.unknown());

export const inlinePolicies = z
  .record(iamName(128), policyDocument.describe('A policy document.'))
  .describe('Policy documents by name.');

export const managedPolicies = z
  .array(z.string().min(20).max(2048))
  .describe('ARNs of entries of `policies` in the same account.');

export const permissionsBoundary = z
  .string()
  .min(20)
  .max(2048)
  .describe('ARN of the entry of `policies` that bounds what the other policies may allow.');

export const port = z.number().int().min(0).max(65_535);
export const host = z.string().min(1).max(253);

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

export const network = z
  .string()
  .max(64)
  .refine(isNetwork, 'must be an address or a network such as 10.0.0.0/8');
