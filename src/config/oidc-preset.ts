import type { OidcPreset } from '../domain/identity/sign-in-settings.ts';

// Whole names or whole last labels: a host that only ends with such letters is somebody else's.
const HOSTS: readonly (readonly [OidcPreset, RegExp])[] = [
  ['google', /^accounts\.google\.com$/],
  ['cognito', /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com$/],
  ['entra', /^login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn)$/],
  ['okta', /\.(?:okta|oktapreview|okta-emea)\.com$/],
];

/** The preset of an issuer that is known by its host. */
export function presetOf(issuer: string): OidcPreset {
  const host = URL.parse(issuer)?.hostname ?? '';
  return HOSTS.find(([, pattern]) => pattern.test(host))?.[0] ?? 'generic';
}

/**
 * Whether an issuer is one of Entra ID's addresses for people of any tenant. It signs no token: each names the issuer of its
 * own tenant.
 */
export function isEntraForAnyTenant(issuer: string): boolean {
  const [, tenant = ''] = URL.parse(issuer)?.pathname.split('/') ?? [];
  return presetOf(issuer) === 'entra' && /^(?:common|organizations|consumers)$/i.test(tenant);
}
