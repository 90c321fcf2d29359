import { randomBytes } from 'node:crypto';
import type { Command, Option } from 'commander';
import { loadMasterKeyRing } from '../keys/master-key.ts';
import { createSealer } from '../keys/seal.ts';
import { listSpKeys, rotateSpKeys, type SpKeyDeps, type SpKeySummary } from '../keys/sp-keys.ts';
import { withStore } from './open-store.ts';
import { formatTable, print } from './output.ts';

type Options = { readonly config: string; readonly json?: true };

/** `rolebridge saml keys list|rotate`. */
export function addSamlKeysCommand(saml: Command, configOption: () => Option): void {
  const keys = saml.command('keys').description('our own keys: they sign requests and decrypt assertions');
  keys
    .command('list')
    .description('current, next and retired keys; made where there are none yet')
    .addOption(configOption())
    .option('--json', 'one JSON object a line')
    .action((options: Options) => show(options, listSpKeys));
  keys
    .command('rotate')
    .description('make the next keys current; old ones go on decrypting for 30 days')
    .addOption(configOption())
    .option('--json', 'one JSON object a line')
    .action((options: Options) => show(options, rotateSpKeys));
}

async function show(
  { config: path, json }: Options,
  run: (deps: SpKeyDeps) => Promise<readonly SpKeySummary[]>,
): Promise<void> {
  await withStore(path, async ({ sealedKeys: store }, { masterKey }) => {
    const sealer = createSealer(loadMasterKeyRing(masterKey));
    const keys = await run({ store, sealer, now: Date.now, random: randomBytes });
    if (json) for (const key of keys) print(JSON.stringify(described(key)));
    else
      print(
        formatTable([['ID', 'USE', 'STATE', 'CREATED', 'CERTIFICATE ENDS', 'SHA-256'], ...keys.map(row)]),
      );
  });
}

function described({ createdAtMs, notAfterMs, ...key }: SpKeySummary) {
  return { ...key, createdAt: iso(createdAtMs), notAfter: iso(notAfterMs) };
}

function row(key: SpKeySummary): string[] {
  const { id, use, state, fingerprint, createdAt, notAfter } = described(key);
  return [id, use, state, createdAt, notAfter, fingerprint];
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
