import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { parseIdpMetadata } from '../protocols/saml/metadata.ts';
import { CommandError } from './output.ts';
import { formatFaults } from './validate.ts';

/** The configuration of a command, or the faults that keep it from being one. */
export function readConfig(path: string): Config {
  const result = loadConfig(path, { env: process.env, parseSamlMetadata: parseIdpMetadata });
  if (!result.ok) throw new CommandError(formatFaults(result.faults));
  return result.config;
}
