import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/support/redis-server.ts';
import { measureBuildingBlocks } from './building-blocks.ts';
import { measureExchange } from './applications.ts';
import { createTokenIssuer } from './github-tokens.ts';
import { measureGrants } from './grants.ts';
import { measureMemory } from './memory.ts';
import { measureMoto } from './moto.ts';
import { measurePolicy } from './policy.ts';
import { measurePortal } from './portal.ts';
import { createReport } from './report.ts';
import { measureSamlThroughput, measureSamlVerifier } from './saml.ts';
import { measureSessionSize } from './session-size.ts';
import { measureSignIn } from './sign-in.ts';
import { measureStart } from './start-time.ts';
import { measureThroughput } from './throughput.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    million: { type: 'boolean', default: false },
    enforce: { type: 'boolean', default: false },
  },
});

const pace = options.quick
  ? {
      rounds: 1,
      roundSeconds: 0.5,
      warmSeconds: 0.5,
      tokens: 500,
      sessions: 50,
      stored: 2000,
      issued: 2000,
      people: 10,
    }
  : {
      rounds: 5,
      roundSeconds: 1.5,
      warmSeconds: 6,
      tokens: 4000,
      sessions: 500,
      stored: 20_000,
      issued: 50_000,
      people: 30,
    };
const issued = options.million ? 1_000_000 : pace.issued;

const folder = mkdtempSync(join(tmpdir(), 'rolebridge-bench-'));
const redis = await startRedis();
const report = createReport((text) => process.stdout.write(text));
try {
  const issuer = createTokenIssuer();
  const stores = [
    ['Redis', { redis: { url: redis.url } }],
    ['SQLite', { sqlite: { path: join(folder, 'state.db') } }],
  ] as const;
  for (const [storeName, store] of stores)
    await measureThroughput({ storeName, store, folder: join(folder, storeName), issuer, pace }, report);
  for (const [storeName, store] of stores)
    await measureExchange(
      { storeName, store, folder: join(folder, `exchange-${storeName}`), issuer, pace },
      report,
    );
  await measureGrants({ folder: join(folder, 'grants'), redisUrl: redis.url, issuer, pace }, report);
  await measureSamlThroughput(
    {
      storeName: 'Redis',
      store: { redis: { url: redis.url } },
      folder: join(folder, 'saml'),
      rounds: pace.rounds,
      assertions: pace.tokens,
    },
    report,
  );
  await measureMoto(issuer, report);
  measurePolicy(issuer, report);
  measureSamlVerifier(report);
  await measureSignIn({ folder, ...pace }, report);
  await measurePortal({ folder, ...pace }, report);
  measureBuildingBlocks(report);
  await measureSessionSize(pace.stored, report);
  await measureStart({ folder, issuer, rounds: pace.rounds }, report);
  for (const [storeName, store] of stores)
    await measureMemory({ folder, storeName, store, issuer, sessions: issued }, report);
} finally {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
}

const missed = report.missed();
process.stdout.write(
  missed.length === 0 ? '\nEvery target is met.\n' : `\nBelow target:\n  ${missed.join('\n  ')}\n`,
);
if (options.enforce && missed.length > 0) process.exitCode = 1;
