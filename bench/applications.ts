import { join } from 'node:path';
import { freePort } from '../test/support/free-port.ts';
import { TOKEN_TYPES } from '../src/domain/application/token-type.ts';
import { TOKEN_EXCHANGE } from '../src/protocols/oauth/parse-exchange.ts';
import {
  APPLICATION_ENV,
  SCOPE,
  SERVICES,
  tokenRequest,
  writeApplicationConfiguration,
  type ServiceAlgorithm,
} from './application-scenario.ts';
import { compare, CONNECTIONS, printContest } from './contest.ts';
import { load } from './load.ts';
import { median, type Report } from './report.ts';
import { cpuMicroseconds, startServer, type ServerProcess } from './server-process.ts';
import { startRolebridge, type ThroughputInput } from './throughput.ts';

const TARGET = 0.7;

/** Exchanges against the floor on one store; and the two documents that ask no store. */
export async function measureExchange(input: ThroughputInput, report: Report): Promise<void> {
  const { storeName, folder, pace } = input;
  const publicUrl = `http://127.0.0.1:${await freePort()}`;
  const configPath = writeApplicationConfiguration(folder, { ...input, publicUrl });
  const bridge = await startRolebridge(configPath, APPLICATION_ENV);
  try {
    // RS256 is what services have unless they ask for another; where signing costs little, the rest shows.
    const targets = { RS256: { target: TARGET }, ES256: {} } as const;
    for (const algorithm of ['RS256', 'ES256'] as const) {
      report.section(`Token exchange, RS256 for ${algorithm}, ${storeName}, one process`);
      const requests = Array.from({ length: pace.tokens }, () =>
        exchangeRequest(input.issuer.mint(), algorithm),
      );
      // The floor writes an event like one of the bridge's.
      await load({ url: bridge.url, requests, seconds: 10, connections: 1, count: 10 });
      const floor = await startFloor(configPath, algorithm);
      const both = [
        { name: 'bridge', server: bridge, requests },
        { name: 'floor', server: floor, requests },
      ] as const;
      const result = await compare(both, pace).finally(floor.stop);
      const name = `exchange for ${algorithm} on ${storeName}, of the floor`;
      printContest(result, { name, ...targets[algorithm] }, report);
    }
    if (storeName === 'Redis') await measureDocuments(bridge, input, report);
  } finally {
    await bridge.stop();
  }
}

function startFloor(configPath: string, algorithm: ServiceAlgorithm): Promise<ServerProcess> {
  const file = join(import.meta.dirname, 'exchange-floor.ts');
  return startServer(process.execPath, [file, configPath, algorithm], APPLICATION_ENV);
}

function exchangeRequest(subjectToken: string, algorithm: ServiceAlgorithm): Buffer {
  return tokenRequest({
    grant_type: TOKEN_EXCHANGE,
    subject_token: subjectToken,
    subject_token_type: TOKEN_TYPES.jwt,
    audience: SERVICES[algorithm],
    scope: SCOPE,
  });
}

const DOCUMENTS = ['/.well-known/openid-configuration', '/oidc/jwks'];

async function measureDocuments(
  { url, pid }: ServerProcess,
  { pace: { rounds, roundSeconds, warmSeconds } }: ThroughputInput,
  report: Report,
): Promise<void> {
  report.section('Documents that ask no store, one process');
  for (const path of DOCUMENTS) {
    const requests = [Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)];
    const run = (seconds: number) => load({ url, requests, seconds, connections: CONNECTIONS });
    await run(warmSeconds / 2);
    const speeds: number[] = [];
    const costs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = cpuMicroseconds(pid);
      const { answered, seconds } = await run(roundSeconds);
      speeds.push(answered / seconds);
      costs.push((cpuMicroseconds(pid) - before) / answered);
    }
    const measured = `${median(speeds).toFixed(0)}/s, ${median(costs).toFixed(0)} µs of processor time each`;
    report.figure({ name: path, measured });
  }
}
