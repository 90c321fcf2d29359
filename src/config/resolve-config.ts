import type { Config, MasterKeySource, RedisConnection, StoreSettings } from './config.ts';
import { namesOf, readSecret, reportDuplicates, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import { resolveAccounts } from './resolve-accounts.ts';
import { resolveBranding } from './resolve-branding.ts';
import { compilePolicy, resolveManagedPolicies } from './resolve-policies.ts';
import { resolveRoles, resolveUsers } from './resolve-principals.ts';
import { resolveOidcProviders, resolveSamlProviders } from './resolve-providers.ts';
import { reportSignInClashes, resolveBrowserSession } from './resolve-sign-in.ts';
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
  checkLaterSections(file, resolution);
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
    applications: [],
    services: [],
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
  const world = { accounts, oidcProviders, samlProviders, roles, users, managedPolicies: managed.byArn };
  // Among faulty entries, who seems to be missing may just be faulty.
  const isComplete = resolution.incomplete.size === 0 && roles.length === file.roles.length;
  if (isComplete)
    [...findUnusedRoles(world), ...findSignInTrouble({ ...world, publicUrl: file.publicUrl })].forEach(
      resolution.report,
    );
  return world;
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

// Sections whose features are still to come: their faults are told now, their values are not carried yet.
function checkLaterSections({ applications, services }: ConfigFile, resolution: Resolution): void {
  const clientIds = applications.map(({ clientId }, index) => ({
    key: clientId,
    path: ['applications', index, 'clientId'],
  }));
  reportDuplicates(clientIds, 'client id', resolution);
  for (const [index, { clientSecret }] of applications.entries()) {
    if (clientSecret === undefined) continue;
    readSecret(clientSecret, ['applications', index, 'clientSecret'], resolution);
  }
  reportDuplicates(namesOf('services', services), 'name', resolution);
  const audiences = services.map(({ audience }, index) => ({
    key: audience,
    path: ['services', index, 'audience'],
  }));
  reportDuplicates(audiences, 'audience', resolution);
  for (const [index, { name, exchangePolicy }] of services.entries()) {
    if (exchangePolicy === undefined) continue;
    const path = ['services', index, 'exchangePolicy'];
    compilePolicy(exchangePolicy, { kind: 'resource', name, path }, resolution);
  }
}
