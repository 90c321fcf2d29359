import type { ContextValue } from '../../domain/policy/request.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';
import type { TestedAudience } from './registered-claims.ts';

const MAX_KEYS = 500;

/**
 * Every claim of a verified token as a condition key `<issuer without scheme>:<claim>`, in the claim's own case.
 *
 * Nested objects go by dotted path, arrays are multivalued, numbers and booleans become text. What no condition can
 * compare has no key: null, and objects or arrays within an array.
 *
 * @throws FederationError `invalid-identity-token` where two claims would share a key, or a number is too large to be exact
 * @see wire-spec 3.3
 */
export function claimsToConditionKeys(
  claims: JsonObject,
  issuer: string,
  { audience, originalAudience }: TestedAudience,
): ReadonlyMap<string, ContextValue> {
  const prefix = issuer.slice(issuer.indexOf('://') + 3);
  const keyOf = keysOf(prefix);
  const keys = new Map<string, ContextValue>([[keyOf('aud'), audience]]);
  if (originalAudience !== undefined) keys.set(`${prefix}:oaud`, originalAudience);
  // Names compare without case: of `sub` and `Sub` either could be the one that a policy meant.
  const taken = new Set<string>(['aud', 'oaud']);
  for (const [path, value] of flatten(claims, '', [])) {
    if (path === 'aud') continue;
    const name = path.toLowerCase();
    if (taken.has(name) || taken.size >= MAX_KEYS)
      throw refuseToken(NOT_A_JWT, 'claims collide or are too many');
    taken.add(name);
    keys.set(keyOf(path), path === 'amr' && typeof value === 'string' ? [value] : value);
  }
  return keys;
}

const MAX_REMEMBERED = 1000;
const remembered = new Map<string, Map<string, string>>();

// One string object for each key, whatever token it came with: a new one is hashed again by every map that it enters.
function keysOf(prefix: string): (path: string) => string {
  const known = remembered.get(prefix) ?? new Map<string, string>();
  if (remembered.size < MAX_REMEMBERED) remembered.set(prefix, known);
  return (path) => {
    const key = known.get(path) ?? `${prefix}:${path}`;
    if (known.size < MAX_REMEMBERED) known.set(path, key);
    return key;
  };
}

type Entry = readonly [path: string, value: ContextValue];

function flatten(object: JsonObject, path: string, entries: Entry[]): readonly Entry[] {
  for (const [name, value] of Object.entries(object)) {
    const text = toContextValue(value);
    if (text !== undefined) entries.push([path + name, text]);
    else if (isJsonObject(value)) flatten(value, `${path}${name}.`, entries);
  }
  return entries;
}

function toContextValue(value: unknown): ContextValue | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  const texts = value.map(scalarText).filter((text) => text !== undefined);
  // An empty list is an absent key, as a list of nothing would satisfy ForAllValues.
  return texts.length > 0 ? texts : undefined;
}

/** The text of a string, number or boolean; `undefined` for anything else. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return undefined;
  // Beyond 2^53 neighbours read as the same number: somebody else's id would match.
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw refuseToken(NOT_A_JWT, 'a number is too large to be exact');
  return String(value);
}
