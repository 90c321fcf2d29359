import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { CommandError, complain } from './output.ts';

const DEFAULT_CONFIG = 'rolebridge.yaml';

function configOption(): Option {
  return new Option('-c, --config <FILE>', 'the configuration')
    .env('ROLEBRIDGE_CONFIG')
    .default(DEFAULT_CONFIG);
}

/** Runs the command line; returns the exit code: 0 done, 1 refused or failed, 2 not understood. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = await createProgram(argv[2]);
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    complain(error instanceof CommandError ? error.message : describe(error));
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

/** Loads the code of the named command only, so that each starts fast; all of it for help. */
async function createProgram(name: string | undefined): Promise<Command> {
  const program = new Command('rolebridge')
    .description('Identity bridge: verified sign-ins become short-lived credentials')
    .version(readVersion())
    .exitOverride();
  const named = name !== undefined && Object.hasOwn(COMMANDS, name);
  for (const [command, load] of Object.entries(COMMANDS))
    if (!named || command === name) (await load())(program, configOption);
  return program;
}

type AddCommand = (program: Command, configOption: () => Option) => void;

const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  serve: async () => (await import('./serve.ts')).addServeCommand,
  validate: async () => (await import('./validate.ts')).addValidateCommand,
  sessions: async () => (await import('./sessions.ts')).addSessionsCommand,
  people: async () => (await import('./people.ts')).addPeopleCommand,
  audit: async () => (await import('./audit.ts')).addAuditCommand,
  explain: async () => (await import('./explain.ts')).addExplainCommand,
  'master-key': async () => (await import('./master-key.ts')).addMasterKeyCommand,
  keys: async () => (await import('./keys.ts')).addKeysCommand,
  saml: async () => (await import('./saml.ts')).addSamlCommand,
  healthcheck: async () => (await import('./healthcheck.ts')).addHealthcheckCommand,
};

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return typeof version === 'string' ? version : '';
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
