import type { Identity } from '../identity/identity.ts';
import type { OidcProvider } from '../identity/oidc-provider.ts';
import type { SamlProvider } from '../identity/saml-provider.ts';
import type { SignInProvider } from '../identity/sign-in-provider.ts';
import type { Application } from '../application/application.ts';
import type { Service } from '../application/service.ts';
import type { Policy } from '../policy/document.ts';
import type { Role } from './role.ts';
import type { AccessKey, User } from './user.ts';

/** Organisation policies that bind an account: levels root first, each level a set of which any may allow. */
export type Guardrails = {
  readonly scps?: readonly (readonly Policy[])[];
  readonly rcps?: readonly (readonly Policy[])[];
  /** `o-…`, as `aws:PrincipalOrgID`. */
  readonly organizationId?: string;
  /** Guardrails bind member accounts only (wire-spec 6.1). */
  readonly isManagementAccount: boolean;
};

/** What exists: accounts, roles, users, providers and policies. Every look-up is by exact name and costs one map access. */
export interface Directory {
  hasAccount(account: string): boolean;
  role(arn: string): Role | undefined;
  user(arn: string): User | undefined;
  accessKey(id: string): { readonly user: User; readonly key: AccessKey } | undefined;
  oidcProviders(account: string): readonly OidcProvider[];
  samlProvider(arn: string): SamlProvider | undefined;
  /** By the name in its URLs, which no two providers share, whatever their accounts. */
  samlProviderNamed(name: string): SamlProvider | undefined;
  samlProviders(account: string): readonly SamlProvider[];
  /** The provider behind an identity; `undefined` once it left the configuration. */
  hasProvider(arn: string): boolean;
  applications(): readonly Application[];
  application(clientId: string): Application | undefined;
  /** By its audience, which no two services share. */
  service(audience: string): Service | undefined;
  /** Those that people may sign in with, in the configuration's order. */
  signInProviders(): readonly SignInProvider[];
  /** By the name in `/signin/{name}`, which no two of them share. */
  signInProviderNamed(name: string): SignInProvider | undefined;
  signInProvider(arn: string): SignInProvider | undefined;
  /** A name for people. */
  accountAlias(account: string): string | undefined;
  /**
   * Roles whose trust policy may admit the identity: all that do, and few that do not. Costs what these few cost, however
   * many roles there are; the gate decides each.
   */
  candidateRoles(identity: Pick<Identity, 'providerArn' | 'conditionKeys'>): readonly Role[];
  managedPolicy(arn: string): Policy | undefined;
  guardrails(account: string): Guardrails;
  /** Whether principals of the account may have tokens for other services (GetWebIdentityToken). */
  mayFederateOutbound(account: string): boolean;
}
