import { isUtf8 } from 'node:buffer';
import { NOT_A_JWT, refuseToken } from './refusal.ts';

/** A JSON object whose members have not been looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 16;
const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own member: a path such as `constructor` must not find what every object inherits. */
export function ownMember(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Parses a bounded text: UTF-8, one object, at most 16 levels deep, no member name twice (RFC 7519 4). */
export function parseJsonObject(bytes: Buffer): JsonObject {
  if (!isUtf8(bytes)) throw refuseToken(NOT_A_JWT, 'JSON is not UTF-8');
  const text = bytes.toString('utf8');
  const value = parseJson(text);
  if (!isJsonObject(value)) throw refuseToken(NOT_A_JWT, 'JSON is not an object');
  // JSON.parse keeps the last of two equal names, other parsers the first: whoever signed may have read the other one.
  if (countMembers(value, 1) !== countMemberColons(text))
    throw refuseToken(NOT_A_JWT, 'JSON has a member twice');
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuseToken(NOT_A_JWT, 'JSON does not parse', cause);
  }
}

function countMembers(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > MAX_DEPTH) throw refuseToken(NOT_A_JWT, 'JSON is nested too deeply');
  const children: unknown[] = Object.values(value);
  let members = Array.isArray(value) ? 0 : children.length;
  for (const child of children) members += countMembers(child, depth + 1);
  return members;
}

/** Colons outside strings: in a text that parsed there is one for each member. */
function countMemberColons(json: string): number {
  let colons = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const unit = json.charCodeAt(index);
    if (unit === BACKSLASH) index++;
    else if (unit === QUOTE) inString = !inString;
    else if (unit === COLON && !inString) colons++;
  }
  return colons;
}
