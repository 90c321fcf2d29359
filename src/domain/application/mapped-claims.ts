import type { Identity } from '../identity/identity.ts';

type Source = Pick<Identity, 'kind' | 'issuer' | 'conditionKeys' | 'tags'>;

/** Session tags by name; else claims and attributes would hide them. */
const TAG = 'tags.';

/**
 * The claims that a mapping makes of a verified proof, each as text or as a list of texts. What the proof does not say is not
 * there.
 *
 * @param mapping claim ← `email`, `address.country` (a claim of an OIDC token, an attribute of a SAML assertion),
 *   `tags.team` (a session tag), or a whole condition key such as `token.actions.githubusercontent.com:repository`
 */
export function mappedClaims(
  mapping: Readonly<Record<string, string>>,
  proof: Source,
): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries(
    Object.entries(mapping).flatMap(([claim, name]) => {
      const value = valueOf(name, proof);
      return value === undefined ? [] : [[claim, value] as const];
    }),
  );
}

function valueOf(name: string, { kind, issuer, conditionKeys, tags }: Source) {
  if (name.startsWith(TAG)) return tags[name.slice(TAG.length)];
  const prefix = kind === 'saml' ? 'saml' : issuer.slice(issuer.indexOf('://') + 3);
  return conditionKeys.get(`${prefix}:${name}`) ?? conditionKeys.get(name);
}
