import type { Command, Option } from 'commander';
import {
  parseEvent,
  type ExplainedCondition,
  type ExplainedEvent,
  type ExplainedPolicy,
  type ExplainedStatement,
} from './audit-event.ts';
import { withStore } from './open-store.ts';
import { CommandError, formatTable, print } from './output.ts';

/** `rolebridge explain REF`: why a request was refused. */
export function addExplainCommand(program: Command, configOption: () => Option): void {
  program
    .command('explain')
    .description('tell why a request was refused: which condition failed, what it wanted and what came')
    .argument('<reference>', 'such as 7F3K-Q2MD; the refused caller was told it')
    .addOption(configOption())
    .option('--json', 'the whole event')
    .action(explain);
}

async function explain(
  reference: string,
  options: { readonly config: string; readonly json?: true },
): Promise<void> {
  await withStore(options.config, async ({ audit }) => {
    const { records } = await audit.find({ reference: reference.trim().toUpperCase() }, { limit: 10 });
    if (records.length === 0)
      throw new CommandError(
        `no event has the reference ${reference}: check it, or it is older than audit.retain`,
      );
    for (const { event } of records) {
      const parsed = options.json ? undefined : parseEvent(event);
      print(parsed ? formatEvent(parsed) : event);
    }
  });
}

/** The event as a person reads it. */
export function formatEvent(event: ExplainedEvent): string {
  const { additionalEventData: data, resources } = event;
  // CloudTrail names a SAML provider by a hash; people know its ARN.
  const samlProvider = resources.find(({ ARN }) => ARN.includes(':saml-provider/'))?.ARN;
  const facts = [
    ['who', event.who],
    ['provider', samlProvider ?? event.userIdentity.identityProvider],
    ['role', resources[0]?.ARN],
    ['from', `${event.sourceIPAddress} ${event.userAgent}`.trim()],
    ['request', event.requestID],
  ].flatMap(([name, value]) => (name !== undefined && value !== undefined ? [[`  ${name}`, value]] : []));
  const head = `${data.reference ?? '-'}  ${event.eventName} ${data.outcome}  ${event.eventTime}`;
  return [head, formatTable(facts), '', ...reasons(event)].join('\n');
}

function reasons({ additionalEventData, errorCode, errorMessage }: ExplainedEvent): string[] {
  const { decision } = additionalEventData;
  const failure = `${errorCode ?? 'failed'}: ${errorMessage ?? ''}`;
  if (!decision) return [`No policy was asked, because the request failed before: ${failure}`];
  if (decision.outcome === 'allow') return [`The policies allowed ${decision.action}, but: ${failure}`];
  return [`${decision.action} was refused: ${decision.reason}.`, ...decision.policies.flatMap(formatPolicy)];
}

const SETS: Readonly<Record<string, string>> = {
  resource: 'trust policy',
  identity: 'identity policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  rcp: 'resource control policy',
};

/** A policy of a trace as a person reads it. */
export function formatPolicy({ set, policy, statements }: ExplainedPolicy): string[] {
  const title = `\n${SETS[set] ?? set} ${policy}`;
  if (statements.length === 0) return [`${title}: no statement names the action`];
  return [title, ...statements.flatMap(formatStatement)];
}

function formatStatement(statement: ExplainedStatement): string[] {
  const { index, sid, effect, matched, failed, expected, actual } = statement;
  const name = sid === undefined ? `statement ${index + 1}` : `statement ${index + 1} (${sid})`;
  const lines = [
    `  ${name}, ${effect}: ${matched ? 'matches' : `does not match, by its ${failed ?? 'elements'}`}`,
  ];
  if (expected) lines.push(...comparison(expected.join(' | '), actual ?? 'nothing'));
  return [...lines, ...statement.conditions.flatMap(formatCondition)];
}

function formatCondition({ operator, key, expected, actual, passed, hint }: ExplainedCondition): string[] {
  const came = actual === null ? 'the request has no such key' : [actual].flat().join(', ');
  const lines = [`    ${passed ? 'ok  ' : 'FAIL'} ${operator} ${key}`];
  if (passed) return lines;
  return [...lines, ...comparison(expected.join(' | '), hint === undefined ? came : `${came}   (${hint})`)];
}

function comparison(wanted: string, came: string): string[] {
  return [`           wanted  ${wanted}`, `           came    ${came}`];
}
