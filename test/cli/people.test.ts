import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBrowserSessions } from '../../src/domain/session/browser-sessions.ts';
import { createPeople } from '../../src/domain/identity/people.ts';
import type { Person } from '../../src/domain/identity/person.ts';
import { loadMasterKeyRing } from '../../src/keys/master-key.ts';
import { createRandom } from '../../src/keys/random.ts';
import { createSealer } from '../../src/keys/seal.ts';
import type { Store } from '../../src/stores/store.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { sampleAudit, sampleSession } from '../support/sample-session.ts';
import { makeFacts, makeSignIn } from '../support/sign-in.ts';
import { startWorldBridge, type WorldBridge } from '../support/world-bridge.ts';
import { worldEnv } from '../support/world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/rolebridge');
const PROVIDER = 'arn:aws:iam::123456789012:oidc-provider/idp.example.com';
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const alice: Person = {
  providerArn: PROVIDER,
  subject: 'alice with blanks',
  profile: { displayName: 'Alice\u001b[2J', email: 'alice@acme.example' },
  firstSignInAtMs: Date.UTC(2026, 0, 1),
  lastSignInAtMs: Date.UTC(2026, 0, 2),
  factors: [
    { kind: 'totp', id: 'f1', name: 'Phone', addedAtMs: Date.UTC(2026, 0, 1), secret: SECRET },
    {
      ...{ kind: 'passkey', id: 'f2', name: 'Key', addedAtMs: Date.UTC(2026, 0, 1), counter: 1 },
      ...{ credentialId: 'Y3JlZA', publicKey: 'cHVibGlj', transports: [] },
    },
  ],
  recoveryCodes: [{ hash: 'ab'.repeat(32) }, { hash: 'cd'.repeat(32), usedAtMs: 3 }],
  favourites: [],
  recents: [],
};
const BOB = { providerArn: PROVIDER, subject: 'bob' };
const KEY = `${PROVIDER} alice with blanks`;

let world: WorldBridge;
let store: Store;
let people: ReturnType<typeof createPeople>;
let sealing: Parameters<typeof createPeople>[0];
beforeAll(async () => {
  world = await startWorldBridge();
  store = createSqliteStore({ path: join(dirname(world.configPath), 'state.db'), now: Date.now });
  const sealer = createSealer(loadMasterKeyRing({ kind: 'file', path: world.masterKeyFile }));
  sealing = {
    store: store.people,
    seal: sealer.seal,
    openSecret: (sealed, context) => sealer.open(sealed, context).toString(),
  };
  people = createPeople(sealing);
});
afterAll(async () => {
  await store.close();
  await world.stop();
});
beforeEach(async () => {
  await people.update(alice, () => alice);
});

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function rolebridge(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...worldEnv };
    execFile(PROGRAM, ['people', ...args, '--config', world.configPath], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

describe('rolebridge people', () => {
  test('lists people with their factors, and nothing that moves a cursor', async () => {
    const { stdout } = await rolebridge('list');
    expect(stdout).toMatch(/^PERSON +NAME +E-MAIL +FACTORS +CODES LEFT +LAST SIGN-IN\n/);
    expect(stdout).toContain('alice@acme.example  totp, passkey  1           2026-01-02T00:00:00Z');
    expect(stdout).not.toContain('\u001b');
  });

  test('shows one person', async () => {
    const { stdout } = await rolebridge('show', KEY);
    expect(stdout).toContain(`person         ${KEY}\n`);
    expect(stdout).toMatch(/totp +Phone +2026-01-01T00:00:00Z +never\n/);
  });

  test.each([['list'], ['show']])('%s tells no secret, key or hash', async (command) => {
    for (const json of [[], ['--json']]) {
      const { stdout } = await rolebridge(command, ...(command === 'show' ? [KEY] : []), ...json);
      expect(stdout).toContain('Phone'.slice(0, command === 'list' && json.length === 0 ? 0 : 5));
      for (const hidden of [SECRET, 'cHVibGlj', 'ab'.repeat(32), 'cd'.repeat(32)])
        expect(stdout).not.toContain(hidden);
    }
  });

  test('prints JSON, one person a line', async () => {
    const { stdout } = await rolebridge('list', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      person: KEY,
      email: 'alice@acme.example',
      factors: [
        { kind: 'totp', name: 'Phone' },
        { kind: 'passkey', name: 'Key' },
      ],
      recoveryCodesLeft: 1,
    });
  });

  test('resets: factors, codes and browser sessions go, and the trail says who did it', async () => {
    const random = createRandom();
    const limits = { idleMs: 3_600_000, absoluteMs: 3_600_000 };
    const browsers = createBrowserSessions({ ...sealing, ...limits, store: store.browserSessions, random });
    const opened = await browsers.start(makeSignIn({ subject: alice.subject }), makeFacts(Date.now()));
    const other = await browsers.start(makeSignIn({ subject: 'bob' }), makeFacts(Date.now()));
    const { stdout, code } = await rolebridge('reset-mfa', KEY, '--by', 'carol');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'factors removed: 2',
      'unused recovery codes removed: 1',
      'browser sessions ended: 1',
    ]);
    expect(await people.find(alice)).toEqual({ ...alice, factors: [], recoveryCodes: [] });
    expect(await browsers.find(opened.secret, Date.now())).toBeUndefined();
    expect(await browsers.find(other.secret, Date.now())).toBeDefined();
    const { records } = await store.audit.find({}, { limit: 1000 });
    const event = records.map((record) => record.event).find((text) => text.includes('ResetMfa')) ?? '';
    expect(JSON.parse(event)).toMatchObject({
      eventName: 'ResetMfa',
      requestParameters: { person: KEY, by: 'carol' },
      responseElements: { factors: 2, recoveryCodes: 1 },
    });
    expect(event).not.toContain(SECRET);
  });

  test('removes: the person is forgotten, all sessions end, nobody else’s do, and the trail says who did it', async () => {
    const random = createRandom();
    const limits = { idleMs: 3_600_000, absoluteMs: 3_600_000 };
    const browsers = createBrowserSessions({ ...sealing, ...limits, store: store.browserSessions, random });
    const opened = await browsers.start(makeSignIn({ subject: alice.subject }), makeFacts(Date.now()));
    const other = await browsers.start(makeSignIn({ subject: 'bob' }), makeFacts(Date.now()));
    const [mine, theirs] = [sampleSession({ person: KEY }), sampleSession()];
    for (const session of [mine, theirs]) await store.sessions.issue({ session, audit: sampleAudit() });
    await people.update(BOB, () => ({ ...alice, ...BOB }));
    const { stdout, code } = await rolebridge('remove', KEY, '--by', 'carol');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 2)).toEqual(['browser sessions ended: 1', 'role sessions ended: 1']);
    expect(await people.find(alice)).toBeUndefined();
    expect(await browsers.find(opened.secret, Date.now())).toBeUndefined();
    expect(await store.sessions.find(mine.accessKeyId)).toBeUndefined();
    expect(await people.find(BOB)).toBeDefined();
    expect(await browsers.find(other.secret, Date.now())).toBeDefined();
    expect(await store.sessions.find(theirs.accessKeyId)).toBeDefined();
    const { records } = await store.audit.find({}, { limit: 1000 });
    const event = records.map((record) => record.event).find((text) => text.includes('RemovePerson')) ?? '';
    expect(JSON.parse(event)).toMatchObject({
      eventName: 'RemovePerson',
      requestParameters: { person: KEY, by: 'carol' },
    });
    expect(event).not.toContain(SECRET);
    const again = await rolebridge('remove', KEY);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('ever signed in');
    await people.remove(BOB);
  });

  test.each([
    [['show', `${PROVIDER} nobody`], 1, 'ever signed in'],
    [['reset-mfa', `${PROVIDER} nobody`], 1, 'ever signed in'],
    [['reset-mfa', 'alice@acme.example'], 1, 'name the person as'],
    [['reset-mfa', `${PROVIDER} `], 1, 'name the person as'],
    [['remove', `${PROVIDER} nobody`], 1, 'ever signed in'],
    [['remove', 'alice@acme.example'], 1, 'name the person as'],
    [['remove', ` ${KEY}`], 1, 'name the person as'],
    [['remove', PROVIDER], 1, 'name the person as'],
    [['remove'], 2, 'missing required argument'],
    [['list', '--limit', '0'], 1, '--limit takes a whole number'],
    [['reset-mfa'], 2, 'missing required argument'],
  ])('refuses %j', async (args, code, text) => {
    const ended = await rolebridge(...args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(text);
    expect((await people.find(alice))?.factors).toHaveLength(2);
  });
});
