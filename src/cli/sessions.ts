import { Option, type Command } from 'commander';
import type { Session } from '../domain/session/session.ts';
import type { SessionIndex, SessionQuery, SessionStore } from '../domain/session/session-store.ts';
import { withStore } from './open-store.ts';
import { CommandError, complain, formatTable, print } from './output.ts';

type Filter = { readonly person?: string; readonly role?: string; readonly provider?: string };
type Options = Filter & { readonly config: string; readonly json?: true; readonly limit: string };

const PAGE = 500;

/** `rolebridge sessions list|revoke`. */
export function addSessionsCommand(program: Command, configOption: () => Option): void {
  const sessions = program.command('sessions').description('list and revoke issued credentials');
  sessions
    .command('list')
    .description('living sessions, one line each')
    .addOption(configOption())
    .option('--person <PERSON>', 'only of this person: "<provider ARN> <subject>", or a user\'s ARN')
    .option('--role <ARN>', 'only of this role')
    .option('--provider <ARN>', 'only of this identity provider')
    .option('--limit <N>', 'at most so many', '100')
    .option('--json', 'one JSON object a line')
    .action(listSessions);
  sessions
    .command('revoke')
    .description('end sessions at once: one by its access key id, or all of a role, person or provider')
    .argument('[access-key-id]', 'ASIA…')
    .addOption(configOption())
    .option('--person <PERSON>', 'all of this person')
    .option('--role <ARN>', 'all of this role')
    .option('--provider <ARN>', 'all of this identity provider')
    .action(revokeSessions);
}

async function listSessions(options: Options): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new CommandError('--limit takes a whole number from 1 on');
  const query = filterOf(options) ?? ({ by: 'all' } as const);
  await withStore(options.config, async ({ sessions }) => {
    const found = await collect(sessions, query, limit);
    if (options.json) for (const session of found) print(JSON.stringify(summary(session)));
    else if (found.length === 0) complain('No living sessions.');
    else print(formatTable([['ACCESS KEY', 'PRINCIPAL', 'PERSON', 'ISSUED', 'EXPIRES'], ...found.map(row)]));
  });
}

async function collect(store: SessionStore, query: SessionQuery, limit: number): Promise<readonly Session[]> {
  const found: Session[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list(query, {
      limit: Math.min(PAGE, limit - found.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.sessions);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < limit);
  return found;
}

async function revokeSessions(accessKeyId: string | undefined, options: Options): Promise<void> {
  const filter = filterOf(options);
  if ((accessKeyId === undefined) === (filter === undefined))
    throw new CommandError('name one access key id, or one of --person, --role and --provider');
  await withStore(options.config, async ({ sessions }) => {
    if (filter) {
      print(`${await sessions.revokeAll(filter)} sessions revoked`);
      return;
    }
    if (!(await sessions.revoke(accessKeyId ?? '')))
      throw new CommandError(`no living session ${accessKeyId ?? ''}`);
    print('1 session revoked');
  });
}

function filterOf(options: Filter): { by: SessionIndex; value: string } | undefined {
  const filters = (['person', 'role', 'provider'] as const).flatMap((by) => {
    const value = options[by];
    return value === undefined ? [] : [{ by, value }];
  });
  if (filters.length > 1) throw new CommandError('use one of --person, --role and --provider');
  return filters[0];
}

function row(session: Session): string[] {
  const { accessKeyId, principalArn, person, issuedAtMs, expiresAtMs } = session;
  return [accessKeyId, principalArn, person, iso(issuedAtMs), iso(expiresAtMs)];
}

/** What may be shown of a session: never its token or secret, not even hashed or sealed. */
function summary(session: Session): Readonly<Record<string, unknown>> {
  const hidden = new Set(['tokenHash', 'sealedSecret', 'issuedAtMs', 'expiresAtMs', 'signInExpiresAtMs']);
  const shown = Object.fromEntries(Object.entries(session).filter(([name]) => !hidden.has(name)));
  return { ...shown, issuedAt: iso(session.issuedAtMs), expiresAt: iso(session.expiresAtMs) };
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
