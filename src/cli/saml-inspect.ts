import { existsSync, readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { CommandError, print } from './output.ts';
import { readConfig } from './read-config.ts';
import { inspectSaml, type Inspection } from './saml-inspection.ts';
import { formatInspection } from './saml-inspect-text.ts';

type InspectOptions = { readonly config: string; readonly at?: string; readonly json?: true };

/** `rolebridge saml inspect FILE|-`: exit code 1 where a response opens nothing or a document cannot be used. */
export function addSamlInspectCommand(saml: Command, configOption: () => Option): void {
  saml
    .command('inspect')
    .description(
      'tell what a response or a metadata document says, what of it is verified, and what it would open',
    )
    .argument('<file>', 'a response as base64 or XML, or metadata; - for standard input')
    .addOption(configOption())
    .option('--at <time>', 'as if it were used then, such as 2026-11-21T12:00:00Z; without it, now')
    .option('--json', 'a JSON document instead of text')
    .action(inspect);
}

async function inspect(file: string, { config: path, at, json }: InspectOptions): Promise<void> {
  const nowMs = at === undefined ? Date.now() : Date.parse(at);
  if (Number.isNaN(nowMs))
    throw new CommandError(`--at ${at ?? ''} is not a time like 2026-11-21T12:00:00Z`, 2);
  const config = existsSync(path) ? readConfig(path) : undefined;
  const inspection = await inspectSaml(read(file), nowMs, config);
  print(json ? JSON.stringify(inspection, undefined, 2) : formatInspection(inspection));
  if (!isGood(inspection)) process.exitCode = 1;
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`${file} cannot be read: ${reason}`);
  }
}

function isGood(inspection: Inspection): boolean {
  if (inspection.kind !== 'response') return inspection.kind === 'metadata';
  return inspection.acceptances?.some(({ accepted }) => accepted) ?? true;
}
