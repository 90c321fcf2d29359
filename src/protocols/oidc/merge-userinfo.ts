import type { JsonObject } from './json-object.ts';

/**
 * What a proof says of itself and of how somebody was authenticated. The signed token alone may say it: what comes without a
 * signature must neither lengthen its life nor add a second factor, a session, a tenant or a domain.
 */
const PROTOCOL_CLAIMS = [
  'iss',
  'sub',
  'aud',
  'oaud',
  'azp',
  'exp',
  'iat',
  'nbf',
  'jti',
  'sid',
  'nonce',
  'auth_time',
  'acr',
  'amr',
  'at_hash',
  'c_hash',
  's_hash',
  'token_use',
  'client_id',
  'cnf',
  'act',
  'may_act',
  'events',
  'hd',
  'tid',
  '_claim_names',
  '_claim_sources',
];

/**
 * The claims of an ID token, with what the userinfo endpoint adds of the same person. It overrides nothing, in whatever
 * case it spells a name, and cannot come between a path and the claim that the path finds in the token.
 *
 * @see OpenID Connect Core 5.3.2
 */
export function mergeUserinfo(idToken: JsonObject, userinfo: JsonObject): JsonObject {
  const taken = [...PROTOCOL_CLAIMS, ...Object.keys(idToken)].map((name) => name.toLowerCase());
  const added = Object.entries(userinfo).filter(
    ([name]) => !taken.some((other) => isOverlapping(name.toLowerCase(), other)),
  );
  return { ...Object.fromEntries(added), ...idToken };
}

/** Whether one is the other, or a step on the way to it: `groups[0]` or `address.country` as names of claims. */
function isOverlapping(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  return long.startsWith(short) && (long.length === short.length || '.['.includes(long.charAt(short.length)));
}
