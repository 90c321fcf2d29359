import { z } from 'zod';
import { isAccountId, splitArn } from '../domain/role/arn.ts';
import type { Config } from './config.ts';
import type { Issue } from './fault.ts';
import type { ConfigFile } from './schema.ts';

type World = Pick<Config, 'accounts' | 'oidcProviders' | 'samlProviders' | 'roles' | 'users'>;

const principals = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statement = z.looseObject({
  Effect: z.string(),
  Principal: z.union([z.literal('*').transform(() => ({ AWS: ['*'] })), z.record(z.string(), principals)]),
});
const trustDocument = z.looseObject({
  Statement: z.union([statement.transform((one) => [one]), z.array(statement)]),
});

/** A warning for every role whose trust policy names nobody that exists here: mostly a misspelt name. */
export function findUnusedRoles(entries: ConfigFile['roles'], world: World): readonly Issue[] {
  const exists = createExistence(world);
  return entries.flatMap(({ trustPolicy }, index) => {
    const document = trustDocument.safeParse(trustPolicy);
    // What is no trust policy at all was reported as such.
    if (!document.success) return [];
    const allows = document.data.Statement.filter(({ Effect }) => Effect === 'Allow');
    const named = allows.flatMap(({ Principal }) => Object.values(Principal).flat());
    return named.some(exists) ? [] : [unused(index)];
  });
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
  const arns = new Set<string>(
    [...oidcProviders, ...samlProviders, ...roles, ...users].map(({ arn }) => arn),
  );
  const ids = new Set<string>(accounts.map(({ id }) => id));
  const sessions = new Set(roles.map(({ account, name }) => `${account}/${name}`));
  return (name) => {
    if (name === '*' || arns.has(name)) return true;
    if (isAccountId(name)) return ids.has(name);
    const { account = '', resource = '' } = splitArn(name) ?? {};
    const [kind, issuer = ''] = resource.split('/', 2);
    if (kind === 'assumed-role') return sessions.has(`${account}/${issuer}`);
    return (kind === 'root' || kind === 'federated-user') && ids.has(account);
  };
}
