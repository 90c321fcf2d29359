import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBridgeProcess } from '../support/bridge.ts';
import { runClient } from '../support/foreign-client.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/redis-server.ts';

const ROLEBRIDGE = join(import.meta.dirname, '../../bin/rolebridge');
const ACCOUNTS = [{ id: '123456789012' }];

let folder: string;
let listener: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-serve-'));
  listener = createServer();
});
afterEach(() => {
  listener.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('rolebridge serve', () => {
  it.each(['listen', 'management'])(
    'ends with code 1 and says so where the port of %s is taken',
    async (taken) => {
      const [port, other] = [await freePort(), await freePort()];
      await new Promise<void>((resolve) => {
        listener.listen(port, '127.0.0.1', resolve);
      });
      const config = join(folder, 'config.json');
      const ports = { listen: { port: other }, management: { port: other } };
      const text = { publicUrl: 'http://127.0.0.1:8080', accounts: ACCOUNTS, ...ports, [taken]: { port } };
      writeFileSync(config, JSON.stringify(text));
      const run = await runClient([ROLEBRIDGE, 'serve', '--config', config], {
        env: process.env,
        cwd: folder,
        timeoutMs: 15_000,
      });
      expect(run.code).toBe(1);
      expect(run.stderr).toContain(`Port ${port} on 127.0.0.1 is in use`);
    },
  );
});

describe('a running bridge', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with code 0 on %s', async (signal) => {
    const bridge = await startBridgeProcess({ config: JSON.stringify({ accounts: ACCOUNTS }) });
    expect(await bridge.end(signal)).toBe(0);
    await bridge.stop();
  });

  it('reloads on SIGHUP, and keeps what it has where the file has a fault', async () => {
    const bridge = await startBridgeProcess({ config: JSON.stringify({ accounts: ACCOUNTS }) });
    try {
      bridge.signal('SIGHUP');
      await until(() => Promise.resolve(bridge.output().stderr.includes('configuration reloaded')));
      writeFileSync(bridge.configPath, '{ "accounts": [] }');
      bridge.signal('SIGHUP');
      await until(() => Promise.resolve(bridge.output().stderr.includes('the old one stays')));
      expect((await fetch(`${bridge.managementUrl}/health/ready`)).status).toBe(200);
    } finally {
      await bridge.stop();
    }
  });
});
