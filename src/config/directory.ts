import type { OidcProvider } from '../domain/identity/oidc-provider.ts';
import type { SignInProvider } from '../domain/identity/sign-in-provider.ts';
import { createRoleIndex } from '../domain/federation/role-index.ts';
import type { SamlProvider } from '../domain/identity/saml-provider.ts';
import type { Directory, Guardrails } from '../domain/role/directory.ts';
import type { AccessKey, User } from '../domain/role/user.ts';
import type { Account, Config } from './config.ts';

const NO_GUARDRAILS: Guardrails = { isManagementAccount: false };

type DirectoryParts = Pick<
  Config,
  | 'accounts'
  | 'roles'
  | 'users'
  | 'oidcProviders'
  | 'samlProviders'
  | 'managedPolicies'
  | 'applications'
  | 'services'
>;

/** The configured world, indexed once. */
export function createDirectory(config: DirectoryParts): Directory {
  const accounts = new Map<string, Account>(config.accounts.map((account) => [account.id, account]));
  const roles = new Map<string, Config['roles'][number]>(config.roles.map((role) => [role.arn, role]));
  const users = new Map<string, User>(config.users.map((user) => [user.arn, user]));
  const keys = new Map<string, { user: User; key: AccessKey }>(
    config.users.flatMap((user) => user.accessKeys.map((key) => [key.id, { user, key }] as const)),
  );
  const providers = Map.groupBy<string, OidcProvider>(config.oidcProviders, ({ account }) => account);
  const samlProviders = new Map<string, SamlProvider>(
    config.samlProviders.map((provider) => [provider.arn, provider]),
  );
  const samlProvidersByName = new Map(config.samlProviders.map((provider) => [provider.name, provider]));
  const samlProvidersByAccount = Map.groupBy<string, SamlProvider>(
    config.samlProviders,
    ({ account }) => account,
  );
  const providerArns = new Set<string>(
    [...config.oidcProviders, ...config.samlProviders].map(({ arn }) => arn),
  );
  const applications = new Map(config.applications.map((one) => [one.clientId, one]));
  const services = new Map(config.services.map((one) => [one.audience, one]));
  const signInProviders = findSignInProviders(config);
  const signInByName = new Map(signInProviders.map((one) => [one.provider.name, one]));
  const signInByArn = new Map<string, SignInProvider>(signInProviders.map((one) => [one.provider.arn, one]));
  return {
    hasAccount: (account) => accounts.has(account),
    role: (arn) => roles.get(arn),
    user: (arn) => users.get(arn),
    accessKey: (id) => keys.get(id),
    oidcProviders: (account) => providers.get(account) ?? [],
    samlProvider: (arn) => samlProviders.get(arn),
    samlProviders: (account) => samlProvidersByAccount.get(account) ?? [],
    hasProvider: (arn) => providerArns.has(arn),
    applications: () => config.applications,
    application: (clientId) => applications.get(clientId),
    service: (audience) => services.get(audience),
    samlProviderNamed: (name) => samlProvidersByName.get(name),
    signInProviders: () => signInProviders,
    signInProviderNamed: (name) => signInByName.get(name),
    signInProvider: (arn) => signInByArn.get(arn),
    accountAlias: (account) => accounts.get(account)?.alias,
    candidateRoles: createRoleIndex(config.roles),
    managedPolicy: (arn) => config.managedPolicies.get(arn),
    guardrails: (account) => accounts.get(account)?.guardrails ?? NO_GUARDRAILS,
    mayFederateOutbound: (account) => accounts.get(account)?.outboundWebIdentityFederation ?? false,
  };
}

function findSignInProviders({ oidcProviders, samlProviders }: DirectoryParts): readonly SignInProvider[] {
  return [
    ...oidcProviders.flatMap((provider): SignInProvider[] =>
      provider.signIn === undefined
        ? []
        : [{ kind: 'oidc', provider: { ...provider, signIn: provider.signIn } }],
    ),
    ...samlProviders.flatMap((provider): SignInProvider[] =>
      provider.signIn === undefined
        ? []
        : [{ kind: 'saml', provider: { ...provider, signIn: provider.signIn } }],
    ),
  ];
}
