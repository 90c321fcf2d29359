import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { FederationError } from '../../domain/errors.ts';
import { migrate } from './schema.ts';

const BUSY = 5;
const CONSTRAINT = 19;
const GIVE_UP_AFTER_MS = 1500;
const LONGEST_PAUSE_MS = 25;

/** One connection to the file. Every call ends within two seconds, also while another process holds the lock. */
export type Database = {
  readonly connection: DatabaseSync;
  /** Runs statements that only read. */
  read<T>(work: () => T): Promise<T>;
  /** Runs statements in one transaction that holds the write lock from its start. */
  write<T>(work: () => T): Promise<T>;
};

/**
 * Opens or creates the file (mode 0600, folders 0700) and brings its tables up to date.
 *
 * @throws Error when a newer version wrote it; FederationError `store-unavailable` when it cannot be opened.
 */
export function openDatabase(path: string): Database {
  if (path !== ':memory:') createPrivateFile(path);
  const connection = translated(() => connect(path));
  const [begin, commit, rollback] = [
    connection.prepare('BEGIN IMMEDIATE'),
    connection.prepare('COMMIT'),
    connection.prepare('ROLLBACK'),
  ];
  const transact = <T>(work: () => T): T => {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } finally {
      // Still open only when something threw; a full disk may have ended it already.
      if (connection.isTransaction) rollback.run();
    }
  };
  return { connection, read: retryWhileBusy, write: (work) => retryWhileBusy(() => transact(work)) };
}

function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite gives its -wal and -shm files the mode of the database file.
  closeSync(openSync(path, 'a', 0o600));
}

function connect(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: GIVE_UP_AFTER_MS });
  try {
    connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                     PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864;`);
    migrate(connection);
    // From here on nobody waits inside SQLite: that would stop the whole process, other requests included.
    connection.exec('PRAGMA busy_timeout = 0');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function retryWhileBusy<T>(work: () => T): Promise<T> {
  const deadline = performance.now() + GIVE_UP_AFTER_MS;
  for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return work();
    } catch (error) {
      if (resultCode(error) !== BUSY || performance.now() > deadline) throw translate(error);
    }
    await sleep(pause);
  }
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error);
  }
}

/** A broken constraint is a bug of ours; whatever else SQLite reports (locked, full, corrupt, gone) is the store's failure. */
function translate(error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined || code === CONSTRAINT) return error;
  return new FederationError('store-unavailable', 'the SQLite file does not answer', { cause: error });
}

/** SQLite's primary result code, without the extension in the upper bits. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
