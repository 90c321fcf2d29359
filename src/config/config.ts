import type { AccentShades } from './accent.ts';
import type { Application } from '../domain/application/application.ts';
import type { Service } from '../domain/application/service.ts';
import type { Secret } from '../domain/credentials/secret.ts';
import type { OidcProvider } from '../domain/identity/oidc-provider.ts';
import type { SamlProvider } from '../domain/identity/saml-provider.ts';
import type { Policy } from '../domain/policy/document.ts';
import type { AccountId } from '../domain/role/arn.ts';
import type { Guardrails } from '../domain/role/directory.ts';
import type { Role } from '../domain/role/role.ts';
import type { User } from '../domain/role/user.ts';

/** Where to listen; port 0 lets the system choose. */
export type ListenAddress = { readonly host: string; readonly port: number };

export type RedisConnection =
  | { readonly url: string }
  | { readonly cluster: readonly string[] }
  | { readonly sentinels: readonly string[]; readonly master: string };

export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'redis';
      readonly connection: RedisConnection;
      readonly username?: string;
      readonly password?: Secret;
    };

/** A file is created on first start, so it is not read here; the text of a variable is. */
export type MasterKeySource =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'text'; readonly text: Secret };

/** What an installation may choose of the pages' looks; `src/http/branding.ts` has the same shape. */
export type Branding = {
  /** Stands where Rolebridge would. */
  readonly name: string;
  /** `#rrggbb` each, with 4.5:1 on its ground at least. */
  readonly accent: AccentShades;
  readonly logo?: { readonly mediaType: 'image/svg+xml' | 'image/png'; readonly bytes: Uint8Array };
};

/** An account with the organization policies that bind it. */
export type Account = {
  readonly id: AccountId;
  readonly alias?: string;
  readonly guardrails: Guardrails;
  /** Whether GetWebIdentityToken issues anything here. */
  readonly outboundWebIdentityFederation: boolean;
};

/**
 * The configuration, checked and resolved: durations as numbers, secrets read, policies compiled, names as ARNs.
 * `app.ts` alone sees it whole and hands each part its own values.
 */
export type Config = {
  /** An origin, without trailing slash. */
  readonly publicUrl: string;
  readonly listen: ListenAddress & { readonly trustedProxies: readonly string[] };
  readonly management: ListenAddress;
  readonly region: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly store: StoreSettings;
  readonly masterKey: MasterKeySource;
  readonly outbound: {
    readonly privateAddresses: 'allow' | 'deny';
    readonly http: 'allow' | 'deny';
    readonly timeoutMs: number;
  };
  readonly sts: { readonly errorReference: 'element' | 'message' };
  readonly tokens: { readonly keyRotationMs: number };
  readonly audit: { readonly retainSeconds: number };
  readonly mfa: {
    /** `always`: of everybody who signs in; `by-policy`: where a role's trust policy wants a second factor. */
    readonly required: 'always' | 'by-policy';
    /** What authenticator apps show. */
    readonly issuerName: string;
  };
  readonly browserSession: { readonly idleMs: number; readonly absoluteMs: number };
  readonly branding: Branding;
  readonly accounts: readonly Account[];
  readonly oidcProviders: readonly OidcProvider[];
  readonly samlProviders: readonly SamlProvider[];
  readonly roles: readonly Role[];
  readonly applications: readonly Application[];
  readonly services: readonly Service[];
  readonly users: readonly User[];
  /** Customer managed policies by ARN. */
  readonly managedPolicies: ReadonlyMap<string, Policy>;
};
