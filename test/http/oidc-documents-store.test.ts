import { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import { startApplicationSite } from '../support/application-site.ts';
import { canStartRedis, startRedis } from '../support/redis-server.ts';

const DOCUMENTS = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/oidc/jwks',
];

test.runIf(canStartRedis())(
  'answers who looks for us and for our keys without asking the store (OpenID Connect Discovery 4)',
  async () => {
    const redis = await startRedis();
    const site = await startApplicationSite({ extra: { store: { redis: { url: redis.url } } } });
    const client = new Redis(redis.url, { protocol: 2 });
    const commands = async (): Promise<number> =>
      Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
    const askForAll = async (): Promise<void> => {
      for (const path of DOCUMENTS) expect((await fetch(site.publicUrl + path)).status).toBe(200);
    };
    try {
      await askForAll();
      // What a start does in the background ends first: keys are made, and what nobody owns is looked for.
      let last = NaN;
      await vi.waitUntil(async () => last + 1 === (last = await commands()), {
        interval: 300,
        timeout: 15_000,
      });
      const before = await commands();
      for (let turn = 0; turn < 20; turn += 1) await askForAll();
      // The one that told how many there were before.
      expect(await commands()).toBe(before + 1);
    } finally {
      client.disconnect();
      await site.stop();
      await redis.stop();
    }
  },
  60_000,
);
