import type { Context } from 'koa';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { SignInProvider } from '../../domain/identity/sign-in-provider.ts';
import type { LoginAttemptStore } from '../../domain/session/login-attempt.ts';
import type { CompleteSignInDeps } from '../complete-sign-in.ts';
import type { PageExchange } from '../page-exchange.ts';
import type { OidcSignInProvider } from '../../protocols/oidc/presets.ts';
import type { OidcRelyingParty } from './oidc-relying-party.ts';

/** What the pages of sign-in and sign-out need. */
export type SignInDeps = CompleteSignInDeps & {
  readonly loginAttempts: LoginAttemptStore;
  readonly oidc: OidcRelyingParty;
  /** Sends the browser to its SAML provider to sign out there, too; `false`: it cannot, and nothing was sent. */
  readonly startSamlLogout: (exchange: PageExchange, identity: SamlIdentity) => Promise<boolean>;
};

/** The provider that a path names. */
export function providerIn(ctx: Context, { directory }: SignInDeps): SignInProvider | undefined {
  const params: unknown = ctx['params'];
  if (typeof params !== 'object' || params === null || !('provider' in params)) return undefined;
  return typeof params.provider === 'string' ? directory.signInProviderNamed(params.provider) : undefined;
}

/** Where a provider sends the browser back to: what is registered there. */
export function redirectUriOf({ name }: OidcSignInProvider, publicUrl: string): string {
  return `${publicUrl}/signin/${encodeURIComponent(name)}/callback`;
}
