import { join } from 'node:path';
import type { TokenIssuer } from './github-tokens.ts';
import { load } from './load.ts';
import { median, type Report } from './report.ts';
import { writeConfiguration } from './scenario.ts';
import { residentMegabytes } from './server-process.ts';
import { assumeRoleRequest, startRolebridge } from './throughput.ts';

export type MemoryInput = {
  readonly folder: string;
  readonly storeName: string;
  readonly store: object;
  readonly issuer: TokenIssuer;
  readonly sessions: number;
};

const POINTS = 10;
/** What the second half of the run may have above the first, in MB: less than a garbage collection moves. */
const FLAT_MB = 24;

/** The service's resident memory while it issues sessions over HTTP. */
export async function measureMemory(input: MemoryInput, report: Report): Promise<void> {
  const { folder, storeName, store, issuer, sessions } = input;
  const configPath = writeConfiguration(join(folder, `memory-${storeName}`), { issuer, store });
  const bridge = await startRolebridge(configPath);
  const requests = Array.from({ length: 1000 }, () => assumeRoleRequest(issuer.mint()));
  const points: number[] = [];
  try {
    for (let point = 0; point < POINTS; point += 1) {
      await load({ url: bridge.url, requests, connections: 16, seconds: 3600, count: sessions / POINTS });
      points.push(residentMegabytes(bridge.pid));
    }
  } finally {
    await bridge.stop();
  }
  print(points, input, report);
}

function print(points: readonly number[], { storeName, sessions }: MemoryInput, report: Report): void {
  // The first fifth fills caches and lets the compiler finish.
  const settled = points.slice(POINTS / 5);
  const half = settled.length / 2;
  const growth = median(settled.slice(half)) - median(settled.slice(0, half));
  const perMillion = (growth / (sessions * (half / POINTS))) * 1_000_000;
  const issued = sessions.toLocaleString('en');
  report.section(`Resident memory while ${issued} sessions are issued over HTTP, ${storeName}`);
  report.figure({
    name: 'after each tenth, MB',
    measured: points.map((point) => point.toFixed(0)).join(' '),
  });
  report.figure({
    name: 'growth from the first to the second half, first fifth left out',
    target: `≤ ${FLAT_MB} MB`,
    measured: `${growth.toFixed(1)} MB (as if ${perMillion.toFixed(0)} MB a million)`,
    met: growth <= FLAT_MB,
  });
}
