import type { Secret } from '../credentials/secret.ts';
import type { Jwk } from '../identity/oidc-provider.ts';
import type { Policy } from '../policy/document.ts';
import type { AccountId, Arn } from '../role/arn.ts';
import type { SigningAlgorithm } from '../token/token-signer.ts';

/** What an application may do at the token endpoint, as the configuration names it. */
export const APPLICATION_GRANTS = [
  'authorization_code',
  'refresh_token',
  'token_exchange',
  'client_credentials',
  'device_code',
] as const;

export type ApplicationGrant = (typeof APPLICATION_GRANTS)[number];

/** How an application proves who it is: exactly one way each, so that none can be chosen because it is the weaker one. */
export type ClientAuthentication =
  /** `client_secret_basic`, or `client_secret_post`. */
  | { readonly kind: 'secret'; readonly secret: Secret; readonly method: 'basic' | 'post' }
  /** `private_key_jwt` (RFC 7523 3). */
  | { readonly kind: 'keys'; readonly keys: { readonly jwks: readonly Jwk[] } | { readonly uri: string } }
  /** The OIDC token of the platform that it runs on, where the policy allows `rolebridge:AuthenticateClient`. */
  | { readonly kind: 'workload'; readonly policy: Policy }
  /** None: whoever has it can read what is in it. */
  | { readonly kind: 'public' };

/** An OIDC and OAuth client of ours. Durations are seconds. */
export type Application = {
  readonly clientId: string;
  /** `arn:aws:rolebridge::<account>:application/<clientId>`. */
  readonly arn: Arn;
  readonly account: AccountId;
  /** For people; the client id where none is configured. */
  readonly displayName: string;
  /** Compared as text. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri?: string;
  readonly authentication: ClientAuthentication;
  readonly grants: readonly ApplicationGrant[];
  /** No consent page. */
  readonly firstParty: boolean;
  /** The services that it may have access tokens for, by their audiences. */
  readonly audiences: readonly string[];
  /** The roles that it may have credentials of; absent: all that the roles' own policies open. */
  readonly allowedRoles?: readonly Arn[];
  /** The roles that it is told of: those of them that are open to the person stand in the claim `roles`. */
  readonly roleClaims: readonly Arn[];
  /** Claim of its ID tokens and userinfo ← claim or attribute of the person's sign-in. */
  readonly claims: Readonly<Record<string, string>>;
  /** Who may exchange what for an ID token of this application. Absent: nobody. */
  readonly exchangePolicy?: Policy;
  readonly idTokenLifetimeSeconds: number;
  readonly refreshTokenLifetimeSeconds: number;
  /** What its ID and logout tokens are signed with. */
  readonly idTokenAlgorithm: SigningAlgorithm;
  /** Whether it must push its authorization requests (RFC 9126). */
  readonly requirePushedRequests: boolean;
  /** Whether its tokens are bound to a key of its own (DPoP, RFC 9449). */
  readonly requireDpop: boolean;
};
