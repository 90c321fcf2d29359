import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import type { AuditOutcome, AuditRecord } from '../domain/audit/audit-event.ts';
import type { AuditLog, AuditQuery } from '../domain/audit/audit-log.ts';
import { parseEvent } from './audit-event.ts';
import { withStore } from './open-store.ts';
import { CommandError, complain, print } from './output.ts';

type Options = {
  readonly config: string;
  readonly ref?: string;
  readonly role?: string;
  readonly since?: string;
  readonly outcome?: AuditOutcome;
  readonly json?: true;
  readonly follow?: true;
};

const PAGE = 500;
const POLL_MS = 1000;
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `rolebridge audit`. */
export function addAuditCommand(program: Command, configOption: () => Option): void {
  program
    .command('audit')
    .description('read the audit log, oldest event first')
    .addOption(configOption())
    .option('--ref <REF>', 'only the event with this reference')
    .option('--role <ARN>', 'only events about this role')
    .option('--since <TIME>', 'only events since then: 2026-01-31T12:00:00Z, or 30m, 12h, 7d ago')
    .addOption(
      new Option('--outcome <OUTCOME>', 'only events that ended so').choices(['allowed', 'denied', 'failed']),
    )
    .option('--json', 'one JSON event a line')
    .option('--follow', 'go on with new events until interrupted')
    .action(readAudit);
}

async function readAudit(options: Options): Promise<void> {
  const query = queryOf(options);
  await withStore(options.config, async ({ audit }) => {
    let cursor = await printAll(audit, query, options, undefined);
    while (options.follow) {
      await sleep(POLL_MS);
      cursor = await printAll(audit, query, options, cursor);
    }
  });
}

async function printAll(
  audit: AuditLog,
  query: AuditQuery,
  { json }: Options,
  from: string | undefined,
): Promise<string> {
  let cursor = from;
  for (;;) {
    const page = await audit.find(query, { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const record of page.records) print(json ? record.event : line(record));
    cursor = page.cursor;
    if (!page.more) return cursor;
  }
}

function queryOf({ ref, role, since, outcome }: Options): AuditQuery {
  return {
    ...(ref === undefined ? {} : { reference: ref.toUpperCase() }),
    ...(role === undefined ? {} : { roleArn: role }),
    ...(since === undefined ? {} : { sinceMs: parseSince(since, Date.now()) }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function parseSince(text: string, nowMs: number): number {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return nowMs - Number(amount) * (UNITS[unit] ?? 0);
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new CommandError(
      `--since does not understand "${text}": give 2026-01-31T12:00:00Z, or 30m, 12h, 7d`,
    );
  return time;
}

function line(record: AuditRecord): string {
  const event = parseEvent(record.event);
  if (!event) {
    complain('An event could not be read; --json shows it as it is.');
    return new Date(record.timeMs).toISOString();
  }
  const parts = [
    event.eventTime,
    record.outcome.padEnd(7),
    event.eventName,
    event.who,
    record.roleArn ?? '-',
  ];
  if (record.reference !== undefined) parts.push(record.reference, event.errorCode ?? '');
  return parts.join('  ').trimEnd();
}
