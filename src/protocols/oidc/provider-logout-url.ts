import type { OidcMetadataSource } from '../../domain/identity/oidc-metadata.ts';
import { type OidcSignInProvider, PRESET_RULES } from './presets.ts';

export type ProviderLogoutInput = {
  readonly provider: OidcSignInProvider;
  /** What the sign-in kept (`SignIn.idToken`). */
  readonly idToken?: string;
  /** Where the provider sends people afterwards: an absolute address of ours, registered there. Google ignores it. */
  readonly returnTo: string;
  readonly state?: string;
};

/**
 * Where people sign out at their provider; `undefined` where it has no such page.
 *
 * @throws FederationError `identity-provider-unreachable`, `invalid-identity-token`: there is no metadata to find it in
 * @see OpenID Connect RP-Initiated Logout 1.0
 */
export async function providerLogoutUrl(
  { provider, ...input }: ProviderLogoutInput,
  { metadataOf }: { readonly metadataOf: OidcMetadataSource },
): Promise<string | undefined> {
  const { preset, clientId } = provider.signIn;
  const logout = PRESET_RULES[preset].logout({ ...input, clientId }, await metadataOf(provider));
  if (logout === undefined) return undefined;
  const url = new URL(logout.url);
  for (const [name, value] of Object.entries(logout.parameters)) url.searchParams.set(name, value);
  return url.href;
}
