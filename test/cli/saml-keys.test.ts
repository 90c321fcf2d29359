import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startWorldBridge, type WorldBridge } from '../support/world-bridge.ts';
import { worldEnv } from '../support/world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/rolebridge');
const key = z.strictObject({
  id: z.string(),
  use: z.string(),
  state: z.string(),
  fingerprint: z.string(),
  createdAt: z.string(),
  notAfter: z.string(),
});

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge();
});
afterAll(async () => {
  await world.stop();
});

function rolebridge(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...worldEnv };
    execFile(PROGRAM, [...args, '--config', world.configPath], { env }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error('rolebridge failed', { cause: error }));
    });
  });
}

const keysOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => key.parse(JSON.parse(line)));

describe('rolebridge saml keys', () => {
  test('lists the keys that the metadata of the running bridge names', async () => {
    const xml = await (await fetch(`${world.url}/saml/corp/metadata`)).text();
    const published = new Set(
      Array.from(
        xml.matchAll(/<ds:X509Certificate>([^<]*)</g),
        ([, text = '']) => new X509Certificate(Buffer.from(text, 'base64')).fingerprint256,
      ),
    );
    const keys = keysOf(await rolebridge('saml', 'keys', 'list', '--json'));
    expect(new Set(keys.map(({ fingerprint }) => fingerprint))).toEqual(published);
    expect(await rolebridge('saml', 'keys', 'list')).toMatch(
      /^ID +USE +STATE +CREATED +CERTIFICATE ENDS +SHA-256\n/,
    );
  });

  test('rotates: next becomes current, current retires, and no private key is shown', async () => {
    const before = keysOf(await rolebridge('saml', 'keys', 'list', '--json'));
    const stdout = await rolebridge('saml', 'keys', 'rotate', '--json');
    const stateOf = (id: string) => keysOf(stdout).find((found) => found.id === id)?.state;
    const moved = before.map(({ id, state }) => `${state} -> ${stateOf(id) ?? 'gone'}`);
    expect(moved).toEqual(['current -> retired', 'current -> retired', 'next -> current', 'next -> current']);
    expect(keysOf(stdout).filter(({ state }) => state === 'next')).toHaveLength(2);
    expect(stdout).not.toMatch(/PRIVATE|BEGIN/);
  });
});
