import type { Command } from 'commander';
import type { Fault } from '../config/fault.ts';
import { loadConfig } from '../config/load.ts';
import { parseIdpMetadata } from '../protocols/saml/metadata.ts';
import { complain, print } from './output.ts';

/** `rolebridge validate FILE`: exit code 1 where `serve` would refuse the file. */
export function addValidateCommand(program: Command): void {
  program
    .command('validate')
    .description('check a configuration file: all faults at once, each with its place')
    .argument('<file>', 'the configuration')
    .option('--json', 'a JSON document instead of text')
    .action((file: string, options: { readonly json?: true }) => {
      const result = loadConfig(file, { env: process.env, parseSamlMetadata: parseIdpMetadata });
      const faults = result.ok ? result.warnings : result.faults;
      if (options.json) print(JSON.stringify({ valid: result.ok, faults }, undefined, 2));
      else if (faults.length > 0) complain(formatFaults(faults));
      if (!options.json && result.ok) print(`${file} is valid`);
      if (!result.ok) process.exitCode = 1;
    });
}

/** Faults as compilers print them: place, severity, message, code, and what to do. */
export function formatFaults(faults: readonly Fault[]): string {
  return faults
    .map(({ file, line, column, severity, message, code, path, remedy }) => {
      const where = path === '' ? '' : `\n    at ${path}`;
      const what = remedy === undefined ? '' : `\n    ${remedy}`;
      return `${file}:${line}:${column}: ${severity}: ${message} [${code}]${where}${what}`;
    })
    .join('\n');
}
