import type { Command, Option } from 'commander';
import { PUBLISH_AHEAD_MS } from '../domain/token/key-schedule.ts';
import { loadMasterKeyRing } from '../keys/master-key.ts';
import { createSealer } from '../keys/seal.ts';
import {
  listSigningKeys,
  replaceSigningKeys,
  rotateSigningKeys,
  type SigningKeySummary,
  type SigningRingDeps,
} from '../keys/signing-ring.ts';
import { withStore } from './open-store.ts';
import { complain, formatTable, print } from './output.ts';

type Options = { readonly config: string; readonly json?: true; readonly now?: true };

const LEAD_MINUTES = PUBLISH_AHEAD_MS / 60_000;
const CONSEQUENCES = [
  'Every earlier key is withdrawn from the key set. Nodes follow within a minute, and until then sign with the old keys.',
  'Tokens that were signed before are refused by everybody who reads the key set from now on; copies of it are kept for',
  'up to 15 minutes. Those who keep a copy, and do not read it again for an unknown key, refuse new tokens for as long.',
];

/** `rolebridge keys list|rotate`. */
export function addKeysCommand(program: Command, configOption: () => Option): void {
  const keys = program.command('keys').description('the keys that sign our tokens');
  keys
    .command('list')
    .description('all published keys, those that sign first')
    .addOption(configOption())
    .option('--json', 'one JSON object a line')
    .action((options: Options) => show(options, listSigningKeys));
  keys
    .command('rotate')
    .description(`publish the next keys; they sign after ${LEAD_MINUTES} minutes, when everybody knows them`)
    .addOption(configOption())
    .option('--now', 'for emergencies: new keys sign at once, and all old ones are withdrawn')
    .option('--json', 'one JSON object a line')
    .action(rotate);
}

async function rotate(options: Options): Promise<void> {
  if (options.now === undefined) {
    await show(options, rotateSigningKeys);
    return;
  }
  await show(options, replaceSigningKeys);
  for (const line of CONSEQUENCES) complain(line);
}

async function show(
  { config: path, json }: Options,
  run: (deps: SigningRingDeps) => Promise<readonly SigningKeySummary[]>,
): Promise<void> {
  await withStore(path, async ({ sealedKeys: store }, { masterKey }) => {
    const sealer = createSealer(loadMasterKeyRing(masterKey));
    const keys = await run({ store, sealer, now: Date.now });
    if (json) for (const key of keys) print(JSON.stringify(described(key)));
    else
      print(formatTable([['ID', 'ALGORITHM', 'STATE', 'PUBLISHED', 'SIGNS FROM', 'GONE'], ...keys.map(row)]));
    if (keys.length === 0)
      complain('There are no keys: each is made when a token is first to be signed with it.');
  });
}

function described({ kid, algorithm, phase, publishedAtMs, signsFromMs, goneAtMs }: SigningKeySummary) {
  return {
    id: kid,
    algorithm,
    state: phase,
    publishedAt: iso(publishedAtMs),
    signsFrom: iso(signsFromMs),
    ...(goneAtMs === undefined ? {} : { goneAt: iso(goneAtMs) }),
  };
}

function row(key: SigningKeySummary): string[] {
  const { id, algorithm, state, publishedAt, signsFrom, goneAt = '' } = described(key);
  return [id, algorithm, state, publishedAt, signsFrom, goneAt];
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
