import { randomBytes } from 'node:crypto';
import type { SpKeys } from '../../src/domain/identity/sp-keys.ts';
import { parseMasterKeyRing } from '../../src/keys/master-key.ts';
import { createSealer } from '../../src/keys/seal.ts';
import { createSpKeys } from '../../src/keys/sp-keys.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';

/** Keys of a service provider, as a bridge makes them on its first start. */
export function createTestSpKeys(): Promise<SpKeys> {
  const sealer = createSealer(parseMasterKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`));
  const store = createSqliteStore({ path: ':memory:', now: Date.now }).sealedKeys;
  return createSpKeys({ store, sealer, now: Date.now, random: randomBytes })();
}
