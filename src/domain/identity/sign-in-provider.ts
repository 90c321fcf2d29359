import type { OidcProvider } from './oidc-provider.ts';
import type { SamlProvider } from './saml-provider.ts';
import type { OidcSignIn, SignInSettings } from './sign-in-settings.ts';

/** A provider that people may sign in with. */
export type SignInProvider =
  | { readonly kind: 'oidc'; readonly provider: OidcProvider & { readonly signIn: OidcSignIn } }
  | { readonly kind: 'saml'; readonly provider: SamlProvider & { readonly signIn: SignInSettings } };
