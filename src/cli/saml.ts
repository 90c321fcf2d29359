import type { Command, Option } from 'commander';
import { addSamlInspectCommand } from './saml-inspect.ts';
import { addSamlKeysCommand } from './saml-keys.ts';

/** `rolebridge saml keys|inspect`. */
export function addSamlCommand(program: Command, configOption: () => Option): void {
  const saml = program.command('saml').description('our SAML keys, and what SAML documents say');
  addSamlKeysCommand(saml, configOption);
  addSamlInspectCommand(saml, configOption);
}
