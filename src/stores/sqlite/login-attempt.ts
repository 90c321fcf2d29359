import type { LoginAttemptStore } from '../../domain/session/login-attempt.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';
import { decodeLoginAttempt, encodeLoginAttempt } from '../login-attempt-record.ts';
import type { Database } from './database.ts';

export function createSqliteLoginAttempts(db: Database, now: () => number): LoginAttemptStore {
  const insert = db.connection.prepare(
    'INSERT INTO login_attempts (key, expires_at, record) VALUES (?, ?, ?)',
  );
  const remove = db.connection.prepare(
    'DELETE FROM login_attempts WHERE key = ? RETURNING expires_at, record',
  );
  return {
    save: (attempt) =>
      db.write(() => {
        insert.run(keyDigest(attempt.handle), attempt.expiresAtMs, encodeLoginAttempt(attempt));
      }),
    take: (handle) =>
      db.write(() => {
        const row = remove.get(keyDigest(handle));
        if (row === undefined || Number(row['expires_at']) <= now()) return undefined;
        return decodeLoginAttempt(handle, String(row['record']));
      }),
  };
}
