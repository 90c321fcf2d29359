import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { callSts, startWorldBridge, userKeys, type WorldBridge } from '../support/world-bridge.ts';
import { worldEnv } from '../support/world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/rolebridge');
const key = z.strictObject({
  id: z.string(),
  algorithm: z.string(),
  state: z.string(),
  publishedAt: z.iso.datetime(),
  signsFrom: z.iso.datetime(),
  goneAt: z.iso.datetime().optional(),
});
const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })) });

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge({ accounts: [{ id: '111122223333' }, { id: '444455556666' }] });
});
afterAll(async () => {
  await world.stop();
});

function rolebridge(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...worldEnv };
    execFile(PROGRAM, [...args, '--config', world.configPath], { env }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new Error('rolebridge failed', { cause: error }));
    });
  });
}
const keysOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => key.parse(JSON.parse(line)));
const listed = async () => keysOf((await rolebridge('keys', 'list', '--json')).stdout);
const published = async () => {
  const { keys } = keySet.parse(await (await fetch(`${world.url}/oidc/jwks`)).json());
  return keys.map(({ kid }) => kid).toSorted();
};
const enabled = {
  accounts: [{ id: '111122223333', outboundWebIdentityFederation: true }, { id: '444455556666' }],
};

describe('rolebridge keys', () => {
  test('has none to list or rotate before a token was asked for, and says why', async () => {
    for (const command of ['list', 'rotate']) {
      const { stdout, stderr } = await rolebridge('keys', command);
      expect(stdout).toBe('ID  ALGORITHM  STATE  PUBLISHED  SIGNS FROM  GONE\n');
      expect(stderr).toContain('There are no keys');
    }
  });

  test('lists the keys that the running bridge publishes', async () => {
    await world.reconfigure({ extra: enabled });
    await expect.poll(async () => (await published()).length, { timeout: 10_000 }).toBe(2);
    const keys = await listed();
    expect(keys.map(({ id }) => id).toSorted()).toEqual(await published());
    expect(keys.map(({ state }) => state)).toEqual(['signing', 'signing']);
    expect((await rolebridge('keys', 'list')).stdout).toMatch(
      /^ID +ALGORITHM +STATE +PUBLISHED +SIGNS FROM +GONE\n/,
    );
  });

  test('rotates: the next keys are published, sign an hour later, and no private key is shown', async () => {
    const { stdout } = await rolebridge('keys', 'rotate', '--json');
    const keys = keysOf(stdout);
    expect(keys.map(({ state }) => state)).toEqual(['signing', 'signing', 'published', 'published']);
    for (const { publishedAt, signsFrom } of keys.slice(2))
      expect(Date.parse(signsFrom) - Date.parse(publishedAt)).toBe(3_600_000);
    expect(keys.slice(0, 2).every(({ goneAt }) => goneAt !== undefined)).toBe(true);
    expect(stdout).not.toMatch(/PRIVATE|PUBLIC KEY|BEGIN/);
    await rolebridge('keys', 'rotate');
    expect(await listed()).toEqual(keys);
  });

  test('withdraws all with --now and says what that breaks; the next runtime signs with the new key', async () => {
    const before = await listed();
    const { stdout, stderr } = await rolebridge('keys', 'rotate', '--now', '--json');
    const keys = keysOf(stdout);
    expect(keys.map(({ state }) => state)).toEqual(['signing', 'signing']);
    expect(keys.some(({ id }) => before.some((old) => old.id === id))).toBe(false);
    expect(stderr).toContain('Every earlier key is withdrawn');
    expect(stderr).toContain('refuse new tokens');
    await world.reconfigure({ extra: enabled });
    await expect.poll(published, { timeout: 10_000 }).toEqual(keys.map(({ id }) => id).toSorted());
    const token = { Action: 'GetWebIdentityToken', 'Audience.member.1': 'a', SigningAlgorithm: 'ES384' };
    const answer = await callSts(world, token, userKeys('alice'));
    const { kid } = decodeProtectedHeader(answer.text('WebIdentityToken') ?? '');
    expect(keys.map(({ id }) => id)).toContain(kid);
  });

  test('shows the age of the keys in the metrics', async () => {
    const metrics = await (await fetch(`${world.bridge.addresses.management}/metrics`)).text();
    for (const alg of ['RS256', 'ES384'])
      expect(metrics).toMatch(new RegExp(`^rolebridge_signing_key_age_seconds\\{alg="${alg}"\\} \\d`, 'm'));
  });
});
