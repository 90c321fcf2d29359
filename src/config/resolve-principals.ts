import { Secret } from '../domain/credentials/secret.ts';
import type { Policy } from '../domain/policy/document.ts';
import type { AccessKey, MfaDevice, User } from '../domain/role/user.ts';
import type { Role } from '../domain/role/role.ts';
import { uniqueId } from '../domain/role/unique-id.ts';
import type { Path } from './fault.ts';
import { arnOf, namesOf, readSecret, reportDuplicates, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import { compileTrust, resolveBoundary, resolveIdentityPolicies } from './resolve-policies.ts';
import type { ManagedPolicies, TrustedProviders } from './resolve-policies.ts';
import type { ConfigFile } from './schema.ts';

type RoleEntry = ConfigFile['roles'][number];
type UserEntry = ConfigFile['users'][number];

/** The roles; a trust policy that is unsafe is reported at the statement in question. */
export function resolveRoles(
  entries: ConfigFile['roles'],
  world: { readonly managed: ManagedPolicies; readonly providers: TrustedProviders },
  resolution: Resolution,
): readonly Role[] {
  reportDuplicates(namesOf('roles', entries), 'name', resolution);
  return entries
    .map((entry, index) => resolveRole(entry, ['roles', index], world, resolution))
    .filter((role) => role !== undefined);
}

function resolveRole(
  entry: RoleEntry,
  path: Path,
  world: { readonly managed: ManagedPolicies; readonly providers: TrustedProviders },
  resolution: Resolution,
): Role | undefined {
  const { account, name, path: rolePath, description, tags, singleUseToken } = entry;
  const arn = arnOf(`arn:aws:iam::${account}:role${rolePath}${name}`);
  const trustPolicy = compileTrust(
    entry.trustPolicy,
    { kind: 'trust', arn, path: [...path, 'trustPolicy'], providers: world.providers },
    resolution,
  );
  const identityPolicies = resolveIdentityPolicies(entry, path, world.managed, resolution);
  const boundary = resolveBoundary(entry, path, world.managed, resolution);
  if (trustPolicy === undefined) return undefined;
  return {
    arn,
    id: uniqueId('AROA', arn),
    account,
    name,
    path: rolePath,
    ...(description !== undefined && { description }),
    maxSessionDurationSeconds: entry.maxSessionDuration,
    trustPolicy,
    identityPolicies,
    ...boundary,
    tags,
    singleUseToken,
  };
}

/** The users, each with the policies of its groups. */
export function resolveUsers(
  file: ConfigFile,
  managed: ManagedPolicies,
  resolution: Resolution,
): readonly User[] {
  const { users } = file;
  reportDuplicates(namesOf('users', users), 'name', resolution);
  reportDuplicates(rootsOf(users), 'root user', resolution);
  reportDuplicates(placesOf(users, 'accessKeys', 'id'), 'access key id', resolution);
  reportDuplicates(placesOf(users, 'mfaDevices', 'serial'), 'serial', resolution);
  const groups = resolveGroups(file.groups, managed, resolution);
  return users.map((entry, index) => resolveUser(entry, ['users', index], { managed, groups }, resolution));
}

function rootsOf(users: readonly UserEntry[]) {
  return users.flatMap(({ root, account }, index) =>
    root ? [{ key: account, path: ['users', index, 'root'] }] : [],
  );
}

function placesOf(users: readonly UserEntry[], list: 'accessKeys' | 'mfaDevices', key: 'id' | 'serial') {
  return users.flatMap((user, index) =>
    user[list].map((item, position) => ({
      key: 'id' in item ? item.id : item.serial,
      path: ['users', index, list, position, key],
    })),
  );
}

type GroupPolicies = ReadonlyMap<string, readonly Policy[]>;

function resolveGroups(
  entries: ConfigFile['groups'],
  managed: ManagedPolicies,
  resolution: Resolution,
): GroupPolicies {
  reportDuplicates(namesOf('groups', entries), 'name', resolution);
  return new Map(
    entries.map((entry, index) => [
      `${entry.account}/${entry.name}`,
      resolveIdentityPolicies(entry, ['groups', index], managed, resolution),
    ]),
  );
}

function resolveUser(
  entry: UserEntry,
  path: Path,
  world: { readonly managed: ManagedPolicies; readonly groups: GroupPolicies },
  resolution: Resolution,
): User {
  const { account, name, root: isRoot, tags } = entry;
  const arn = arnOf(isRoot ? `arn:aws:iam::${account}:root` : `arn:aws:iam::${account}:user/${name}`);
  const own = resolveIdentityPolicies(entry, path, world.managed, resolution);
  return {
    arn,
    id: isRoot ? account : uniqueId('AIDA', arn),
    account,
    name,
    isRoot,
    identityPolicies: [...own, ...groupPolicies(entry, path, world.groups, resolution)],
    ...resolveBoundary(entry, path, world.managed, resolution),
    tags,
    accessKeys: resolveAccessKeys(entry.accessKeys, [...path, 'accessKeys'], resolution),
    mfaDevices: resolveMfaDevices(entry, [...path, 'mfaDevices'], resolution),
  };
}

function groupPolicies(
  { account, groups: names }: UserEntry,
  path: Path,
  groups: GroupPolicies,
  resolution: Resolution,
): readonly Policy[] {
  return names.flatMap((name, index) => {
    const policies = groups.get(`${account}/${name}`);
    if (policies === undefined && !resolution.incomplete.has('groups')) {
      reportError(resolution, 'unknown-group', [...path, 'groups', index], {
        message: 'No entry of `groups` in the same account has this name.',
      });
    }
    return policies ?? [];
  });
}

function resolveAccessKeys(
  entries: UserEntry['accessKeys'],
  path: Path,
  resolution: Resolution,
): readonly AccessKey[] {
  return entries.flatMap(({ id, secret: reference, status }, index) => {
    const secret = readSecret(reference, [...path, index, 'secret'], resolution);
    return secret === undefined ? [] : [{ id, secret, status }];
  });
}

function resolveMfaDevices(
  { account, mfaDevices }: UserEntry,
  path: Path,
  resolution: Resolution,
): readonly MfaDevice[] {
  return mfaDevices.flatMap(({ serial, totpSecret: reference }, index) => {
    if (serial.startsWith('arn:') && !serial.startsWith(`arn:aws:iam::${account}:mfa/`)) {
      reportError(resolution, 'wrong-account', [...path, index, 'serial'], {
        message: "This must be an ARN of an MFA device in the user's own account.",
      });
    }
    const totpSecret = readTotpSecret(reference, [...path, index, 'totpSecret'], resolution);
    return totpSecret === undefined ? [] : [{ serial, totpSecret }];
  });
}

// 80 bits at least (RFC 4226 R6 asks for 128; the seeds that most services hand out have 80 or more).
const BASE32_SEED = /^[A-Z2-7]{16,256}$/;

function readTotpSecret(
  reference: UserEntry['mfaDevices'][number]['totpSecret'],
  path: Path,
  resolution: Resolution,
): Secret | undefined {
  const secret = readSecret(reference, path, resolution);
  if (secret === undefined) return undefined;
  // People copy seeds in groups of four, in lower case and with padding.
  const seed = secret.reveal().replaceAll(/[\s=]/g, '').toUpperCase();
  if (BASE32_SEED.test(seed)) return new Secret(seed);
  reportError(resolution, 'secret-malformed', path, {
    message: 'This secret is not a TOTP seed: base32, 16 to 256 characters.',
  });
  return undefined;
}
