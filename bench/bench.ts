import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/support/redis-server.ts';
import { createTokenIssuer } from './github-tokens.ts';
import { createReport } from './report.ts';
import { measureThroughput, type Pace } from './throughput.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    enforce: { type: 'boolean', default: false },
    million: { type: 'boolean', default: false },
  },
});

const THOROUGH: Pace = { rounds: 5, roundSeconds: 1.5, tokens: 4000, sessions: 500 };
const QUICK: Pace = { rounds: 1, roundSeconds: 0.5, tokens: 500, sessions: 50 };

const folder = mkdtempSync(join(tmpdir(), 'rolebridge-bench-'));
const redis = await startRedis();
const report = createReport((text) => process.stdout.write(text));
const pace = options.quick ? QUICK : THOROUGH;
try {
  const issuer = createTokenIssuer();
  const stores = [
    ['Redis', { redis: { url: redis.url } }],
    ['SQLite', { sqlite: { path: join(folder, 'state.db') } }],
  ] as const;
  for (const [storeName, store] of stores)
    await measureThroughput({ storeName, store, folder: join(folder, storeName), issuer, pace }, report);
} finally {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
}
