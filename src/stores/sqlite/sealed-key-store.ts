import type { SealedKeyStore } from '../../domain/identity/sealed-key-store.ts';
import type { Database } from './database.ts';

export function createSqliteSealedKeyStore(db: Database): SealedKeyStore {
  const select = db.connection.prepare('SELECT revision, sealed FROM sealed_keys WHERE name = ?');
  const insert = db.connection.prepare(
    'INSERT INTO sealed_keys (name, revision, sealed) VALUES (?, 1, ?) ON CONFLICT (name) DO NOTHING',
  );
  const update = db.connection.prepare(
    'UPDATE sealed_keys SET revision = revision + 1, sealed = ? WHERE name = ? AND revision = ?',
  );
  return {
    read: (name) =>
      db.read(() => {
        const row = select.get(name);
        if (row === undefined) return undefined;
        const { revision, sealed } = row;
        if (typeof revision !== 'number' || !(sealed instanceof Uint8Array)) throw new Error('not a key row');
        return { revision, sealed };
      }),
    replace: (name, { sealed, expected }) =>
      db.write(() => {
        const written = expected === 0 ? insert.run(name, sealed) : update.run(sealed, name, expected);
        return written.changes === 1;
      }),
  };
}
