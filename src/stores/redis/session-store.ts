import { bucketOfId, bucketOfKey } from '../../domain/session/bucket.ts';
import { FederationError } from '../../domain/errors.ts';
import type { SessionStore, SingleUse } from '../../domain/session/session-store.ts';
import type { Session } from '../../domain/session/session.ts';
import { decodeSession, encodeSession } from '../session-record.ts';
import type { AuditValues } from './audit-log.ts';
import type { Connection } from './connection.ts';
import { BUCKETS, indexDigest, isStorableId } from './keys.ts';
import type { Keys } from './keys.ts';
import { COUNT, ISSUE } from './scripts.ts';
import { createSessionPages } from './session-pages.ts';

const BATCH = 500;
/** How long an index waits for a sweep to count its last members. */
const INDEX_OUTLIVES_MS = 600_000;

export type SessionStoreDeps = {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly now: () => number;
  readonly auditValues: AuditValues;
};

export function createRedisSessionStore(deps: SessionStoreDeps): SessionStore {
  return {
    issue: issuing(deps),
    find: finding(deps),
    list: createSessionPages(deps),
    ...revoking(deps),
    ...counting(deps),
    sweep: sweeping(deps),
  };
}

function issuing({ connection, keys, now, auditValues }: SessionStoreDeps): SessionStore['issue'] {
  return async ({ session, audit, once }) => {
    const bucket = bucketOfId(session.accessKeyId);
    checkBuckets(bucket, [once && bucketOfKey(once.key), audit.reference && bucketOfId(audit.reference)]);
    const sessionKey = keys.session(session.accessKeyId);
    const issuer = indexDigest('role', session.issuerArn);
    const touched = [
      sessionKey,
      keys.audit(bucket),
      // A key that the script will not touch still has to name the slot.
      audit.reference === undefined ? sessionKey : keys.reference(audit.reference),
      once === undefined ? sessionKey : keys.mark(once.key),
      keys.issuers(bucket),
      ...[issuer, ...otherDigestsOf(session)].map((digest) => keys.index(bucket, digest)),
    ];
    const times = [now(), session.expiresAtMs, session.expiresAtMs + INDEX_OUTLIVES_MS];
    const values = [...times, session.accessKeyId, encodeSession(session), issuer];
    const mark = once?.expiresAtMs ?? '';
    return parseIssued(await connection.script(ISSUE, touched, [...auditValues(audit), ...values, mark]));
  };
}

/** Whoever makes the access key id makes it end in the bucket of what is written with it; else no one slot could hold all. */
function checkBuckets(bucket: string, others: readonly (string | undefined)[]): void {
  const stray = others.find((other) => other !== undefined && other !== bucket);
  if (stray !== undefined)
    throw new Error(`an access key id of bucket ${bucket} came with a key of ${stray}`);
}

function otherDigestsOf({ person, providerArn }: Session): string[] {
  const digests = [indexDigest('person', person)];
  return providerArn === undefined ? digests : [...digests, indexDigest('provider', providerArn)];
}

function parseIssued(reply: unknown): 'issued' | 'already-used' {
  if (reply === 'issued' || reply === 'already-used') return reply;
  // Access key ids carry few random bits, so two may meet once in millions; the client's retry gets another.
  throw new FederationError('store-unavailable', 'the access key id is taken');
}

function finding({ connection, keys, now }: SessionStoreDeps): SessionStore['find'] {
  return async (accessKeyId) => {
    if (!isStorableId(accessKeyId)) return undefined;
    const record = await connection.run((client) => client.getBuffer(keys.session(accessKeyId)));
    const session = record === null ? undefined : decodeSession(accessKeyId, record);
    // Redis goes by its own clock, which may be behind ours.
    return session !== undefined && session.expiresAtMs > now() ? session : undefined;
  };
}

/** Index entries of revoked sessions stay until they expire, at most some hours; lists leave out what has no session. */
function revoking({
  connection,
  keys,
}: SessionStoreDeps): Pick<SessionStore, 'revoke' | 'revokeAll' | 'revokeOrphans'> {
  const revokeBucket = async (index: string): Promise<number> => {
    let ended = 0;
    for (;;) {
      const ids = await connection.run((client) => client.zrange(index, '0', String(BATCH - 1)));
      if (ids.length === 0) return ended;
      ended += await connection.run((client) => client.unlink(ids.map((id) => keys.session(id))));
      await connection.run((client) => client.zrem(index, ids));
    }
  };
  return {
    revoke: async (accessKeyId) => {
      if (!isStorableId(accessKeyId)) return false;
      return (await connection.run((client) => client.unlink(keys.session(accessKeyId)))) === 1;
    },
    revokeAll: async ({ by, value }) => {
      const digest = indexDigest(by, value);
      const ended = await Promise.all(BUCKETS.map((bucket) => revokeBucket(keys.index(bucket, digest))));
      return sum(ended);
    },
    revokeOrphans: async (issuerArns) => {
      const known = new Set(issuerArns.map((arn) => indexDigest('role', arn)));
      let ended = 0;
      for (const bucket of BUCKETS) {
        const issuers = await connection.run((client) => client.zrange(keys.issuers(bucket), '0', '-1'));
        for (const digest of issuers.filter((issuer) => !known.has(issuer)))
          ended += await revokeBucket(keys.index(bucket, digest));
      }
      return ended;
    },
  };
}

function counting({
  connection,
  keys,
}: SessionStoreDeps): Pick<SessionStore, 'claim' | 'countAttempt' | 'attempts'> {
  return {
    claim: async ({ key, expiresAtMs }: SingleUse) => {
      const claim = await connection.run((client) =>
        client.set(keys.mark(key), '', 'PXAT', expiresAtMs, 'NX'),
      );
      return claim === 'OK';
    },
    countAttempt: async (key, windowMs) =>
      Number(await connection.script(COUNT, [keys.attempts(key)], [windowMs])),
    attempts: async (key) => Number(await connection.run((client) => client.get(keys.attempts(key)))),
  };
}

/**
 * Redis drops expired sessions, marks and counters by itself. What is left are index entries: each session is in exactly
 * one issuer's index, so those are trimmed and counted; the other indexes end with their last member.
 */
function sweeping({ connection, keys, now }: SessionStoreDeps): SessionStore['sweep'] {
  const trim = (key: string, before: number): Promise<number> =>
    connection.run((client) => client.zremrangebyscore(key, '-inf', before));
  const sweepBucket = async (bucket: string, auditBeforeMs: number): Promise<number> => {
    const before = now();
    const issuers = await connection.run((client) => client.zrange(keys.issuers(bucket), '0', '-1'));
    const gone = await Promise.all(issuers.map((digest) => trim(keys.index(bucket, digest), before)));
    await trim(keys.issuers(bucket), before);
    await connection.run((client) => client.xtrim(keys.audit(bucket), 'MINID', Math.max(auditBeforeMs, 0)));
    return sum(gone);
  };
  return async (auditBeforeMs) => {
    let gone = 0;
    for (const bucket of BUCKETS) gone += await sweepBucket(bucket, auditBeforeMs);
    return gone;
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
