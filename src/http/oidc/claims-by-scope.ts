import type { Application } from '../../domain/application/application.ts';

/** The standard scopes, and the claims of each. @see OpenID Connect Core 5.4 */
const STANDARD = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  /** Ours: the roles that are open to the person, of those that the application is told of. */
  roles: ['roles'],
} as const;

/** Scopes that are none of a service. */
export const OIDC_SCOPES = ['openid', 'offline_access', 'profile', 'email', 'roles'] as const;

/**
 * Which claims each scope opens. Claims of an installation's own go with `openid`: no standard says which scope they would need,
 * and an application gets those alone that its own mapping names.
 */
export function claimsByScope(
  applications: readonly Pick<Application, 'claims'>[],
): Readonly<Record<string, readonly string[]>> {
  const standard = new Set<string>(Object.values(STANDARD).flat());
  const own = applications.flatMap(({ claims }) => Object.keys(claims)).filter((name) => !standard.has(name));
  return { openid: [...new Set(['sub', 'sid', 'acr', 'amr', 'auth_time', ...own])], ...STANDARD };
}

/** The claims that an application has from its own mapping, outside of the standard scopes. */
export function ownClaimsOf({ claims }: Pick<Application, 'claims'>): readonly string[] {
  const standard = new Set<string>(Object.values(STANDARD).flat());
  return Object.keys(claims).filter((name) => !standard.has(name));
}

/** The standard scopes that would open some of these claims. */
export function scopesOfClaims(names: readonly string[]): readonly string[] {
  return Object.entries(STANDARD).flatMap(([scope, claims]) =>
    claims.some((claim) => names.includes(claim)) ? [scope] : [],
  );
}
