import type { Secret } from '../domain/credentials/secret.ts';
import { createRedisStore, type RedisStoreOptions } from './redis/redis-store.ts';
import { createSqliteStore } from './sqlite/sqlite-store.ts';
import type { Store } from './store.ts';

/** Which store, and how it is reached. */
type StoreChoice =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'redis';
      readonly connection: RedisStoreOptions['connection'];
      readonly username?: string;
      readonly password?: Secret;
    };

type StoreSettings = { readonly store: StoreChoice; readonly audit: { readonly retainSeconds: number } };

/** Opens the store that a configuration names. @throws FederationError `store-unavailable` where a file cannot be used */
export function openStore({ store, audit }: StoreSettings): Store {
  const now = Date.now;
  if (store.kind === 'sqlite') return createSqliteStore({ path: store.path, now });
  const { connection, username, password } = store;
  return createRedisStore({
    connection,
    now,
    auditRetainMs: audit.retainSeconds * 1000,
    credentials: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: password.reveal() }),
    },
  });
}
