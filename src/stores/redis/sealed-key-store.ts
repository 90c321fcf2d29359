import type { SealedKeyStore } from '../../domain/identity/sealed-key-store.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { REPLACE } from './scripts.ts';

export function createRedisSealedKeyStore({
  connection,
  keys,
}: {
  readonly connection: Connection;
  readonly keys: Keys;
}): SealedKeyStore {
  return {
    read: async (name) => {
      const [revision, sealed] = await connection.run((client) =>
        client.hmgetBuffer(keys.sealedKeys(name), 'revision', 'sealed'),
      );
      return revision && sealed ? { revision: Number(revision.toString()), sealed } : undefined;
    },
    replace: async (name, { sealed, expected }) => {
      const values = [expected, Buffer.from(sealed)];
      return (await connection.script(REPLACE, [keys.sealedKeys(name)], values)) === 1;
    },
  };
}
