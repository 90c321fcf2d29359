import type { Policy, PolicyKind } from '../domain/policy/document.ts';
import { parsePolicy } from '../domain/policy/document.ts';
import type { AccountId } from '../domain/role/arn.ts';
import type { Guardrails } from '../domain/role/directory.ts';
import type { Account } from './config.ts';
import type { Path } from './fault.ts';
import { reportDuplicates, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import { compilePolicy } from './resolve-policies.ts';
import type { ConfigFile } from './schema.ts';

type Level = { readonly accounts: ReadonlySet<string> | undefined; readonly policies: readonly Policy[] };

/** Checks that the accounts which the file names exist, and gives each its organization policies. */
export function resolveAccounts(file: ConfigFile, resolution: Resolution): readonly Account[] {
  const { accounts } = file;
  reportDuplicates(
    accounts.map(({ id }, index) => ({ key: id, path: ['accounts', index, 'id'] })),
    'id',
    resolution,
  );
  const aliases = accounts.flatMap(({ alias }, index) =>
    alias === undefined ? [] : [{ key: alias, path: ['accounts', index, 'alias'] }],
  );
  reportDuplicates(aliases, 'alias', resolution);
  reportUnknownAccounts(file, resolution);
  const guardrailsOf = resolveOrganization(file.organization, resolution);
  return accounts.map(({ id, alias, outboundWebIdentityFederation }) => ({
    id,
    ...(alias !== undefined && { alias }),
    guardrails: guardrailsOf(id),
    outboundWebIdentityFederation,
  }));
}

function reportUnknownAccounts(file: ConfigFile, resolution: Resolution): void {
  if (resolution.incomplete.has('accounts')) return;
  const known = new Set<string>(file.accounts.map(({ id }) => id));
  for (const { account, path } of namedAccounts(file)) {
    if (known.has(account)) continue;
    reportError(resolution, 'unknown-account', path, {
      message: 'No entry of `accounts` has this id.',
      remedy: 'Add the account to `accounts`, or correct the id.',
    });
  }
}

type NamedAccount = { readonly account: string; readonly path: Path };

function namedAccounts(file: ConfigFile): readonly NamedAccount[] {
  const { oidcProviders, samlProviders, roles, users, groups, policies, organization } = file;
  const { applications, services } = file;
  const sections = { oidcProviders, samlProviders, roles, users, groups, policies, applications, services };
  const owners = Object.entries(sections).flatMap(([section, entries]) =>
    entries.flatMap(({ account }, index) =>
      account === undefined ? [] : [{ account, path: [section, index, 'account'] }],
    ),
  );
  const { managementAccount, serviceControlPolicies, resourceControlPolicies } = organization;
  const manager =
    managementAccount === undefined
      ? []
      : [{ account: managementAccount, path: ['organization', 'managementAccount'] }];
  return [
    ...owners,
    ...manager,
    ...levelAccounts('serviceControlPolicies', serviceControlPolicies),
    ...levelAccounts('resourceControlPolicies', resourceControlPolicies),
  ];
}

type LevelEntries = ConfigFile['organization']['serviceControlPolicies'];

function levelAccounts(key: string, levels: LevelEntries): readonly NamedAccount[] {
  return levels.flatMap(({ accounts = [] }, level) =>
    accounts.map((account, index) => ({ account, path: ['organization', key, level, 'accounts', index] })),
  );
}

function resolveOrganization(
  organization: ConfigFile['organization'],
  resolution: Resolution,
): (account: AccountId) => Guardrails {
  const scps = compileLevels(
    'serviceControlPolicies',
    'scp',
    organization.serviceControlPolicies,
    resolution,
  );
  const rcps = compileLevels(
    'resourceControlPolicies',
    'rcp',
    organization.resourceControlPolicies,
    resolution,
  ).map(withFullAccess);
  return (account) => {
    const [above, around] = [levelsOf(account, scps), levelsOf(account, rcps)];
    return {
      ...(organization.id !== undefined && { organizationId: organization.id }),
      isManagementAccount: organization.managementAccount === account,
      ...(above.length > 0 && { scps: above }),
      ...(around.length > 0 && { rcps: around }),
    };
  };
}

function compileLevels(
  key: string,
  kind: PolicyKind,
  levels: LevelEntries,
  resolution: Resolution,
): readonly Level[] {
  return levels.map(({ level, accounts, documents }, index) => ({
    accounts: accounts && new Set<string>(accounts),
    policies: documents
      .map((document, position) => {
        const path = ['organization', key, index, 'documents', position];
        return compilePolicy(document, { kind, name: `${level}[${position}]`, path }, resolution);
      })
      .filter((policy) => policy !== undefined),
  }));
}

// Resource control policies only deny; AWS attaches RCPFullAWSAccess to every level, and so do we (wire-spec 6.1).
function withFullAccess(level: Level): Level {
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }],
  };
  const full = parsePolicy(document, { kind: 'rcp', name: 'RCPFullAWSAccess' });
  return { ...level, policies: [...level.policies, full] };
}

function levelsOf(account: string, levels: readonly Level[]): readonly (readonly Policy[])[] {
  return levels.filter(({ accounts }) => accounts?.has(account) ?? true).map(({ policies }) => policies);
}
