import type { OpenRole } from '../../domain/federation/list-roles.ts';
import type { Directory } from '../../domain/role/directory.ts';
import type { AccountRoles, RoleRow } from '../page-data.ts';

/** A role as pages show it. */
export function toRow(
  { role, needsMfa }: OpenRole,
  favourites: ReadonlySet<string>,
  directory: Pick<Directory, 'accountAlias'>,
): RoleRow {
  const { arn, name, account, description, maxSessionDurationSeconds } = role;
  const accountAlias = directory.accountAlias(account);
  return {
    arn,
    name,
    account,
    ...(accountAlias === undefined ? {} : { accountAlias }),
    ...(description === undefined ? {} : { description }),
    maxDurationSeconds: maxSessionDurationSeconds,
    needsMfa,
    favourite: favourites.has(arn),
  };
}

/** Whether every word of a search stands somewhere in what the page shows of the role. */
export function matchesSearch(
  { name, account, accountAlias, description, arn }: RoleRow,
  query: string,
): boolean {
  const shown = [name, account, accountAlias, description, arn].join('\n').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => shown.includes(word));
}

/** By account, accounts and roles by the names that people read. */
export function groupByAccount(rows: readonly RoleRow[]): readonly AccountRoles[] {
  const groups = [...Map.groupBy(rows, ({ account }) => account)].map(([account, roles]) => {
    const alias = roles[0]?.accountAlias;
    return {
      account,
      ...(alias === undefined ? {} : { alias }),
      roles: roles.toSorted((a, b) => compare(a.name, b.name) || compare(a.arn, b.arn)),
    };
  });
  return groups.sort((a, b) => compare(a.alias ?? a.account, b.alias ?? b.account));
}

// Not by locale: names are ASCII, and the order is to be the same on every machine.
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
