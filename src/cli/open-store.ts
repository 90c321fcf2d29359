import { readConfig } from './read-config.ts';
import { openStore } from '../stores/open-store.ts';
import type { Config } from '../config/config.ts';
import type { Store } from '../stores/store.ts';

/** Runs a command on the store that a configuration names, and closes it. */
export async function withStore<T>(
  configPath: string,
  run: (store: Store, config: Config) => Promise<T>,
): Promise<T> {
  const config = readConfig(configPath);
  const store = openStore(config);
  try {
    return await run(store, config);
  } finally {
    await store.close();
  }
}
