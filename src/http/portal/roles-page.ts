import { listRoles } from '../../domain/federation/list-roles.ts';
import type { PersonExchange } from '../page-exchange.ts';
import type { RoleRow } from '../page-data.ts';
import { gateOf, personOf, type PortalDeps } from './portal-deps.ts';
import { groupByAccount, matchesSearch, toRow } from './role-rows.ts';

const MAX_QUERY = 200;

/** `GET /roles`: all roles that are open to the person, and nothing of any other. */
export async function showRoles(exchange: PersonExchange, deps: PortalDeps): Promise<void> {
  const { ctx, session } = exchange;
  const person = await deps.people.find(session.signIn.identity);
  const marked = new Set(person?.favourites);
  const open = listRoles(personOf(exchange), exchange.facts, gateOf(exchange, deps));
  const rows = open.map((role) => toRow(role, marked, deps.directory));
  const query = queryOf(ctx.querystring);
  const found = query === '' ? rows : rows.filter((row) => matchesSearch(row, query));
  exchange.show('roles', {
    query,
    // Whoever searches looks for one role, and should not find it twice.
    favourites: query === '' ? pick(rows, person?.favourites) : [],
    recents: query === '' ? pick(rows, person?.recents) : [],
    accounts: groupByAccount(found),
    total: rows.length,
    notices: session.signIn.notices,
  });
}

function queryOf(querystring: string): string {
  const query = new URLSearchParams(querystring).get('q') ?? '';
  return query.slice(0, MAX_QUERY).trim();
}

/** The rows of those roles that are still open, in the given order. */
function pick(rows: readonly RoleRow[], arns: readonly string[] = []): readonly RoleRow[] {
  const byArn = new Map(rows.map((row) => [row.arn, row]));
  return arns.map((arn) => byArn.get(arn)).filter((row) => row !== undefined);
}
