import type { Secret } from '../credentials/secret.ts';

/** What people see of a provider, and what its word on a second factor is worth. */
export type SignInSettings = {
  /** What its button says. */
  readonly displayName: string;
  /** E-mail domains that lead to it, in lower case. */
  readonly domains: readonly string[];
  /** Whether the provider's own MFA counts, and which claim says that there was one. */
  readonly mfa: 'trust-amr' | 'trust-acr' | 'never';
  /** The values of that claim any of which means a second factor. */
  readonly mfaValues: readonly string[];
};

/**
 * What providers say after a second factor, where the configuration names no values of its own. Only words that promise two
 * factors: Okta's `…:ifpossible` does not, nor does one method by itself (`otp`, `hwk`, SAML's TimeSyncToken) or resistance
 * against phishing (`phr`, `phrh`), which a security key has without any other factor.
 *
 * @see RFC 8176 2 (`mfa`); REFEDS MFA Profile; OpenID EAP ACR Values 1.0; SAML AuthnContext 3.4
 */
export const DEFAULT_MFA_VALUES = {
  // Entra ID sends its URI in a SAML attribute of authentication methods.
  'trust-amr': ['mfa', 'http://schemas.microsoft.com/claims/multipleauthn'],
  'trust-acr': [
    'https://refeds.org/profile/mfa',
    'http://schemas.microsoft.com/claims/multipleauthn',
    'urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract',
    'urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered',
    'urn:okta:loa:2fa:any',
  ],
  never: [],
} as const satisfies Record<SignInSettings['mfa'], readonly string[]>;

/** How a provider departs from the standard. */
export const OIDC_PRESETS = ['generic', 'google', 'cognito', 'entra', 'okta'] as const;
export type OidcPreset = (typeof OIDC_PRESETS)[number];

/** Our registration at an OpenID Connect provider. */
export type OidcSignIn = SignInSettings & {
  readonly preset: OidcPreset;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: Secret;
  readonly scopes: readonly string[];
  /** Google's `hd` must be one of these; empty: any account may come. */
  readonly hostedDomains: readonly string[];
};
