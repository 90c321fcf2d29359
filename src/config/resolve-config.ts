import { findApplicationTrouble } from './application-trouble.ts';
import type { Config, MasterKeySource, RedisConnection, StoreSettings } from './config.ts';
import { readSecret, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import { resolveAccounts } from './resolve-accounts.ts';
import { resolveApplications } from './resolve-applications.ts';
import { resolveBranding } from './resolve-branding.ts';
import { resolveManagedPolicies } from './resolve-policies.ts';
import { resolveRoles, resolveUsers } from './resolve-principals.ts';
import { resolveOidcProviders, resolveSamlProviders } from './resolve-providers.ts';
import { reportSignInClashes, resolveBrowserSession } from './resolve-sign-in.ts';
import { resolveServices } from './resolve-services.ts';
import type { ConfigFile } from './schema.ts';
import { findSignInTrouble } from './sign-in-trouble.ts';
import { findUnusedRoles } from './unused-roles.ts';

/**
 * Follows every reference of a file that has the right shape. What is wrong goes to `resolution.report`; after an
 * error there the result must not be used.
 */
export function resolveConfig(file: ConfigFile, resolution: Resolution): Config {
  const world = resolveWorld(file, resolution);
  reportListenerClash(file, resolution);
  const { publicUrl, listen, management, region, logLevel, outbound, sts, tokens, audit, mfa } = file;
  const { privateAddresses, http, timeout } = outbound;
  return {
    publicUrl,
    listen,
    management,
    region,
    logLevel,
    store: resolveStore(file.store, resolution),
    masterKey: resolveMasterKey(file.masterKey, resolution),
    outbound: { privateAddresses, http, timeoutMs: timeout * 1000 },
    sts,
    tokens: { keyRotationMs: tokens.keyRotation * 1000 },
    audit: { retainSeconds: audit.retain },
    mfa,
    browserSession: resolveBrowserSession(file, resolution),
    branding: resolveBranding(file.branding, resolution),
    ...world,
  };
}

function resolveWorld(file: ConfigFile, resolution: Resolution) {
  const accounts = resolveAccounts(file, resolution);
  const managed = resolveManagedPolicies(file.policies, resolution);
  const oidcProviders = resolveOidcProviders(file, resolution);
  const samlProviders = resolveSamlProviders(file, resolution);
  reportSignInClashes(file, resolution);
  const providers = [
    ...oidcProviders.map(({ arn, issuer, audiences }) => ({ kind: 'oidc' as const, arn, issuer, audiences })),
    ...samlProviders.map(({ arn }) => ({ kind: 'saml' as const, arn })),
  ];
  const roles = resolveRoles(file.roles, { managed, providers }, resolution);
  const users = resolveUsers(file, managed, resolution);
  const applications = resolveApplications(file, providers, resolution);
  const services = resolveServices(file, providers, resolution);
  const world = {
    ...{ accounts, oidcProviders, samlProviders, roles, users, applications, services },
    managedPolicies: managed.byArn,
  };
  if (isComplete(world, file, resolution))
    [
      ...findUnusedRoles(world),
      ...findSignInTrouble({ ...world, publicUrl: file.publicUrl }),
      ...findApplicationTrouble(world),
    ].forEach(resolution.report);
  return world;
}

/** Among faulty entries, who seems to be missing may just be faulty. */
function isComplete(
  { roles, services }: Pick<Config, 'roles' | 'services'>,
  file: ConfigFile,
  { incomplete }: Resolution,
): boolean {
  return (
    incomplete.size === 0 && roles.length === file.roles.length && services.length === file.services.length
  );
}

function reportListenerClash({ listen, management }: ConfigFile, resolution: Resolution): void {
  if (listen.port === 0 || listen.port !== management.port || listen.host !== management.host) return;
  reportError(resolution, 'invalid-value', ['management', 'port'], {
    message: 'The management port must not be the public port.',
  });
}

function resolveStore({ sqlite, redis }: ConfigFile['store'], resolution: Resolution): StoreSettings {
  if (redis === undefined) return { kind: 'sqlite', path: sqlite?.path ?? '' };
  const { username, password: reference } = redis;
  const password = reference && readSecret(reference, ['store', 'redis', 'password'], resolution);
  return {
    kind: 'redis',
    connection: redisConnection(redis),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

type RedisEntry = NonNullable<ConfigFile['store']['redis']>;

function redisConnection({ url, cluster, sentinels, master }: RedisEntry): RedisConnection {
  if (cluster !== undefined) return { cluster };
  if (sentinels !== undefined && master !== undefined) return { sentinels, master };
  return { url: url ?? '' };
}

function resolveMasterKey(reference: ConfigFile['masterKey'], resolution: Resolution): MasterKeySource {
  // Not read here: it is created on first start, when the configuration was found to be good.
  if (reference.file !== undefined) return { kind: 'file', path: reference.file };
  const text = readSecret(reference, ['masterKey'], resolution);
  return text === undefined ? { kind: 'file', path: '' } : { kind: 'text', text };
}
