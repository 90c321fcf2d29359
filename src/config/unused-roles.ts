import type { Role } from '../domain/role/role.ts';
import { splitArn } from '../domain/role/arn.ts';
import type { Config } from './config.ts';
import type { Issue } from './fault.ts';

type World = Pick<Config, 'accounts' | 'oidcProviders' | 'samlProviders' | 'roles' | 'users'>;

/** A warning for every role whose trust policy names nobody that exists here: mostly a misspelt name. */
export function findUnusedRoles(world: World): readonly Issue[] {
  const exists = createExistence(world);
  return world.roles.flatMap((role, index) => (principalsOf(role).some(exists) ? [] : [unused(index)]));
}

function principalsOf({ trustPolicy }: Role): readonly string[] {
  const allows = trustPolicy.statements.filter(({ effect }) => effect === 'Allow');
  return allows.flatMap(({ principals }) => principals?.entries.map(({ value }) => value) ?? []);
}

function unused(index: number): Issue {
  return {
    severity: 'warning',
    code: 'unused-role',
    message: 'Nobody can assume this role: its trust policy names nobody that exists here.',
    remedy: 'Correct the principal, or remove the role.',
    path: ['roles', index, 'trustPolicy'],
  };
}

function createExistence({
  accounts,
  oidcProviders,
  samlProviders,
  roles,
  users,
}: World): (name: string) => boolean {
  const names = new Set<string>(['*', ...accounts.map(({ id }) => id)]);
  for (const { arn } of [...oidcProviders, ...samlProviders, ...roles, ...users]) names.add(arn);
  for (const { account, name } of roles) names.add(`${account}/${name}`);
  return (name) => names.has(name) || existsIn(names, name);
}

// Names that stand for more than one caller, or for callers that come and go.
function existsIn(names: ReadonlySet<string>, name: string): boolean {
  const { account = '', resource = '' } = splitArn(name) ?? {};
  const [kind, owner = ''] = resource.split('/', 2);
  if (kind === 'assumed-role') return names.has(`${account}/${owner}`);
  return (kind === 'root' || kind === 'federated-user') && names.has(account);
}
