import type {
  OauthRecordKey,
  OauthRecordKind,
  OauthRecordStore,
} from '../../domain/application/oauth-record-store.ts';
import { bucketOfKey } from '../../domain/session/bucket.ts';
import { checkRecordIds, isRecordId } from '../record-ids.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { decodeOauthRecord, encodeOauthRecord, formatTime } from './oauth-record.ts';
import { CONSUME, FILE_UNDER_GRANT, SAVE } from './oauth-record-scripts.ts';

/** What names begin with: one letter, since every record and every share of an index has it. */
const LETTERS = {
  AccessToken: 'a',
  AuthorizationCode: 'c',
  ClientCredentials: 'm',
  DeviceCode: 'd',
  ExchangedToken: 'x',
  Grant: 'g',
  Interaction: 'i',
  PushedAuthorizationRequest: 'p',
  RefreshToken: 'r',
  ReplayDetection: 'o',
  Session: 's',
} as const satisfies Record<OauthRecordKind, string>;

/** How many records of a grant are removed at a time. */
const BATCH = 500;

export type OauthRecordStoreDeps = {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly now: () => number;
};

export function createRedisOauthRecords(deps: OauthRecordStoreDeps): OauthRecordStore {
  const find = finding(deps);
  return {
    save: saving(deps),
    find,
    findByAlias: findingByAlias(deps, find),
    consume: consuming(deps),
    ...removing(deps),
  };
}

function nameOf({ kind, id }: OauthRecordKey): string {
  return LETTERS[kind] + id;
}

/**
 * Record, alias and grant live in slots of their own, so they are written by commands of their own, sent at once. None of the
 * three relies on the others: an alias counts when its record says the same, and a grant may name what is gone.
 */
function saving({ connection, keys, now }: OauthRecordStoreDeps): OauthRecordStore['save'] {
  return async (record) => {
    checkRecordIds(record);
    const { kind, id, expiresAtMs, grantId, alias } = record;
    const name = nameOf(record);
    const { before, after } = encodeOauthRecord(record);
    await Promise.all([
      // First, so that on one server nothing is there that its grant does not name.
      grantId === undefined
        ? undefined
        : connection.script(FILE_UNDER_GRANT, [keys.oauthGrant(grantId)], [name, expiresAtMs, now()]),
      connection.script(SAVE, [keys.oauthRecord(name)], [now(), expiresAtMs, before, after]),
      alias === undefined
        ? undefined
        : connection.run((client) =>
            client.set(keys.oauthAlias(nameOf({ kind, id: alias })), id, 'PXAT', expiresAtMs),
          ),
    ]);
  };
}

function finding({ connection, keys, now }: OauthRecordStoreDeps): OauthRecordStore['find'] {
  return async (key) => {
    if (!isRecordId(key.id)) return undefined;
    const bytes = await connection.run((client) => client.getBuffer(keys.oauthRecord(nameOf(key))));
    const record = bytes === null ? undefined : decodeOauthRecord(key, bytes);
    // Redis goes by its own clock, which may be behind ours.
    return record !== undefined && record.expiresAtMs > now() ? record : undefined;
  };
}

function findingByAlias(
  { connection, keys }: OauthRecordStoreDeps,
  find: OauthRecordStore['find'],
): OauthRecordStore['findByAlias'] {
  return async (kind, alias) => {
    if (!isRecordId(alias)) return undefined;
    const name = nameOf({ kind, id: alias });
    const id = await connection.run((client) => client.get(keys.oauthAlias(name)));
    const record = id === null ? undefined : await find({ kind, id });
    // Left behind by a record that was removed, or has another alias by now.
    return record?.alias === alias ? record : undefined;
  };
}

function consuming({ connection, keys, now }: OauthRecordStoreDeps): OauthRecordStore['consume'] {
  return async (key, atMs) => {
    if (!isRecordId(key.id)) return 'gone';
    const touched = [keys.oauthRecord(nameOf(key))];
    const reply = await connection.script(CONSUME, touched, [now(), formatTime(atMs)]);
    if (reply === 'consumed' || reply === 'already-consumed' || reply === 'gone') return reply;
    throw new Error(`the stored ${key.kind} cannot be read`);
  };
}

function removing(deps: OauthRecordStoreDeps): Pick<OauthRecordStore, 'remove' | 'revokeGrant'> {
  const { connection, keys } = deps;
  const remove: OauthRecordStore['remove'] = async (key) => {
    if (!isRecordId(key.id)) return;
    await connection.run((client) => client.unlink(keys.oauthRecord(nameOf(key))));
  };
  return {
    remove,
    revokeGrant: async (grantId) => {
      if (!isRecordId(grantId)) return;
      // Without it nothing that came from the grant is good for anything, whatever happens to the rest.
      await remove({ kind: 'Grant', id: grantId });
      await removeNamed(deps, keys.oauthGrant(grantId));
    },
  };
}

/** Names go after what they name: who is stopped halfway can begin again. */
async function removeNamed({ connection, keys }: OauthRecordStoreDeps, index: string): Promise<void> {
  for (;;) {
    const names = await connection.run((client) => client.zrange(index, '0', String(BATCH - 1)));
    if (names.length === 0) return;
    const ofOneSlot = Map.groupBy(names, bucketOfKey).values();
    await Promise.all(
      Array.from(ofOneSlot, (group) =>
        connection.run((client) => client.unlink(group.map((name) => keys.oauthRecord(name)))),
      ),
    );
    await connection.run((client) => client.zrem(index, names));
  }
}
