import type { Store } from '../store.ts';
import { createAuditValues, createRedisAuditLog } from './audit-log.ts';
import { createRedisBrowserSessions } from './browser-session-store.ts';
import { connect } from './connection.ts';
import type { RedisCredentials, RedisEndpoint } from './connection.ts';
import { createKeys } from './keys.ts';
import { createRedisLoginAttempts } from './login-attempt.ts';
import { createRedisOauthRecords } from './oauth-record-store.ts';
import { createRedisPeople } from './person-store.ts';
import { createRedisSealedKeyStore } from './sealed-key-store.ts';
import { createRedisSessionStore } from './session-store.ts';

export type RedisStoreOptions = {
  readonly connection: RedisEndpoint;
  readonly credentials?: RedisCredentials;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** How long audit records are kept, in milliseconds. */
  readonly auditRetainMs: number;
  /** Default `rolebridge:`; set it apart where two installations share one Redis. */
  readonly keyPrefix?: string;
};

/** The store for several machines, on Redis 7 or later: standalone, Cluster or watched by Sentinels. */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { now, auditRetainMs: retainMs } = options;
  const connection = connect(options.connection, options.credentials ?? {});
  const keys = createKeys(options.keyPrefix ?? 'rolebridge:');
  const auditValues = createAuditValues({ now, retainMs });
  return {
    sessions: createRedisSessionStore({ connection, keys, now, auditValues }),
    audit: createRedisAuditLog({ connection, keys, auditValues }),
    loginAttempts: createRedisLoginAttempts({ connection, keys, now }),
    browserSessions: createRedisBrowserSessions({ connection, keys, now }),
    people: createRedisPeople({ connection, keys }),
    oauthRecords: createRedisOauthRecords({ connection, keys, now }),
    sealedKeys: createRedisSealedKeyStore({ connection, keys }),
    ping: async () => {
      // A write, because a server that is full, read-only or cut off from its replicas still answers PING.
      await connection.run((client) => client.set(keys.ping(), '', 'PX', 1000));
    },
    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}
