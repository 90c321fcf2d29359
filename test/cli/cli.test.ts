import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callSts,
  credentialsIn,
  startWorldBridge,
  userKeys,
  worldToken,
  type WorldBridge,
} from '../support/world-bridge.ts';
import { worldEnv } from '../support/world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/rolebridge');
const ROLE = 'arn:aws:iam::111122223333:role/';

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

function rolebridge(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(PROGRAM, args, { env: { ...process.env, ...worldEnv } }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

const assume = (role: string) => ({ Action: 'AssumeRole', RoleArn: ROLE + role, RoleSessionName: 's1' });

let world: WorldBridge;
let config: readonly string[];
beforeAll(async () => {
  world = await startWorldBridge();
  config = ['--config', world.configPath];
});
afterAll(async () => {
  await world.stop();
});

describe('rolebridge sessions', () => {
  test('lists living sessions without their secrets and revokes one, which then opens nothing', async () => {
    const answer = await callSts(world, assume('dev'), userKeys('alice'));
    const credentials = credentialsIn(answer);
    const listed = await rolebridge('sessions', 'list', '--role', `${ROLE}dev`, '--json', ...config);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      accessKeyId: credentials.accessKeyId,
      principalArn: 'arn:aws:sts::111122223333:assumed-role/dev/s1',
      person: 'arn:aws:iam::111122223333:user/alice',
    });
    expect(listed.stdout).not.toContain(credentials.secretAccessKey);
    expect(listed.stdout).not.toMatch(/tokenHash|sealedSecret/);
    const revoked = await rolebridge('sessions', 'revoke', credentials.accessKeyId, ...config);
    expect([revoked.code, revoked.stdout]).toEqual([0, '1 session revoked\n']);
    const who = await callSts(world, { Action: 'GetCallerIdentity' }, credentials);
    expect(who.text('Code')).toBe('InvalidClientTokenId');
    const again = await rolebridge('sessions', 'revoke', credentials.accessKeyId, ...config);
    expect([again.code, again.stdout]).toEqual([1, '']);
  });

  test('revokes all sessions of a person, on every role of the chain', async () => {
    const first = credentialsIn(await callSts(world, assume('dev'), userKeys('alice')));
    const second = credentialsIn(await callSts(world, assume('chain'), first));
    const person = 'arn:aws:iam::111122223333:user/alice';
    const revoked = await rolebridge('sessions', 'revoke', '--person', person, ...config);
    expect(revoked.stdout).toBe('2 sessions revoked\n');
    for (const credentials of [first, second])
      expect((await callSts(world, { Action: 'GetCallerIdentity' }, credentials)).status).toBe(403);
  });

  test('lists by provider and by person of a federated sign-in', async () => {
    const WebIdentityToken = await worldToken(world);
    const parameters = { RoleArn: `${ROLE}web`, RoleSessionName: 'ci', WebIdentityToken };
    await callSts(world, { Action: 'AssumeRoleWithWebIdentity', ...parameters });
    const provider = 'arn:aws:iam::111122223333:oidc-provider/idp.example.com';
    for (const filter of [
      ['--provider', provider],
      ['--person', `${provider} user-1`],
    ])
      expect((await rolebridge('sessions', 'list', ...filter, ...config)).stdout).toContain(
        'assumed-role/web/ci',
      );
  });

  test.each([
    ['neither id nor filter', []],
    ['id and filter', ['ASIAQQQQQQQQQQQQQQQQ', '--role', `${ROLE}dev`]],
    ['two filters', ['--role', `${ROLE}dev`, '--person', 'x']],
  ])('revokes nothing with %s', async (_, args) => {
    const run = await rolebridge('sessions', 'revoke', ...args, ...config);
    expect([run.code, run.stdout]).toEqual([1, '']);
  });
});

describe('rolebridge explain and audit', () => {
  let reference: string;
  beforeAll(async () => {
    const WebIdentityToken = await worldToken(world, { sub: 'User-1' });
    const refused = await callSts(world, {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: `${ROLE}web`,
      RoleSessionName: 'ci',
      WebIdentityToken,
    });
    reference = refused.text('Reference') ?? '';
  });

  test('explain shows which condition failed, what it wanted and what came', async () => {
    const { code, stdout } = await rolebridge('explain', reference.toLowerCase(), ...config);
    expect(code).toBe(0);
    expect(stdout).toContain(`${reference}  AssumeRoleWithWebIdentity denied`);
    expect(stdout).toMatch(/FAIL StringEquals idp\.example\.com:sub\n +wanted {2}user-1\n +came {4}User-1/);
    expect(stdout).toMatch(/ok {3}StringEquals idp\.example\.com:aud/);
    expect(stdout).toContain('differs only in case');
  });

  test('explain says that a reference is unknown', async () => {
    const run = await rolebridge('explain', 'AAAA-AAAA', ...config);
    expect([run.code, run.stdout]).toEqual([1, '']);
    expect(run.stderr).toContain('no event has the reference AAAA-AAAA');
  });

  test('audit filters by reference, role, outcome and time', async () => {
    const all = ['audit', '--json', ...config];
    const events = async (...filter: string[]): Promise<readonly unknown[]> =>
      (await rolebridge(...all, ...filter)).stdout
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((event): unknown => JSON.parse(event));
    expect(await events('--ref', reference)).toMatchObject([{ additionalEventData: { reference } }]);
    const denied = await events('--outcome', 'denied', '--role', `${ROLE}web`, '--since', '1h');
    expect(denied).toMatchObject([{ additionalEventData: { reference, outcome: 'denied' } }]);
    expect(await events('--since', '2999-01-01T00:00:00Z')).toEqual([]);
    expect((await events('--outcome', 'allowed')).length).toBeGreaterThan(2);
    const bad = await rolebridge(...all, '--since', 'yesterday');
    expect([bad.code, bad.stderr.includes('--since does not understand "yesterday"')]).toEqual([1, true]);
  });

  test('audit prints a line for people that ends with the reference', async () => {
    const { stdout } = await rolebridge('audit', '--ref', reference, ...config);
    expect(stdout).toMatch(
      new RegExp(`denied .*AssumeRoleWithWebIdentity  User-1  ${ROLE}web  ${reference}`),
    );
  });
});

describe('rolebridge validate', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rolebridge-validate-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (text: string): string => {
    const file = join(folder, 'rolebridge.yaml');
    writeFileSync(file, text);
    return file;
  };

  test('finds no fault in the world', async () => {
    const run = await rolebridge('validate', world.configPath);
    expect([run.code, run.stdout]).toEqual([0, `${world.configPath} is valid\n`]);
  });

  test('tells all faults at once with their places, and what was meant', async () => {
    const file = write(
      [
        'publicUrl: http://127.0.0.1:8080',
        'accounts: [{ id: "123" }]',
        'rolls: []',
        'oidcProviders:',
        '  - { name: x, account: "111122223333", issuer: "http://x.example", audiences: [a] }',
      ].join('\n'),
    );
    const run = await rolebridge('validate', file);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`${file}:2:`);
    expect(run.stderr).toContain(`${file}:3:1`);
    expect(run.stderr).toContain('roles');
    expect(run.stderr).toContain(`${file}:5:`);
    const json = await rolebridge('validate', file, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false });
  });

  test('serve refuses a faulty file with the same list', async () => {
    const file = write('accounts: []\n');
    const [validated, served] = [
      await rolebridge('validate', file),
      await rolebridge('serve', '--config', file),
    ];
    expect(served.code).toBe(1);
    expect(served.stderr).toBe(validated.stderr);
  });
});

describe('rolebridge', () => {
  test('master-key rotate puts a new key first; sessions sealed before still open after a reload', async () => {
    const before = credentialsIn(await callSts(world, assume('dev'), userKeys('alice')));
    const { stdout } = await rolebridge('master-key', 'rotate', ...config);
    expect(stdout).toMatch(/^key \S+ is first now/);
    await world.bridge.reload();
    const after = credentialsIn(await callSts(world, assume('dev'), userKeys('alice')));
    for (const credentials of [before, after])
      expect((await callSts(world, { Action: 'GetCallerIdentity' }, credentials)).status).toBe(200);
    expect(readFileSync(world.masterKeyFile, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  test('prints its version and help, and does not understand what it does not know', async () => {
    expect((await rolebridge('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await rolebridge('--help')).stdout).toContain('explain');
    expect((await rolebridge('sesions')).code).toBe(2);
    expect((await rolebridge('audit', '--nope')).code).toBe(2);
  });
});
