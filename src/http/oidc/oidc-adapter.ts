import { errors, type Adapter, type AdapterFactory } from 'oidc-provider';
import { oauthRecordName } from '../../domain/application/oauth-record-name.ts';
import {
  OAUTH_RECORD_KINDS,
  type OauthRecord,
  type OauthRecordKind,
  type OauthRecordStore,
} from '../../domain/application/oauth-record-store.ts';
import { createOauthRecords, type OauthRecords, type OauthRecordsDeps } from './oauth-records.ts';
import { currentScope } from './provider-scope.ts';
import { createSessionAdapter, type SessionAdapterDeps } from './session-adapter.ts';

export type OidcAdapterDeps = SessionAdapterDeps & OauthRecordsDeps;

/** For how long a device, and whoever types its code, learn that its time is over and not that there was never one (RFC 8628 3.5). */
const EXPIRED_KNOWN_SECONDS = 600;

/** The library's storage on our store: names are hashes, contents sealed. */
export function createOidcAdapter(deps: OidcAdapterDeps): AdapterFactory {
  const records = createOauthRecords(deps);
  return (name) => {
    if (name === 'Session') return createSessionAdapter(records, deps);
    const kind = OAUTH_RECORD_KINDS.find((known) => known === name);
    return kind === undefined ? NOTHING : createRecordAdapter(kind, { records, ...deps });
  };
}

type RecordAdapterParts = Pick<OidcAdapterDeps, 'oauthRecords' | 'now'> & { readonly records: OauthRecords };

function createRecordAdapter(
  kind: OauthRecordKind,
  { records, oauthRecords: store, now }: RecordAdapterParts,
): Adapter {
  return {
    upsert: async (id, payload, lifetimeSeconds = 0) => {
      const knownSeconds = kind === 'DeviceCode' ? EXPIRED_KNOWN_SECONDS : 0;
      await records.save(kind, id, { payload, lifetimeSeconds: lifetimeSeconds + knownSeconds });
      if (kind === 'ReplayDetection') await refuseReplay(id, { store, now });
    },
    find: async (id) => {
      const found = await records.find(kind, id);
      if (found?.consumed !== undefined) noteReuse(kind);
      return found;
    },
    findByUserCode: (userCode) => records.findByUserCode(userCode),
    findByUid: () => Promise.resolve(undefined),
    consume: (id) => consume({ kind, id: oauthRecordName(id) }, { store, now }),
    destroy: (id) => records.remove(kind, id),
    revokeByGrantId: (grantId) => store.revokeGrant(oauthRecordName(grantId)),
  };
}

type Consuming = { readonly store: OauthRecordStore; readonly now: () => number };

// The library looks first and consumes then: of two parties at once both would get in. The later one is refused here, and as
// nobody knows which of them stole it, all that came from it ends (RFC 9700 4.14.2).
async function consume(key: Pick<OauthRecord, 'kind' | 'id'>, { store, now }: Consuming): Promise<void> {
  if ((await store.consume(key, now())) === 'consumed') return;
  noteReuse(key.kind);
  const grantId = (await store.find(key))?.grantId;
  if (grantId !== undefined) await store.revokeGrant(grantId);
  if (key.kind === 'PushedAuthorizationRequest')
    throw new errors.InvalidRequestUri('request_uri was already used');
  throw new errors.InvalidGrant('used by two parties at once');
}

const REUSABLE = {
  AuthorizationCode: 'authorization-code',
  RefreshToken: 'refresh-token',
  DeviceCode: 'device-code',
} as const;

function noteReuse(kind: OauthRecordKind): void {
  const scope = currentScope();
  const [, name] = Object.entries(REUSABLE).find(([reusable]) => reusable === kind) ?? [];
  if (scope !== undefined && name !== undefined) scope.reused = name;
}

// As above: whether a proof is known is asked before it is written down.
async function refuseReplay(id: string, { store, now }: Consuming): Promise<void> {
  const outcome = await store.consume({ kind: 'ReplayDetection', id: oauthRecordName(id) }, now());
  if (outcome !== 'consumed') throw new errors.InvalidRequest('the proof was used before');
}

/** Kinds of features that are off, and clients that are not configured. */
const NOTHING: Adapter = {
  upsert: (id) => Promise.reject(new Error(`nothing of this kind is kept: ${oauthRecordName(id)}`)),
  find: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
};
