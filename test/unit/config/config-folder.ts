import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig, type LoadResult } from '../../../src/config/load.ts';
import { parseIdpMetadata } from '../../../src/protocols/saml/metadata.ts';

export const BASE = "publicUrl: http://localhost:8080\naccounts: [{ id: '123456789012' }]\n";

/** A folder in which configurations are written and read. */
export function createConfigFolder(env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-config-'));
  const load = (text: string): LoadResult => {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, text);
    return loadConfig(file, { env, parseSamlMetadata: parseIdpMetadata });
  };
  const findings = (text: string) => {
    const result = load(text);
    return result.ok ? result.warnings : result.faults;
  };
  return {
    write: (name: string, content: string | Uint8Array) => {
      writeFileSync(join(folder, name), content);
    },
    load,
    findings,
    /** `line:column code path` of every error and warning. */
    faultsOf: (text: string) =>
      findings(text).map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`),
    configOf: (text: string): Config => {
      const result = load(text);
      if (!result.ok) throw new Error(inspect(result.faults));
      return result.config;
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
