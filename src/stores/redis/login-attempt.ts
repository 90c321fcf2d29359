import type { LoginAttemptStore } from '../../domain/session/login-attempt.ts';
import { decodeLoginAttempt, encodeLoginAttempt } from '../login-attempt-record.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

export function createRedisLoginAttempts(deps: {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly now: () => number;
}): LoginAttemptStore {
  const { connection, keys, now } = deps;
  return {
    save: async (attempt) => {
      const [key, record] = [keys.loginAttempt(attempt.handle), encodeLoginAttempt(attempt)];
      await connection.run((client) => client.set(key, record, 'PXAT', attempt.expiresAtMs));
    },
    take: async (handle) => {
      const record = await connection.run((client) => client.getdel(keys.loginAttempt(handle)));
      const attempt = record === null ? undefined : decodeLoginAttempt(handle, record);
      // Redis goes by its own clock, which may be behind ours.
      return attempt !== undefined && attempt.expiresAtMs > now() ? attempt : undefined;
    },
  };
}
