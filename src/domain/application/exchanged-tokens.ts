import { z } from 'zod';
import type { ExchangeOrigin } from '../federation/exchange-subject.ts';
import { encodeRecord, identitySchema } from '../identity/identity-record.ts';
import { oauthRecordName, sealContextOfRecord } from './oauth-record-name.ts';
import type { OauthRecordKey, OauthRecordStore } from './oauth-record-store.ts';

const KIND = 'ExchangedToken';

const originSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('proof'), identity: identitySchema }),
  z.strictObject({ kind: z.literal('role-session'), accessKeyId: z.string() }),
]);

export type ExchangedTokensDeps = {
  readonly store: Pick<OauthRecordStore, 'save' | 'find'>;
  readonly seal: (plaintext: string, context: string) => Uint8Array;
  readonly openSecret: (sealed: Uint8Array, context: string) => string;
};

/** What stands behind tokens of ours that no sign-in stands behind. All throw FederationError `store-unavailable`. */
export type ExchangedTokens = {
  /** @param expiresAtMs the token's end, epoch milliseconds */
  readonly save: (tokenId: string, origin: ExchangeOrigin, expiresAtMs: number) => Promise<void>;
  /** @param tokenId `jti` of a token whose signature was verified */
  readonly find: (tokenId: string) => Promise<ExchangeOrigin | undefined>;
};

/** Remembers the first proof of every exchanged token, so that later exchanges are decided by all that it said. */
export function createExchangedTokens({ store, seal, openSecret }: ExchangedTokensDeps): ExchangedTokens {
  return {
    save: async (tokenId, origin, expiresAtMs) => {
      const key = keyOf(tokenId);
      const sealed = seal(encodeRecord(origin), sealContextOfRecord(key));
      await store.save({ ...key, sealed, expiresAtMs });
    },
    find: async (tokenId) => {
      const key = keyOf(tokenId);
      const record = await store.find(key);
      return record && openOrigin(record.sealed, { openSecret, context: sealContextOfRecord(key) });
    },
  };
}

// Sealed by a key that has left the ring, or written by another version: as if it were not there.
function openOrigin(
  sealed: Uint8Array,
  { openSecret, context }: Pick<ExchangedTokensDeps, 'openSecret'> & { readonly context: string },
): ExchangeOrigin | undefined {
  try {
    return originSchema.parse(JSON.parse(openSecret(sealed, context)));
  } catch {
    return undefined;
  }
}

function keyOf(tokenId: string): OauthRecordKey {
  return { kind: KIND, id: oauthRecordName(tokenId) };
}
