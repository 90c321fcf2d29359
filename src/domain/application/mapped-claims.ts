import type { Identity } from '../identity/identity.ts';
import { AWS_NAMESPACE } from '../token/own-token.ts';

/** What a mapping reads of a proof. */
export type ClaimSource = Pick<Identity, 'kind' | 'issuer' | 'conditionKeys' | 'tags'>;

/** Session tags by name; else claims and attributes would hide them. */
const TAG = 'tags.';

/** Claims that mean something to whoever checks a token of ours: no mapping makes them, or a proof could say what only we may. */
export const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set([
  // RFC 7519 4.1
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'],
  // OpenID Connect Core 2, 3.1.3.6, 3.3.2.11, 5.6.2; Back-Channel Logout 2.4
  ...['auth_time', 'nonce', 'acr', 'amr', 'azp', 'at_hash', 'c_hash', 's_hash', 'rt_hash'],
  ...['_claim_names', '_claim_sources', 'sid', 'events', 'sub_jwk'],
  // RFC 8693 4, RFC 7800, RFC 9068 2.2, RFC 7662 2.2, RFC 9396 9.1
  ...['act', 'may_act', 'client_id', 'scope', 'cnf', 'active', 'token_type', 'username'],
  'authorization_details',
  // Ours
  ...['via', 'roles', AWS_NAMESPACE],
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
