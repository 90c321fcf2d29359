import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { until } from '../support/redis-server.ts';
import { sampleBrowserSession } from '../support/sample-browser-session.ts';
import { sampleOauthRecord, sampleRecordId } from '../support/sample-oauth-record.ts';
import { sampleAudit, sampleSession } from '../support/sample-session.ts';
import { describeAuditLog } from './audit-log.contract.ts';
import { describeBrowserSessionStore } from './browser-session-store.contract.ts';
import { describeLoginAttempts } from './login-attempt.contract.ts';
import { describeOauthRecordStore } from './oauth-record-store.contract.ts';
import { describePersonStore } from './person-store.contract.ts';
import { describeSealedKeyStore } from './sealed-key-store.contract.ts';
import { describeSessionStore, idsOf, listAll } from './session-store.contract.ts';
import type { StorePair } from './session-store.contract.ts';

const WITHIN_MS = 2000;
const CHILD = fileURLToPath(new URL('../support/sqlite-writer.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rolebridge-sqlite-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function newPath(): string {
  return join(folder, randomUUID(), 'state.db');
}

function openStore(path: string): Store {
  return createSqliteStore({ path, now: Date.now });
}

function openPair(): Promise<StorePair> {
  const path = newPath();
  const [one, two] = [openStore(path), openStore(path)];
  const close = async (): Promise<void> => {
    await Promise.all([one.close(), two.close()]);
  };
  return Promise.resolve({ one, two, close });
}

describe('SQLite', () => {
  describeSessionStore(openPair);
  describeAuditLog(openPair);
  describeLoginAttempts(openPair);
  describeSealedKeyStore(openPair);
  describeBrowserSessionStore(openPair);
  describePersonStore(openPair);
  describeOauthRecordStore(openPair);
});

describe('SQLite in memory', () => {
  it('keeps sessions for as long as it is open', async () => {
    const store = openStore(':memory:');
    const session = sampleSession();
    await store.sessions.issue({ session, audit: sampleAudit() });
    expect(await store.sessions.find(session.accessKeyId)).toBeDefined();
    await store.ping();
    await store.close();
  });
});

describe('a SQLite file', () => {
  it('is readable by its owner alone, its companions and its folder, too', async () => {
    const path = newPath();
    const store = openStore(path);
    await store.sessions.issue({ session: sampleSession(), audit: sampleAudit() });
    for (const file of [path, `${path}-wal`, `${path}-shm`])
      expect(statSync(file).mode & 0o777, file).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('holds what was written when it is opened again', async () => {
    const path = newPath();
    const [session, audit] = [sampleSession(), sampleAudit()];
    const before = openStore(path);
    await before.sessions.issue({ session, audit });
    await before.close();
    const after = openStore(path);
    expect(await after.sessions.find(session.accessKeyId)).toBeDefined();
    expect((await after.audit.find({}, { limit: 10 })).records).toEqual([audit]);
    await after.close();
  });

  it('of the version before browser sign-in keeps what it holds and takes what is new', async () => {
    const path = newPath();
    const [session, record] = [sampleSession(), sampleBrowserSession()];
    const before = openStore(path);
    await before.sessions.issue({ session, audit: sampleAudit() });
    await before.close();
    alter(
      path,
      'DROP TABLE oauth_records; DROP TABLE browser_sessions; DROP TABLE people; PRAGMA user_version = 2',
    );
    const after = openStore(path);
    expect(await after.sessions.find(session.accessKeyId)).toBeDefined();
    await after.browserSessions.create(record);
    await after.people.replace(record.person, { sealed: record.sealed, expected: 0 });
    expect(await after.browserSessions.find(record.id)).toBeDefined();
    await after.close();
  });

  it('of the version before applications keeps what it holds and takes what is new', async () => {
    const path = newPath();
    const [session, record] = [sampleBrowserSession(), sampleOauthRecord()];
    const before = openStore(path);
    await before.browserSessions.create(session);
    await before.close();
    alter(path, 'DROP TABLE oauth_records; PRAGMA user_version = 3');
    const after = openStore(path);
    expect(await after.browserSessions.find(session.id)).toBeDefined();
    await after.oauthRecords.save(record);
    expect(await after.oauthRecords.find(record)).toBeDefined();
    await after.close();
  });

  it('loses the rows of expired OAuth records when it is swept, and no other', async () => {
    const path = newPath();
    const store = openStore(path);
    const expiresAtMs = Date.now() - 1;
    for (let at = 0; at < 3; at += 1)
      await store.oauthRecords.save(sampleOauthRecord({ expiresAtMs, grantId: sampleRecordId() }));
    await store.oauthRecords.save(sampleOauthRecord());
    await store.sessions.sweep(Date.now());
    expect(count(path, 'oauth_records')).toBe(1);
    await store.close();
  });

  it('takes an OAuth record that has expired but was not swept for none', async () => {
    const store = openStore(newPath());
    const { oauthRecords } = store;
    const [alias, expiresAtMs] = [sampleRecordId(), Date.now() - 1];
    const old = sampleOauthRecord({ alias, expiresAtMs });
    await oauthRecords.save(old);
    expect(await oauthRecords.find(old)).toBeUndefined();
    expect(await oauthRecords.findByAlias(old.kind, alias)).toBeUndefined();
    expect(await oauthRecords.consume(old, 7)).toBe('gone');
    const next = sampleOauthRecord({ alias });
    await oauthRecords.save(next);
    expect((await oauthRecords.findByAlias(old.kind, alias))?.id).toBe(next.id);
    await store.close();
  });

  it('forgets with an OAuth record that it was used, also where its row was not swept', async () => {
    const path = newPath();
    const store = openStore(path);
    const record = sampleOauthRecord();
    await store.oauthRecords.save(record);
    await store.oauthRecords.consume(record, 7);
    alter(path, 'UPDATE oauth_records SET expires_at = 1');
    await store.oauthRecords.save(record);
    expect(await store.oauthRecords.consume(record, 8)).toBe('consumed');
    await store.close();
  });

  it('loses the rows of expired browser sessions when it is swept, and those of no person', async () => {
    const path = newPath();
    const store = openStore(path);
    const record = sampleBrowserSession({ expiresAtMs: Date.now() - 1 });
    await store.browserSessions.create(record);
    await store.people.replace(record.person, { sealed: record.sealed, expected: 0 });
    await store.sessions.sweep(Date.now());
    expect(count(path, 'browser_sessions')).toBe(0);
    expect(count(path, 'people')).toBe(1);
    await store.close();
  });

  it('gives the id of a browser session that has expired but was not swept to another', async () => {
    const store = openStore(newPath());
    const [old, next] = [sampleBrowserSession({ expiresAtMs: Date.now() - 1 }), sampleBrowserSession()];
    await store.browserSessions.create(old);
    await store.browserSessions.create({ ...next, id: old.id });
    expect((await store.browserSessions.find(old.id))?.person).toBe(next.person);
    expect(await store.browserSessions.listOf(old.person)).toEqual([]);
    await store.close();
  });

  it('is refused with a clear message when a newer version wrote it', () => {
    const path = newPath();
    void openStore(path).close();
    alter(path, 'PRAGMA user_version = 99');
    expect(() => openStore(path)).toThrow(/newer Rolebridge .*99/);
  });

  it('is refused when it is no database', () => {
    const path = join(folder, `${randomUUID()}.db`);
    writeFileSync(path, 'not a database, but long enough to be read as the header of one'.repeat(10));
    expect(() => openStore(path)).toThrow(expect.objectContaining({ code: 'store-unavailable' }));
    expect(readFileSync(path, 'utf8')).toMatch(/^not a database/);
  });

  it.each(["x''", "x'02'", 'zeroblob(200)', 'substr(record, 1, length(record) - 1)', "record || x'00'"])(
    'refuses the corrupt record %s',
    async (value) => {
      const path = newPath();
      const store = openStore(path);
      const session = sampleSession();
      await store.sessions.issue({ session, audit: sampleAudit() });
      alter(path, `UPDATE sessions SET record = CAST(${value} AS BLOB)`);
      await expect(store.sessions.find(session.accessKeyId)).rejects.toThrow('cannot be read');
      await expect(store.sessions.list({ by: 'all' }, { limit: 10 })).rejects.toThrow('cannot be read');
      // An operator can still end what nobody can read.
      expect(await store.sessions.revoke(session.accessKeyId)).toBe(true);
      await store.close();
    },
  );

  it('answers store-unavailable within two seconds while another process holds the lock, and recovers', async () => {
    const path = newPath();
    const store = openStore(path);
    const session = sampleSession();
    await store.sessions.issue({ session, audit: sampleAudit() });
    const holder = startChild('hold', path);
    await line(holder, 'holding');
    const calls = Array.from({ length: 30 }, () =>
      store.sessions.issue({ session: sampleSession(), audit: sampleAudit() }),
    );
    await Promise.all(calls.map((call) => expectUnavailable(() => call)));
    await expectUnavailable(() => store.ping());
    const [record, token] = [sampleBrowserSession(), sampleOauthRecord({ alias: sampleRecordId() })];
    await Promise.all(
      [
        store.browserSessions.create(record),
        store.browserSessions.touch(record.id, record),
        store.browserSessions.update(record.id, record.sealed),
        store.browserSessions.replace(record.id, record),
        store.browserSessions.end(record.id),
        store.browserSessions.endAll(record.person),
        store.people.replace(record.person, { sealed: record.sealed, expected: 0 }),
        store.people.remove(record.person),
        store.oauthRecords.save(token),
        store.oauthRecords.consume(token, 7),
        store.oauthRecords.remove(token),
        store.oauthRecords.revokeGrant(sampleRecordId()),
      ].map((call) => expectUnavailable(() => call)),
    );
    // Readers are not in a writer's way (WAL), and the process stayed free to serve them.
    expect(await store.sessions.find(session.accessKeyId)).toBeDefined();
    expect(await store.browserSessions.listOf(record.person)).toEqual([]);
    expect((await store.people.list({ limit: 10 })).people).toEqual([]);
    expect(await store.oauthRecords.find(token)).toBeUndefined();
    expect(await store.oauthRecords.findByAlias(token.kind, token.alias ?? '')).toBeUndefined();
    holder.kill('SIGKILL');
    await until(async () => store.ping().then(() => true));
    await store.close();
  });

  it('is opened by processes that start together, and takes all their writes', async () => {
    const path = newPath();
    const children = Array.from({ length: 3 }, () => startChild('write', path, '200'));
    const ended = children.map((child) => once(child, 'exit'));
    for (const [code] of await Promise.all(ended)) expect(code).toBe(0);
    const store = openStore(path);
    expect(await listAll(store.sessions, { by: 'all' })).toHaveLength(600);
    const { records } = await store.audit.find({}, { limit: 1000 });
    expect(records).toHaveLength(600);
    await store.close();
  });

  it.each([0, 5000])(
    'lists records whose numbers and times are in different orders, since %d',
    async (sinceMs) => {
      const store = openStore(newPath());
      const times = [5002, 5001, 5000, 5003];
      for (const timeMs of times) await store.audit.record(sampleAudit({ timeMs }));
      const { records } = await store.audit.find({ sinceMs }, { limit: 10 });
      expect(records.map(({ timeMs }) => timeMs)).toEqual(times);
      await store.close();
    },
  );

  it('lets one of two processes that race with the same marks win each of them', async () => {
    const path = newPath();
    const children = [startChild('claim', path, '300'), startChild('claim', path, '300')];
    const outputs = await Promise.all(children.map(outputOf));
    const won = outputs.flatMap((output) =>
      output
        .trim()
        .split('\n')
        .filter((key) => key !== ''),
    );
    expect(won).toHaveLength(300);
    expect(new Set(won).size).toBe(300);
  });

  it('loses nothing that was acknowledged when the writing process is killed', async () => {
    const path = newPath();
    const child = startChild('write', path, '1000000');
    let output = '';
    child.stdout?.on('data', (text) => (output += String(text)));
    await until(() => Promise.resolve(output.length > 10_000));
    child.kill('SIGKILL');
    await once(child, 'close');
    const acknowledged = output.slice(0, output.lastIndexOf('\n')).split('\n');
    const store = openStore(path);
    const stored = new Set(idsOf(await listAll(store.sessions, { by: 'all' })));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    await store.close();
  });
});

function alter(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

function count(path: string, table: 'browser_sessions' | 'people' | 'oauth_records'): number {
  const db = new DatabaseSync(path);
  const rows = Number(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows']);
  db.close();
  return rows;
}

function startChild(task: 'hold' | 'write' | 'claim', path: string, count = '0'): ChildProcess {
  const child = spawn(process.execPath, [CHILD, task, path, count], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function line(child: ChildProcess, expected: string): Promise<void> {
  for await (const text of child.stdout ?? []) if (String(text).includes(expected)) return;
}

async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  for await (const text of child.stdout ?? []) output += String(text);
  return output;
}

async function expectUnavailable(call: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await expect(call()).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(performance.now() - start).toBeLessThan(WITHIN_MS);
}
