import type { OidcProvider } from '../identity/oidc-provider.ts';
import type { SamlProvider } from '../identity/saml-provider.ts';
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
  managedPolicy(arn: string): Policy | undefined;
  guardrails(account: string): Guardrails;
}
