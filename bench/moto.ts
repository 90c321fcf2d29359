import { spawnSync } from 'node:child_process';
import type { TokenIssuer } from './github-tokens.ts';
import type { Report } from './report.ts';
import { startServer } from './server-process.ts';
import { assumeRoleForm } from './throughput.ts';

const REQUESTS = 400;
const AT_ONCE = 4;

/** Moto's server for comparison: it issues without verifying the token, and stores in memory. */
export async function measureMoto(issuer: TokenIssuer, report: Report): Promise<void> {
  report.section('For comparison');
  const name = "moto's server, AssumeRoleWithWebIdentity (token not verified)";
  if (spawnSync('moto_server', ['--help']).status !== 0) {
    report.figure({ name, measured: 'moto_server is not installed' });
    return;
  }
  const server = await startServer('moto_server', ['-H', '127.0.0.1', '-p', '0']);
  try {
    const bodies = Array.from({ length: 100 }, () => assumeRoleForm(issuer.mint()));
    await post(server.url, bodies, AT_ONCE);
    const start = performance.now();
    await post(server.url, bodies, REQUESTS);
    const perSecond = REQUESTS / ((performance.now() - start) / 1000);
    report.figure({ name, measured: `${perSecond.toFixed(0)}/s` });
  } finally {
    await server.stop();
  }
}

async function post(url: string, bodies: readonly string[], count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const body = new URLSearchParams(bodies[next++ % bodies.length] ?? '');
      const response = await fetch(url, { method: 'POST', body });
      await response.text();
      if (response.status !== 200) throw new Error(`moto answered ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
