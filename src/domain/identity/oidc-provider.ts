import type { AccountId, Arn } from '../role/arn.ts';
import type { OidcSignIn } from './sign-in-settings.ts';

/**
 * The signature algorithms that a provider may be allowed. Asymmetric ones only: with HS* the client secret, which
 * every relying party holds, would forge tokens (MinIO CVE-2026-33322).
 */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** A public key of a JWK Set: `kty` and whatever members that type has (RFC 7517 4). */
export type Jwk = Readonly<Record<string, unknown>> & { readonly kty: string };

/** Where the verification keys come from. Pinned keys are for issuers that cannot be reached. */
export type KeySource =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'pinned'; readonly keys: readonly Jwk[] };

/** An OpenID Connect issuer that an account trusts. Several accounts may trust one issuer, each with a provider. */
export type OidcProvider = {
  readonly name: string;
  /** `arn:aws:iam::<account>:oidc-provider/<issuer without scheme>`. */
  readonly arn: Arn;
  readonly account: AccountId;
  /** Equal to the token's `iss`, character by character. */
  readonly issuer: string;
  /** The client ids, one of which the tested audience must be. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly TokenAlgorithm[];
  /** 0–300. */
  readonly clockSkewSeconds: number;
  readonly jwks: KeySource;
  /** Session tag ← claim path (`email`, `groups[0]`, `address.country`). */
  readonly tags: Readonly<Record<string, string>>;
  /** The claim path that gives the source identity. */
  readonly sourceIdentity?: string;
  /** Present: people may sign in with it in a browser. */
  readonly signIn?: OidcSignIn;
};
