import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { Issue, Path } from './fault.ts';
import { configSchema } from './schema.ts';

type SchemaNode = z.core.JSONSchema._JSONSchema;

/** What a value has against the schema, in our words. */
export function describeSchemaIssues(error: z.ZodError, value: unknown): readonly Issue[] {
  return error.issues.flatMap((issue) => describe(issue, value));
}

function describe(issue: z.core.$ZodIssue, value: unknown): readonly Issue[] {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key]));
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => invalid(path, `This key ${phrase(message)}.`));
  }
  if (valueAt(value, path) === undefined) return [missing(path)];
  return [invalid(path, sentence(issue, valueAt(value, path)), remedyFor(issue, valueAt(value, path)))];
}

/** The steps of an issue's path; a symbol cannot occur in a value that was read from text. */
export function pathOf({ path }: z.core.$ZodIssue): Path {
  return path.filter((step) => typeof step !== 'symbol');
}

function unknownKey(path: Path): Issue {
  const key = String(path.at(-1));
  const suggestion = didYouMean(key, keysAt(path.slice(0, -1)));
  const remedy = suggestion === undefined ? 'Remove it.' : `Did you mean "${suggestion}"?`;
  return { severity: 'error', code: 'unknown-key', message: `There is no key "${key}" here.`, remedy, path };
}

function missing(path: Path): Issue {
  return {
    severity: 'error',
    code: 'missing-key',
    message: `The key "${String(path.at(-1) ?? '')}" is missing.`,
    path,
  };
}

function invalid(path: Path, message: string, remedy?: string): Issue {
  return { severity: 'error', code: 'invalid-value', message, ...(remedy !== undefined && { remedy }), path };
}

// The value itself is never quoted: it could be a secret in the wrong place.
function sentence(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.message.startsWith('must ')) return `This ${issue.message}.`;
  if (issue.code === 'invalid_type')
    return `This must be ${article(issue.expected)}, not ${typeName(value)}.`;
  if (issue.code === 'invalid_value') return `This must be one of ${issue.values.map(String).join(', ')}.`;
  return `This ${phrase(issue.message)}.`;
}

function phrase(message: string): string {
  return /^(?:must|may|tag keys|`)/.test(message) ? message : `is not valid: ${message}`;
}

const SECRET_KEY = /^(?:secret|totpSecret|clientSecret|password|masterKey)$/;

function remedyFor(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  if (issue.code !== 'invalid_type' || typeof value === 'object' || issue.message.startsWith('must '))
    return undefined;
  if (issue.expected === 'string') return 'Put it in quotes.';
  if (issue.expected !== 'object' || !SECRET_KEY.test(String(pathOf(issue).at(-1)))) return undefined;
  return 'Secrets are given by reference: { env: NAME } or { file: PATH }.';
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function article(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

function typeName(value: unknown): string {
  if (value === null) return 'empty';
  return article(Array.isArray(value) ? 'array' : typeof value);
}

function isRecord(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (parent, step) => (isRecord(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined),
    value,
  );
}

function keysAt(path: Path): readonly string[] {
  const root: SchemaNode = z.toJSONSchema(configSchema, { io: 'input' });
  const node = path.reduce<SchemaNode | undefined>(childOf, root);
  return typeof node === 'object' ? Object.keys(node.properties ?? {}) : [];
}

function childOf(node: SchemaNode | undefined, step: string | number): SchemaNode | undefined {
  if (typeof node !== 'object') return undefined;
  if (typeof step === 'string') return node.properties?.[step] ?? node.additionalProperties;
  return Array.isArray(node.items) ? undefined : node.items;
}
