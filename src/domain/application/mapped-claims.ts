import type { Identity } from '../identity/identity.ts';
import { AWS_NAMESPACE } from '../token/own-token.ts';

/** What a mapping reads of a proof. */
export type ClaimSource = Pick<Identity, 'kind' | 'issuer' | 'conditionKeys' | 'tags'>;

/** Session tags by name; else claims and attributes would hide them. */
const TAG = 'tags.';

/** Claims that mean something to whoever checks a token of ours: no mapping makes them, or a proof could say what only we may. */
export const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'azp', 'nonce', 'auth_time', 'acr', 'amr'],
  ...['at_hash', 'c_hash', 's_hash', 'sid', 'events', 'act', 'may_act', 'via', 'client_id', 'scope', 'cnf'],
  ...['roles', AWS_NAMESPACE],
]);

/**
 * The claims that a mapping makes of a verified proof, each as text or as a list of texts. What the proof does not say is not
 * there, and neither are {@link PROTOCOL_CLAIMS}.
 *
 * @param mapping claim ← `email`, `address.country` (a claim of an OIDC token, an attribute of a SAML assertion),
 *   `tags.team` (a session tag), or a whole condition key such as `token.actions.githubusercontent.com:repository`
 */
export function mappedClaims(
  mapping: Readonly<Record<string, string>>,
  proof: ClaimSource,
): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries(
    Object.entries(mapping).flatMap(([claim, name]) => {
      const value = PROTOCOL_CLAIMS.has(claim) ? undefined : valueOf(name, proof);
      return value === undefined ? [] : [[claim, value] as const];
    }),
  );
}

function valueOf(name: string, { kind, issuer, conditionKeys, tags }: ClaimSource) {
  if (name.startsWith(TAG)) {
    const tag = name.slice(TAG.length);
    // A plain object answers for `constructor`, too.
    return Object.hasOwn(tags, tag) ? tags[tag] : undefined;
  }
  const prefix = kind === 'saml' ? 'saml' : issuer.slice(issuer.indexOf('://') + 3);
  return conditionKeys.get(`${prefix}:${name}`) ?? conditionKeys.get(name);
}
