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

/** Entra ID's addresses for people of any tenant, and the tenant of personal accounts, which anybody can open. */
const ANY_TENANT = /^(?:common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)$/i;

/** Whether an issuer is an address of Entra ID that is nobody's own tenant: sign-in refuses all tokens that come from there. */
export function isEntraForAnyTenant(issuer: string): boolean {
  const [, tenant = ''] = URL.parse(issuer)?.pathname.split('/') ?? [];
  return presetOf(issuer) === 'entra' && ANY_TENANT.test(tenant);
}
