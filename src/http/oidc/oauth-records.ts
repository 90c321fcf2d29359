import type { AdapterPayload } from 'oidc-provider';
import { z } from 'zod';
import { oauthRecordName, sealContextOfRecord } from '../../domain/application/oauth-record-name.ts';
import type {
  OauthRecord,
  OauthRecordKind,
  OauthRecordStore,
} from '../../domain/application/oauth-record-store.ts';

export type OauthRecordsDeps = {
  readonly oauthRecords: OauthRecordStore;
  readonly seal: (plaintext: string, context: string) => Uint8Array;
  readonly openSecret: (sealed: Uint8Array, context: string) => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told of a record that does not open. */
  readonly onUnreadable: (error: unknown) => void;
};

/** What is sealed in the store, under the names that the library gives. */
export type OauthRecords = {
  readonly save: (
    kind: OauthRecordKind,
    id: string,
    record: { readonly payload: AdapterPayload; readonly lifetimeSeconds: number },
  ) => Promise<void>;
  readonly find: (kind: OauthRecordKind, id: string) => Promise<AdapterPayload | undefined>;
  readonly findByUserCode: (userCode: string) => Promise<AdapterPayload | undefined>;
  readonly remove: (kind: OauthRecordKind, id: string) => Promise<void>;
};

/** Seals what the library remembers. */
export function createOauthRecords(deps: OauthRecordsDeps): OauthRecords {
  const { oauthRecords: store, seal, now } = deps;
  return {
    save: (kind, id, { payload, lifetimeSeconds }) => {
      const key = { kind, id: oauthRecordName(id) };
      return store.save({
        ...key,
        sealed: seal(JSON.stringify(payload), sealContextOfRecord(key)),
        expiresAtMs: now() + lifetimeSeconds * 1000,
        ...(payload.grantId === undefined ? {} : { grantId: oauthRecordName(payload.grantId) }),
        ...(payload.userCode === undefined ? {} : { alias: oauthRecordName(payload.userCode) }),
      });
    },
    find: async (kind, id) => open(await store.find({ kind, id: oauthRecordName(id) }), deps),
    findByUserCode: async (userCode) =>
      open(await store.findByAlias('DeviceCode', oauthRecordName(userCode)), deps),
    remove: (kind, id) => store.remove({ kind, id: oauthRecordName(id) }),
  };
}

const payloadSchema = z.record(z.string(), z.unknown());

// Sealed by a key that has left the ring, or written by another version: as if it were not there.
function open(
  record: OauthRecord | undefined,
  { openSecret, onUnreadable }: OauthRecordsDeps,
): AdapterPayload | undefined {
  if (record === undefined) return undefined;
  const { consumedAtMs } = record;
  try {
    const payload = payloadSchema.parse(JSON.parse(openSecret(record.sealed, sealContextOfRecord(record))));
    return {
      ...payload,
      ...(consumedAtMs === undefined ? {} : { consumed: Math.floor(consumedAtMs / 1000) }),
    };
  } catch (error) {
    onUnreadable(error);
    return undefined;
  }
}
