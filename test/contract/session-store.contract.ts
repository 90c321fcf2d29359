import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketOfKey } from '../../src/domain/session/bucket.ts';
import type { SessionQuery, SessionStore } from '../../src/domain/session/session-store.ts';
import type { Session } from '../../src/domain/session/session.ts';
import type { Store } from '../../src/stores/store.ts';
import { until } from '../support/redis-server.ts';
import { PROVIDER, sampleAccessKeyId, sampleAudit, sampleSession } from '../support/sample-session.ts';

/** Two stores on the same data, as two nodes of one installation have them. */
export type StorePair = { readonly one: Store; readonly two: Store; readonly close: () => Promise<void> };

const HOUR_MS = 3_600_000;

/** What every session store must do, whatever it is made of. */
export function describeSessionStore(open: () => Promise<StorePair>): void {
  describe('session store', () => {
    let pair: StorePair;
    let one: SessionStore;
    let two: SessionStore;
    beforeAll(async () => {
      pair = await open();
      [one, two] = [pair.one.sessions, pair.two.sessions];
    });
    afterAll(() => pair.close());

    describe('issue and find', () => {
      it('gives back on another node exactly what was issued', async () => {
        const session = sampleSession({
          kind: 'federated-user',
          tags: { Team: 'a', '': '', 'ключ 🔑': 'значение' },
          transitiveTagKeys: ['Team'],
          sourceIdentity: 'alice',
          signInExpiresAtMs: Date.now() + HOUR_MS,
          mfaAuthenticatedAtMs: Date.now(),
          sessionPolicies: [
            { inline: '{"Statement":[]}', managedArns: [] },
            { managedArns: ['arn:aws:iam::aws:policy/X'] },
          ],
          claims: { 'idp.example.com:groups': ['a', 'b'], 'idp.example.com:sub': 'x' },
        });
        expect(await one.issue({ session, audit: sampleAudit() })).toBe('issued');
        expect(plain(await two.find(session.accessKeyId))).toEqual(plain(session));
      });

      it('keeps absent fields absent', async () => {
        const session: Session = { ...sampleSession(), person: 'arn:aws:iam::123456789012:user/alice' };
        Reflect.deleteProperty(session, 'providerArn');
        await one.issue({ session, audit: sampleAudit() });
        expect(plain(await one.find(session.accessKeyId))).toEqual(plain(session));
      });

      it.each([
        ['an unknown id', sampleAccessKeyId()],
        ['an empty id', ''],
        ['an id that would break a hash tag', 'ASIA}'],
        ['an id with a NUL byte', 'ASIA\0'],
        ['an id of 100,000 characters', 'A'.repeat(100_000)],
      ])('finds nothing for %s', async (_name, id) => {
        expect(await one.find(id)).toBeUndefined();
        expect(await one.revoke(id)).toBe(false);
      });

      it('finds a session until it expires and no longer', async () => {
        const session = sampleSession({ expiresAtMs: Date.now() + 400 });
        await one.issue({ session, audit: sampleAudit() });
        expect(await one.find(session.accessKeyId)).toBeDefined();
        await until(async () => (await one.find(session.accessKeyId)) === undefined);
        expect(Date.now()).toBeGreaterThanOrEqual(session.expiresAtMs);
      });

      it('refuses to overwrite a living session that has the same access key id', async () => {
        const session = sampleSession();
        await one.issue({ session, audit: sampleAudit() });
        const rival = sampleSession({ accessKeyId: session.accessKeyId, account: '999999999999' });
        await expect(two.issue({ session: rival, audit: sampleAudit() })).rejects.toMatchObject({
          code: 'store-unavailable',
        });
        expect((await one.find(session.accessKeyId))?.account).toBe(session.account);
      });
    });

    describe('single use', () => {
      it('issues exactly one of 50 sessions that come at once with one mark', async () => {
        const once = { key: `jti ${randomUUID()}`, expiresAtMs: Date.now() + HOUR_MS };
        const role = `arn:aws:iam::123456789012:role/${randomUUID()}`;
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, at) =>
            (at % 2 === 0 ? one : two).issue({ session: marked(once.key, role), audit: sampleAudit(), once }),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === 'issued')).toHaveLength(1);
        expect(await listAll(one, { by: 'role', value: role })).toHaveLength(1);
      });

      it('writes neither session nor audit record when the mark was taken', async () => {
        const once = { key: randomUUID(), expiresAtMs: Date.now() + HOUR_MS };
        expect(await one.claim(once)).toBe(true);
        const [session, event] = [marked(once.key), JSON.stringify({ eventID: randomUUID() })];
        expect(await two.issue({ session, audit: sampleAudit({ event }), once })).toBe('already-used');
        expect(await one.find(session.accessKeyId)).toBeUndefined();
        const { records } = await pair.one.audit.find({ sinceMs: Date.now() - 10_000 }, { limit: 1000 });
        expect(records.map((record) => record.event)).not.toContain(event);
      });

      it('lets exactly one of 50 claims on two nodes win', async () => {
        const once = { key: randomUUID(), expiresAtMs: Date.now() + HOUR_MS };
        const claims = await Promise.all(
          Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? one : two).claim(once)),
        );
        expect(claims.filter(Boolean)).toHaveLength(1);
      });

      it('forgets a mark when its proof has expired, not before', async () => {
        const key = `long ${'x'.repeat(50_000)} ${randomUUID()}`;
        const expiresAtMs = Date.now() + 300;
        expect(await one.claim({ key, expiresAtMs })).toBe(true);
        expect(await one.claim({ key, expiresAtMs })).toBe(false);
        await until(() => two.claim({ key, expiresAtMs: Date.now() + HOUR_MS }));
        expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs);
        expect(await one.claim({ key, expiresAtMs })).toBe(false);
      });
    });

    describe('lists', () => {
      const count = 230;
      const role = `arn:aws:iam::123456789012:role/${randomUUID()}`;
      const person = `${PROVIDER} ${randomUUID()}`;
      let issued: Session[];
      beforeAll(async () => {
        // Many share one moment of expiry, which is where paging by expiry could repeat or skip.
        const expiresAtMs = Date.now() + HOUR_MS;
        issued = Array.from({ length: count }, (_, at) =>
          sampleSession({
            issuerArn: role,
            person: `${person} ${at % 10}`,
            expiresAtMs: expiresAtMs + (at % 3),
          }),
        );
        await Promise.all(issued.map((session) => one.issue({ session, audit: sampleAudit() })));
      });

      it.each([1, 7, 100, 1000])('shows each session of a role once, in pages of %d', async (limit) => {
        const listed = await listAll(two, { by: 'role', value: role }, limit);
        expect(idsOf(listed)).toEqual(idsOf(issued));
      });

      it('shows those of a person, whole', async () => {
        const value = `${person} 3`;
        const listed = await listAll(two, { by: 'person', value }, 4);
        const expected = issued.filter((session) => session.person === value);
        expect(plainById(listed)).toEqual(plainById(expected));
      });

      it('shows those of a provider and all of them, others included', async () => {
        for (const query of [{ by: 'provider', value: PROVIDER }, { by: 'all' }] as const) {
          const listed = idsOf(await listAll(two, query, 50));
          expect(new Set(listed).size).toBe(listed.length);
          expect(listed).toEqual(expect.arrayContaining(idsOf(issued)));
        }
      });

      it('shows nothing for a value that nobody has, nor for the same text as another index', async () => {
        expect(await listAll(two, { by: 'role', value: 'nobody' })).toEqual([]);
        expect(await listAll(two, { by: 'person', value: role })).toEqual([]);
      });

      it('leaves out sessions that are revoked between two pages', async () => {
        const value = `arn:aws:iam::123456789012:role/${randomUUID()}`;
        const sessions = Array.from({ length: 12 }, () => sampleSession({ issuerArn: value }));
        for (const session of sessions) await one.issue({ session, audit: sampleAudit() });
        const first = await two.list({ by: 'role', value }, { limit: 5 });
        const shown = new Set(idsOf(first.sessions));
        const revoked = sessions.filter(({ accessKeyId }) => !shown.has(accessKeyId)).slice(0, 3);
        for (const { accessKeyId } of [...revoked, ...first.sessions]) await one.revoke(accessKeyId);
        const rest = await listAll(two, { by: 'role', value }, 2, first.cursor);
        expect(rest).toHaveLength(12 - 5 - 3);
      });

      it.each(['x', 's', 's1e3', 'W10', 'WyJhIl0', 'a1', '1'.repeat(5000), 's-1', ''])(
        'refuses the cursor %j that no list made',
        async (cursor) => {
          await expect(one.list({ by: 'all' }, { limit: 10, cursor })).rejects.toMatchObject({
            code: 'validation-failed',
          });
        },
      );

      it.each([0, -1, 1001, 1.5, NaN])('refuses a page of %d', async (limit) => {
        await expect(one.list({ by: 'all' }, { limit })).rejects.toMatchObject({ code: 'validation-failed' });
      });
    });

    describe('revocation', () => {
      it('ends one session on every node at once, and says so once', async () => {
        const session = sampleSession();
        await one.issue({ session, audit: sampleAudit() });
        expect(await two.revoke(session.accessKeyId)).toBe(true);
        expect(await one.find(session.accessKeyId)).toBeUndefined();
        expect(await one.revoke(session.accessKeyId)).toBe(false);
      });

      it('ends all sessions of a role and no other', async () => {
        const value = `arn:aws:iam::123456789012:role/${randomUUID()}`;
        const doomed = Array.from({ length: 70 }, () => sampleSession({ issuerArn: value }));
        const spared = sampleSession({ issuerArn: `${value}-2` });
        for (const session of [...doomed, spared]) await one.issue({ session, audit: sampleAudit() });
        expect(await two.revokeAll({ by: 'role', value })).toBe(70);
        expect(await two.revokeAll({ by: 'role', value })).toBe(0);
        expect(await listAll(one, { by: 'role', value })).toEqual([]);
        expect(await one.find(spared.accessKeyId)).toBeDefined();
        const everything = idsOf(await listAll(one, { by: 'all' }));
        expect(everything).not.toEqual(expect.arrayContaining(idsOf(doomed.slice(0, 1))));
      });
    });

    describe('sessions of roles and users that are gone', () => {
      it('end, and those of the others live on', async () => {
        const sessions = (await listAll(one, { by: 'all' })).map(({ issuerArn }) => issuerArn);
        const known = `arn:aws:iam::111122223333:role/known-${randomUUID()}`;
        const spared = sampleSession({ issuerArn: known });
        const doomed = Array.from({ length: 3 }, (_, at) =>
          sampleSession({ issuerArn: `arn:aws:iam::111122223333:role/gone-${at}-${randomUUID()}` }),
        );
        for (const session of [spared, ...doomed]) await one.issue({ session, audit: sampleAudit() });
        expect(await two.revokeOrphans([known, ...sessions])).toBe(3);
        expect(await one.find(spared.accessKeyId)).toBeDefined();
        for (const { accessKeyId } of doomed) expect(await one.find(accessKeyId)).toBeUndefined();
        expect(await two.revokeOrphans([known, ...sessions])).toBe(0);
      });
    });

    describe('attempts', () => {
      it('counts on all nodes together, each attempt once', async () => {
        const key = randomUUID();
        expect(await one.attempts(key)).toBe(0);
        const counts = await Promise.all(
          Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : two).countAttempt(key, HOUR_MS)),
        );
        expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
        expect(await two.attempts(key)).toBe(20);
        expect(await two.attempts(`${key} other`)).toBe(0);
      });

      it('forgets them a window after the first, however late the last one came', async () => {
        const key = randomUUID();
        const start = Date.now();
        await one.countAttempt(key, 400);
        await until(async () => (await one.countAttempt(key, 400)) === 1);
        expect(Date.now() - start).toBeGreaterThanOrEqual(399);
        expect(Date.now() - start).toBeLessThan(2000);
      });
    });

    it('sweeps what has expired, counts it once and leaves the living', async () => {
      await one.sweep(0);
      const value = `arn:aws:iam::123456789012:role/${randomUUID()}`;
      const expiresAtMs = Date.now() + 1000;
      const dying = Array.from({ length: 5 }, () => sampleSession({ issuerArn: value, expiresAtMs }));
      const living = sampleSession({ issuerArn: value });
      // The living one last: a store may tidy an index whenever it writes to it.
      for (const session of [...dying, living]) await one.issue({ session, audit: sampleAudit() });
      await until(() => Promise.resolve(Date.now() > expiresAtMs + 5));
      expect(await two.sweep(0)).toBe(5);
      expect(await one.sweep(0)).toBe(0);
      expect(idsOf(await listAll(one, { by: 'role', value }))).toEqual([living.accessKeyId]);
    });
  });
}

/** Access key id in the bucket of the mark, as the caller must choose it. */
function marked(key: string, role?: string): Session {
  const accessKeyId = sampleAccessKeyId(bucketOfKey(key));
  return sampleSession(role === undefined ? { accessKeyId } : { accessKeyId, issuerArn: role });
}

export async function listAll(
  store: SessionStore,
  query: SessionQuery,
  limit = 1000,
  from?: string,
): Promise<Session[]> {
  const sessions: Session[] = [];
  let cursor = from;
  do {
    const page = await store.list(query, cursor === undefined ? { limit } : { limit, cursor });
    expect(page.sessions.length).toBeLessThanOrEqual(limit);
    sessions.push(...page.sessions);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return sessions;
}

export function idsOf(sessions: readonly Session[]): string[] {
  return sessions.map(({ accessKeyId }) => accessKeyId).toSorted();
}

/** Bytes as hex, so that a Buffer equals the Uint8Array that it was made from. */
function plain(session: Session | undefined): unknown {
  if (session === undefined) return undefined;
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return { ...session, tokenHash: hex(session.tokenHash), sealedSecret: hex(session.sealedSecret) };
}

function plainById(sessions: readonly Session[]): Record<string, unknown> {
  return Object.fromEntries(sessions.map((session) => [session.accessKeyId, plain(session)]));
}
