import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  OAUTH_RECORD_KINDS,
  type OauthRecord,
  type OauthRecordStore,
} from '../../src/domain/application/oauth-record-store.ts';
import { until } from '../support/redis-server.ts';
import { sampleOauthRecord, sampleRecordId } from '../support/sample-oauth-record.ts';
import type { StorePair } from './session-store.contract.ts';

const HOUR_MS = 3_600_000;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const NO_IDS = [
  ['empty', ''],
  ['a code in the clear', 'correct horse battery staple'],
  ['one character too long', `${sampleRecordId()}A`],
  ['one character too short', sampleRecordId().slice(1)],
  ['one that would break a hash tag', '}'.repeat(43)],
  ['one with a NUL byte', `${'A'.repeat(42)}\0`],
  ['one with a line feed at its end', `${sampleRecordId()}\n`],
  ['one of 100,000 characters', 'A'.repeat(100_000)],
] as const;

/** What every store of OAuth records must do, whatever it is made of. */
export function describeOauthRecordStore(open: () => Promise<StorePair>): void {
  describe('OAuth records', () => {
    let pair: StorePair;
    let one: OauthRecordStore;
    let two: OauthRecordStore;
    beforeAll(async () => {
      pair = await open();
      [one, two] = [pair.one.oauthRecords, pair.two.oauthRecords];
    });
    afterAll(() => pair.close());
    const saved = async (given: Parameters<typeof sampleOauthRecord>[0] = {}) => {
      const record = sampleOauthRecord(given);
      await one.save(record);
      return record;
    };
    /** By turns on both nodes. */
    const atOnce = <T>(count: number, call: (store: OauthRecordStore, at: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, at) => call(at % 2 === 0 ? one : two, at)));

    describe('save and find', () => {
      it.each(OAUTH_RECORD_KINDS)('give back a %s on another node, with all its names', async (kind) => {
        const record = await saved({ kind, grantId: sampleRecordId(), alias: sampleRecordId() });
        expect(plain(await two.find(record))).toEqual(plain(record));
      });

      it.each([
        ['every byte', EVERY_BYTE],
        ['nothing', new Uint8Array()],
        ['100 kB', new Uint8Array(100_000).fill(45)],
        ['what looks like names', Buffer.from(`g${'A'.repeat(43)}a${'B'.repeat(43)}`)],
      ])('keep absent what is absent, with %s sealed', async (_name, sealed) => {
        const bare = await saved({ sealed });
        const granted = await saved({ sealed, grantId: sampleRecordId() });
        const named = await saved({ sealed, alias: sampleRecordId() });
        for (const record of [bare, granted, named])
          expect(plain(await two.find(record))).toEqual(plain(record));
      });

      it('keep records of one id and different kinds apart', async () => {
        const id = sampleRecordId();
        const records = await Promise.all(OAUTH_RECORD_KINDS.map((kind) => saved({ kind, id })));
        await two.remove({ kind: 'AccessToken', id });
        for (const record of records)
          expect(plain(await one.find(record)), record.kind).toEqual(
            record.kind === 'AccessToken' ? undefined : plain(record),
          );
      });

      it('put a record in the place of an older one, whole', async () => {
        const old = await saved({ grantId: sampleRecordId(), alias: sampleRecordId() });
        const next = sampleOauthRecord({ id: old.id, expiresAtMs: old.expiresAtMs - 60_000 });
        await two.save(next);
        expect(plain(await one.find(old))).toEqual(plain(next));
      });

      it.each(NO_IDS)('have nothing where the name is %s', async (_name, name) => {
        const key = { kind: 'RefreshToken', id: name } as const;
        expect(await one.find(key)).toBeUndefined();
        expect(await one.findByAlias('Session', name)).toBeUndefined();
        expect(await one.consume(key, Date.now())).toBe('gone');
        await one.remove(key);
        await one.revokeGrant(name);
      });

      it.each(NO_IDS)('refuse to write under a name that is %s', async (_name, name) => {
        for (const names of [{ id: name }, { grantId: name }, { alias: name }]) {
          const record = sampleOauthRecord(names);
          await expect(one.save(record)).rejects.toThrow('no hash');
          expect(await one.find(record)).toBeUndefined();
        }
      });
    });

    describe('the end of a record', () => {
      it('comes when it expires and no later, to every call', async () => {
        const alias = sampleRecordId();
        const record = await saved({ kind: 'Session', alias, expiresAtMs: Date.now() + 300 });
        expect(await two.find(record)).toBeDefined();
        await until(async () => (await two.find(record)) === undefined);
        expect(Date.now()).toBeGreaterThanOrEqual(record.expiresAtMs);
        expect(await one.findByAlias('Session', alias)).toBeUndefined();
        expect(await one.consume(record, Date.now())).toBe('gone');
      });

      it('is moved by a later save, in both directions', async () => {
        const [longer, shorter] = [await saved({ expiresAtMs: Date.now() + 300 }), await saved()];
        await two.save({ ...longer, expiresAtMs: Date.now() + HOUR_MS });
        await two.save({ ...shorter, expiresAtMs: Date.now() + 300 });
        await until(async () => (await one.find(shorter)) === undefined);
        expect(await one.find(longer)).toBeDefined();
      });

      it('is swept from the store, and nothing else is', async () => {
        const [short, long] = [await saved({ expiresAtMs: Date.now() + 100 }), await saved()];
        await until(() => Promise.resolve(Date.now() > short.expiresAtMs));
        await pair.one.sessions.sweep(0);
        expect(await two.find(short)).toBeUndefined();
        expect(plain(await two.find(long))).toEqual(plain(long));
      });

      it('leaves a name on which nothing of the old one is: not its use, grant or alias', async () => {
        const [grantId, alias] = [sampleRecordId(), sampleRecordId()];
        const old = await saved({ grantId, alias, expiresAtMs: Date.now() + 100 });
        await one.consume(old, Date.now());
        await until(async () => (await one.find(old)) === undefined);
        const next = await saved({ id: old.id });
        await two.revokeGrant(grantId);
        // The old grant may take it along, since it came under the name of what was its own, and never the use.
        const found = await two.find(next);
        if (found !== undefined) expect(plain(found)).toEqual(plain(next));
        expect(await two.findByAlias(next.kind, alias)).toBeUndefined();
      });
    });

    describe('an alias', () => {
      it('leads to the record of its kind, on every node', async () => {
        const alias = sampleRecordId();
        const session = await saved({ kind: 'Session', alias });
        const code = await saved({ kind: 'DeviceCode', alias });
        expect(plain(await two.findByAlias('Session', alias))).toEqual(plain(session));
        expect(plain(await two.findByAlias('DeviceCode', alias))).toEqual(plain(code));
        expect(await two.findByAlias('Grant', alias)).toBeUndefined();
        expect(await two.findByAlias('Session', session.id)).toBeUndefined();
        expect(await two.find({ kind: 'Session', id: alias })).toBeUndefined();
      });

      it('moves with a save, and leads no longer where it led', async () => {
        const [first, second] = [sampleRecordId(), sampleRecordId()];
        const record = await saved({ kind: 'Session', alias: first });
        await two.save({ ...record, alias: second });
        expect(await one.findByAlias('Session', first)).toBeUndefined();
        expect((await one.findByAlias('Session', second))?.id).toBe(record.id);
        await two.save(sampleOauthRecord({ kind: 'Session', id: record.id }));
        expect(await one.findByAlias('Session', second)).toBeUndefined();
        expect(await one.find(record)).toBeDefined();
      });

      it('leads to the record that took it last', async () => {
        const alias = sampleRecordId();
        const [first, second] = [await saved({ alias }), await saved({ alias })];
        expect((await two.findByAlias('RefreshToken', alias))?.id).toBe(second.id);
        await one.remove(first);
        expect((await two.findByAlias('RefreshToken', alias))?.id).toBe(second.id);
        await one.remove(second);
        expect(await two.findByAlias('RefreshToken', alias)).toBeUndefined();
      });

      it.each(['remove', 'revokeGrant'] as const)('is free after %s, and can be taken again', async (how) => {
        const [alias, grantId] = [sampleRecordId(), sampleRecordId()];
        const record = await saved({ alias, grantId });
        if (how === 'remove') await two.remove(record);
        else await two.revokeGrant(grantId);
        expect(await one.findByAlias('RefreshToken', alias)).toBeUndefined();
        const next = await saved({ alias });
        expect((await two.findByAlias('RefreshToken', alias))?.id).toBe(next.id);
      });

      it('is free after the record expired', async () => {
        const alias = sampleRecordId();
        const record = await saved({ alias, expiresAtMs: Date.now() + 100 });
        await until(async () => (await two.find(record)) === undefined);
        const next = await saved({ alias });
        expect((await two.findByAlias('RefreshToken', alias))?.id).toBe(next.id);
      });
    });

    describe('consume', () => {
      it('is told to one of many who come at once on both nodes (RFC 6749 10.5)', async () => {
        const record = await saved({ kind: 'AuthorizationCode' });
        const outcomes = await atOnce(20, (store, at) => store.consume(record, 1000 + at));
        expect(outcomes.filter((outcome) => outcome === 'consumed')).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === 'already-consumed')).toHaveLength(19);
        const consumedAtMs = 1000 + outcomes.indexOf('consumed');
        expect(plain(await two.find(record))).toEqual(plain({ ...record, consumedAtMs }));
      });

      it.each([0, 1, 1_767_323_045_006])('keeps the time of the use: %d', async (atMs) => {
        const record = await saved({ grantId: sampleRecordId(), alias: sampleRecordId() });
        expect(await two.consume(record, atMs)).toBe('consumed');
        expect(plain(await one.find(record))).toEqual(plain({ ...record, consumedAtMs: atMs }));
        expect(plain(await one.findByAlias(record.kind, record.alias ?? ''))).toEqual(
          plain({ ...record, consumedAtMs: atMs }),
        );
      });

      it('is not forgotten when the record is saved again', async () => {
        const record = await saved();
        await one.consume(record, 7);
        const next = { ...record, sealed: EVERY_BYTE, grantId: sampleRecordId() };
        await two.save(next);
        expect(plain(await one.find(record))).toEqual(plain({ ...next, consumedAtMs: 7 }));
        expect(await one.consume(record, 8)).toBe('already-consumed');
      });

      it('is told to one, also while the record is saved again and again', async () => {
        const record = await saved();
        const outcomes = await atOnce(40, async (store, at) => {
          if (at % 4 < 2) return store.consume(record, at + 1);
          await store.save(record);
          return 'saved';
        });
        expect(outcomes.filter((outcome) => outcome === 'consumed')).toHaveLength(1);
        expect(await one.consume(record, 99)).toBe('already-consumed');
      });

      it('leaves the record its end', async () => {
        const record = await saved({ expiresAtMs: Date.now() + 300 });
        expect(await two.consume(record, Date.now())).toBe('consumed');
        await until(async () => (await two.find(record)) === undefined);
        expect(await two.consume(record, Date.now())).toBe('gone');
      });

      it.each(['never saved', 'removed', 'revoked'] as const)('finds gone what was %s', async (how) => {
        const record = sampleOauthRecord({ grantId: sampleRecordId() });
        if (how !== 'never saved') await one.save(record);
        if (how === 'removed') await one.remove(record);
        if (how === 'revoked') await one.revokeGrant(record.grantId ?? '');
        expect(await two.consume(record, Date.now())).toBe('gone');
        expect(await two.find(record), 'and makes none').toBeUndefined();
      });

      it('counts for one record alone', async () => {
        const [used, other] = [await saved(), await saved()];
        await one.consume(used, 7);
        expect(await two.consume(other, 8)).toBe('consumed');
        expect(await two.consume({ kind: 'AccessToken', id: used.id }, 9)).toBe('gone');
      });
    });

    describe('revokeGrant', () => {
      it('removes the grant and all that came from it, and nothing of another', async () => {
        const [grantId, other] = [sampleRecordId(), sampleRecordId()];
        const family = (grant: string) =>
          Promise.all([
            saved({ kind: 'Grant', id: grant }),
            ...OAUTH_RECORD_KINDS.map((kind) => saved({ kind, grantId: grant, alias: sampleRecordId() })),
          ]);
        const [doomed, spared] = [await family(grantId), await family(other)];
        const loose = await saved();
        for (const record of doomed) await one.consume(record, Date.now());
        await two.revokeGrant(grantId);
        for (const record of doomed) expect(await one.find(record), record.kind).toBeUndefined();
        for (const record of [...spared, loose])
          expect(plain(await one.find(record)), record.kind).toEqual(plain(record));
        await two.revokeGrant(grantId);
      });

      it('removes more than one step can take', async () => {
        const grantId = sampleRecordId();
        const records = Array.from({ length: 1203 }, () =>
          sampleOauthRecord({ grantId, sealed: EVERY_BYTE }),
        );
        await Promise.all(records.map((record) => one.save(record)));
        await two.revokeGrant(grantId);
        const found = await Promise.all(records.map((record) => one.find(record)));
        expect(found.filter((record) => record !== undefined)).toEqual([]);
      });

      it('removes what was consumed, saved again or taken over by the grant', async () => {
        const [grantId, former] = [sampleRecordId(), sampleRecordId()];
        const moved = await saved({ grantId: former });
        await two.save({ ...moved, grantId });
        const again = await saved({ grantId });
        await two.save(again);
        await one.revokeGrant(grantId);
        for (const record of [moved, again]) expect(await two.find(record)).toBeUndefined();
      });

      it('leaves no trace by which a later record of the grant would live for ever', async () => {
        const grantId = sampleRecordId();
        await saved({ kind: 'Grant', id: grantId });
        await two.revokeGrant(grantId);
        const late = await saved({ grantId, expiresAtMs: Date.now() + 300 });
        expect(await two.find({ kind: 'Grant', id: grantId }), 'it does not come back').toBeUndefined();
        await until(async () => (await two.find(late)) === undefined);
      });

      it('may be asked for by many at once', async () => {
        const grantId = sampleRecordId();
        const records = await atOnce(40, () => saved({ grantId }));
        await atOnce(6, (store) => store.revokeGrant(grantId));
        for (const record of records) expect(await one.find(record)).toBeUndefined();
      });
    });
  });
}

/** Bytes as hex, so that a Buffer equals the Uint8Array that it was made from. */
function plain(record: OauthRecord | undefined): unknown {
  return record && { ...record, sealed: Buffer.from(record.sealed).toString('hex') };
}
