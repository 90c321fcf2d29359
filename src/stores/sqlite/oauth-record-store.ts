import type { SQLOutputValue } from 'node:sqlite';
import type {
  OauthRecord,
  OauthRecordKind,
  OauthRecordStore,
} from '../../domain/application/oauth-record-store.ts';
import { checkRecordIds } from '../record-ids.ts';
import type { Database } from './database.ts';
import { BATCH, removeAll } from './remove-all.ts';

export function createSqliteOauthRecords(db: Database, now: () => number): OauthRecordStore {
  return { save: saving(db, now), ...reading(db, now), consume: consuming(db, now), ...removing(db) };
}

function saving(db: Database, now: () => number): OauthRecordStore['save'] {
  const freeAlias = db.connection.prepare(
    'UPDATE oauth_records SET alias = NULL WHERE kind = ? AND alias = ? AND id <> ?',
  );
  // What an expired row says of its use is about another record, which had the same name.
  const upsert = db.connection.prepare(
    `INSERT INTO oauth_records (id, kind, expires_at, grant_id, alias, sealed)
     VALUES (:id, :kind, :expires, :grant, :alias, :sealed)
     ON CONFLICT (id, kind) DO UPDATE SET expires_at = excluded.expires_at, grant_id = excluded.grant_id,
       alias = excluded.alias, sealed = excluded.sealed,
       consumed_at = CASE WHEN expires_at > :now THEN consumed_at END`,
  );
  return async (record) => {
    checkRecordIds(record);
    const { id, kind, sealed, expiresAtMs, grantId, alias } = record;
    const values = { id, kind, sealed, expires: expiresAtMs, grant: grantId ?? null, alias: alias ?? null };
    return db.write(() => {
      if (alias !== undefined) freeAlias.run(kind, alias, id);
      upsert.run({ ...values, now: now() });
    });
  };
}

function reading(db: Database, now: () => number): Pick<OauthRecordStore, 'find' | 'findByAlias'> {
  const prepare = (name: 'id' | 'alias') =>
    db.connection.prepare(
      `SELECT id, expires_at, grant_id, alias, consumed_at, sealed FROM oauth_records
       WHERE ${name} = ? AND kind = ? AND expires_at > ?`,
    );
  const [byId, byAlias] = [prepare('id'), prepare('alias')];
  const read = (select: typeof byId, name: string, kind: OauthRecordKind): Promise<OauthRecord | undefined> =>
    db.read(() => {
      const row = select.get(name, kind, now());
      return row && fromRow(kind, row);
    });
  return {
    find: ({ kind, id }) => read(byId, id, kind),
    findByAlias: (kind, alias) => read(byAlias, alias, kind),
  };
}

function fromRow(kind: OauthRecordKind, row: Record<string, SQLOutputValue>): OauthRecord {
  const { id, expires_at: expiresAtMs, grant_id: grantId, alias, consumed_at: consumedAtMs, sealed } = row;
  if (typeof id !== 'string' || typeof expiresAtMs !== 'number' || !(sealed instanceof Uint8Array))
    throw new Error('not a row of an OAuth record');
  return {
    ...{ kind, id, sealed, expiresAtMs },
    ...(typeof grantId === 'string' ? { grantId } : {}),
    ...(typeof alias === 'string' ? { alias } : {}),
    ...(typeof consumedAtMs === 'number' ? { consumedAtMs } : {}),
  };
}

function consuming(db: Database, now: () => number): OauthRecordStore['consume'] {
  const mark = db.connection.prepare(
    `UPDATE oauth_records SET consumed_at = ?
     WHERE id = ? AND kind = ? AND expires_at > ? AND consumed_at IS NULL`,
  );
  const living = db.connection.prepare(
    'SELECT 1 FROM oauth_records WHERE id = ? AND kind = ? AND expires_at > ?',
  );
  return ({ kind, id }, atMs) =>
    db.write(() => {
      if (mark.run(atMs, id, kind, now()).changes === 1) return 'consumed';
      return living.get(id, kind, now()) === undefined ? 'gone' : 'already-consumed';
    });
}

function removing(db: Database): Pick<OauthRecordStore, 'remove' | 'revokeGrant'> {
  const one = db.connection.prepare('DELETE FROM oauth_records WHERE id = ? AND kind = ?');
  const batch = db.connection.prepare(
    `DELETE FROM oauth_records WHERE rowid IN (
       SELECT rowid FROM oauth_records WHERE grant_id = ? LIMIT ${BATCH})`,
  );
  const remove: OauthRecordStore['remove'] = ({ kind, id }) =>
    db.write(() => {
      one.run(id, kind);
    });
  return {
    remove,
    // Without the grant's own record nothing that came from it is good for anything, whatever happens to the rest.
    revokeGrant: async (grantId) => {
      await remove({ kind: 'Grant', id: grantId });
      await removeAll(db, batch, grantId);
    },
  };
}
