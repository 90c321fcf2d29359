import type { Store } from '../store.ts';
import { createSqliteAuditLog } from './audit-log.ts';
import { createSqliteBrowserSessions } from './browser-session-store.ts';
import { openDatabase } from './database.ts';
import { createSqliteLoginAttempts } from './login-attempt.ts';
import { createSqliteOauthRecords } from './oauth-record-store.ts';
import { createSqlitePeople } from './person-store.ts';
import { createSqliteSealedKeyStore } from './sealed-key-store.ts';
import { createSqliteSessionStore } from './session-store.ts';

export type SqliteStoreOptions = {
  /** A file, created with mode 0600 together with its folder, or `:memory:`. */
  readonly path: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

/**
 * The embedded store: one file, any number of processes on it.
 *
 * @throws Error when a newer version wrote the file; FederationError `store-unavailable` when it cannot be opened.
 */
export function createSqliteStore({ path, now }: SqliteStoreOptions): Store {
  const db = openDatabase(path);
  const audit = createSqliteAuditLog(db);
  const sessions = createSqliteSessionStore({ db, now, insertAudit: audit.insert });
  return {
    sessions,
    audit,
    loginAttempts: createSqliteLoginAttempts(db, now),
    browserSessions: createSqliteBrowserSessions(db, now),
    people: createSqlitePeople(db),
    oauthRecords: createSqliteOauthRecords(db, now),
    sealedKeys: createSqliteSealedKeyStore(db),
    ping: () => db.write(() => undefined),
    close: () => {
      db.connection.close();
      return Promise.resolve();
    },
  };
}
