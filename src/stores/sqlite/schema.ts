import type { DatabaseSync } from 'node:sqlite';

/**
 * Forward only: a step that was released is never edited, a new one is appended. `PRAGMA user_version` counts the steps
 * that a file has taken. Persons, roles, providers and marks are key digests: index entries stay small whatever they name.
 */
const MIGRATIONS = [
  `CREATE TABLE sessions (
     id INTEGER PRIMARY KEY,
     access_key_id TEXT NOT NULL UNIQUE,
     expires_at INTEGER NOT NULL,
     person TEXT NOT NULL,
     role TEXT NOT NULL,
     provider TEXT,
     record BLOB NOT NULL
   ) STRICT;
   CREATE INDEX sessions_by_expiry ON sessions (expires_at);
   CREATE INDEX sessions_by_person ON sessions (person);
   CREATE INDEX sessions_by_role ON sessions (role);
   CREATE INDEX sessions_by_provider ON sessions (provider) WHERE provider IS NOT NULL;

   CREATE TABLE marks (key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE INDEX marks_by_expiry ON marks (expires_at);

   CREATE TABLE attempts (
     key TEXT PRIMARY KEY, count INTEGER NOT NULL, expires_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX attempts_by_expiry ON attempts (expires_at);

   -- AUTOINCREMENT: a number that was swept must not come back, or a reader who follows the log would miss its record.
   CREATE TABLE audit (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     time_ms INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     reference TEXT,
     role_arn TEXT,
     event TEXT NOT NULL
   ) STRICT;
   CREATE INDEX audit_by_time ON audit (time_ms);
   CREATE INDEX audit_by_reference ON audit (reference) WHERE reference IS NOT NULL;`,
  `CREATE TABLE login_attempts (
     key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, record TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX login_attempts_by_expiry ON login_attempts (expires_at);

   CREATE TABLE sealed_keys (
     name TEXT PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE browser_sessions (
     id TEXT NOT NULL UNIQUE,
     person_key TEXT NOT NULL,
     person TEXT NOT NULL,
     last_seen_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     sealed BLOB NOT NULL
   ) STRICT;
   CREATE INDEX browser_sessions_by_person ON browser_sessions (person_key);
   CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);

   CREATE TABLE people (
     id INTEGER PRIMARY KEY,
     key TEXT NOT NULL UNIQUE,
     person TEXT NOT NULL,
     revision INTEGER NOT NULL,
     sealed BLOB NOT NULL
   ) STRICT;`,
  `CREATE TABLE oauth_records (
     id TEXT NOT NULL,
     kind TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     grant_id TEXT,
     alias TEXT,
     consumed_at INTEGER,
     sealed BLOB NOT NULL,
     UNIQUE (id, kind)
   ) STRICT;
   CREATE UNIQUE INDEX oauth_records_by_alias ON oauth_records (alias, kind) WHERE alias IS NOT NULL;
   CREATE INDEX oauth_records_by_grant ON oauth_records (grant_id) WHERE grant_id IS NOT NULL;
   CREATE INDEX oauth_records_by_expiry ON oauth_records (expires_at);`,
] as const;

/**
 * Brings a file to this version's tables, under the write lock, so that processes which start together do it once.
 *
 * @throws Error when a newer Rolebridge wrote the file.
 */
export function migrate(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of MIGRATIONS.slice(stepsTaken(db))) db.exec(step);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

function stepsTaken(db: DatabaseSync): number {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  // Writing with old tables in mind could lose what the newer version relies on.
  if (version > MIGRATIONS.length) {
    const versions = `its schema is ${version}, this version knows ${MIGRATIONS.length}`;
    throw new Error(
      `the database was written by a newer Rolebridge (${versions}): upgrade, or use another file`,
    );
  }
  return version;
}
