import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenIssuer } from './github-tokens.ts';
import { median, short, type Report } from './report.ts';
import { writeConfiguration } from './scenario.ts';
import { startRolebridge } from './throughput.ts';

const TARGET = 15;

export type StartInput = { readonly folder: string; readonly issuer: TokenIssuer; readonly rounds: number };

/** From the command to the first answer, against an empty Node. */
export async function measureStart({ folder, issuer, rounds }: StartInput, report: Report): Promise<void> {
  const path = join(folder, 'start.db');
  const configPath = writeConfiguration(join(folder, 'start'), { issuer, store: { sqlite: { path } } });
  const times = { empty: new Array<number>(), cold: new Array<number>(), warm: new Array<number>() };
  for (let round = 0; round < rounds; round += 1) {
    const cache = mkdtempSync(join(folder, 'compiled-'));
    times.empty.push(emptyNode());
    times.cold.push(await firstAnswer(configPath, cache));
    times.warm.push(await firstAnswer(configPath, cache));
  }
  const empty = median(times.empty);
  report.section('Start to first answer');
  report.figure({ name: 'empty Node (node -e 0)', measured: `${empty.toFixed(0)} ms` });
  const ratio = median(times.warm) / empty;
  const measured = `${short(ratio)} × (${median(times.warm).toFixed(0)} ms)`;
  report.figure({ name: 'second start', target: `≤ ${TARGET} ×`, measured, met: ratio <= TARGET });
  const cold = median(times.cold);
  // Once in an installation's life: types are stripped and the code compiled, and the result is kept.
  report.figure({ name: 'very first start', measured: `${short(cold / empty)} × (${cold.toFixed(0)} ms)` });
}

function emptyNode(): number {
  const start = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - start;
}

async function firstAnswer(configPath: string, compileCache: string): Promise<number> {
  const start = performance.now();
  const bridge = await startRolebridge(configPath, { NODE_COMPILE_CACHE: compileCache });
  await (await fetch(bridge.url, { method: 'POST', redirect: 'manual' })).text();
  const elapsed = performance.now() - start;
  await bridge.stop();
  return elapsed;
}
