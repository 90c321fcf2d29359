import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { sampleAudit, sampleSession } from './sample-session.ts';

/*
 * Another process on the same file: `hold` takes the write lock and keeps it, `write` issues sessions and names each one
 * once it was acknowledged, `claim` takes marks and names those that it won.
 */
const [task, path = '', count = '0'] = process.argv.slice(2);

if (task === 'hold') hold();
else await work(createSqliteStore({ path, now: Date.now }));

function hold(): void {
  const db = new DatabaseSync(path);
  db.exec('BEGIN IMMEDIATE');
  say('holding');
  // Named in the timer, so that it is not collected, which would let go of the lock.
  setInterval(() => db.isTransaction, 1000);
}

async function work(store: Store): Promise<void> {
  for (let turn = 0; turn < Number(count); turn += 1) {
    await (task === 'write' ? write(store) : claim(store, `mark ${turn}`));
  }
  await store.close();
}

async function write({ sessions }: Store): Promise<void> {
  const session = sampleSession();
  await sessions.issue({ session, audit: sampleAudit() });
  say(session.accessKeyId);
}

async function claim({ sessions }: Store, key: string): Promise<void> {
  if (await sessions.claim({ key, expiresAtMs: Date.now() + 60_000 })) say(key);
}

function say(text: string): void {
  writeSync(1, `${text}\n`);
}
