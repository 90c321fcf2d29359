import { FederationError } from '../../domain/errors.ts';

/** Request parameters by name, decoded. */
export type Parameters = ReadonlyMap<string, string>;

const MAX_PARAMETERS = 1000;

/**
 * Parses a query string or form body (wire-spec 1.1): `+` and `%20` are blanks, the first of repeated parameters wins,
 * unknown parameters are kept and ignored later.
 *
 * @throws FederationError `malformed-input` for broken percent escapes or UTF-8, or more than 1,000 parameters.
 */
export function parseParameters(text: string): Parameters {
  const parameters = new Map<string, string>();
  if (text === '') return parameters;
  const pairs = text.split('&', MAX_PARAMETERS + 1);
  if (pairs.length > MAX_PARAMETERS) throw new FederationError('malformed-input', 'too many parameters');
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (!parameters.has(name)) parameters.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return parameters;
}

function decode(text: string): string {
  try {
    const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
    // Tokens are long and have nothing to decode.
    return spaced.includes('%') ? decodeURIComponent(spaced) : spaced;
  } catch (cause) {
    throw new FederationError('malformed-input', 'broken percent encoding', { cause });
  }
}

/**
 * The members of a list parameter, in order: `Tags.member.1.Key=…&Tags.member.1.Value=…` gives one map per member with the
 * keys `Key` and `Value`; scalar members (`TransitiveTagKeys.member.1=…`) have the key ``.
 */
export function listMembers(parameters: Parameters, name: string): readonly Parameters[] {
  const prefix = `${name}.member.`;
  const members = new Map<number, Map<string, string>>();
  for (const [key, value] of parameters) {
    if (!key.startsWith(prefix)) continue;
    const [index, ...field] = key.slice(prefix.length).split('.');
    if (index === undefined || !/^[1-9]\d{0,3}$/.test(index)) continue;
    const member = members.get(Number(index)) ?? new Map<string, string>();
    members.set(Number(index), member.set(field.join('.'), value));
  }
  return [...members].sort(([a], [b]) => a - b).map(([, member]) => member);
}
