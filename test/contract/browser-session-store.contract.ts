import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  BrowserSessionRecord,
  BrowserSessionStore,
} from '../../src/domain/session/browser-session-store.ts';
import { publicSubjectOfKey } from '../../src/domain/identity/person.ts';
import { until } from '../support/redis-server.ts';
import { sampleBrowserSession, samplePerson } from '../support/sample-browser-session.ts';
import { noSubjects } from './person-store.contract.ts';
import type { StorePair } from './session-store.contract.ts';

const HOUR_MS = 3_600_000;
const MOST = 200;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const ODD_PEOPLE = ['ключ 🔑', 'a\0b', "'; DROP TABLE people; --", '{A}', 'x'.repeat(20_000), ' ', '\r\n'];

/** What every store of browser sessions must do, whatever it is made of. */
export function describeBrowserSessionStore(open: () => Promise<StorePair>): void {
  describe('browser sessions', () => {
    let pair: StorePair;
    let one: BrowserSessionStore;
    let two: BrowserSessionStore;
    beforeAll(async () => {
      pair = await open();
      [one, two] = [pair.one.browserSessions, pair.two.browserSessions];
    });
    afterAll(() => pair.close());
    const created = async (given: Partial<BrowserSessionRecord> = {}): Promise<BrowserSessionRecord> => {
      const record = sampleBrowserSession(given);
      await one.create(record);
      return record;
    };
    /** By turns on both nodes. */
    const atOnce = <T>(count: number, call: (store: BrowserSessionStore, at: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, at) => call(at % 2 === 0 ? one : two, at)));

    describe('create and find', () => {
      it.each([['every byte', EVERY_BYTE] as const, ['nothing', new Uint8Array()] as const])(
        'give back on another node exactly what was created, with %s sealed',
        async (_name, sealed) => {
          const record = await created({ sealed });
          expect(plain(await two.find(record.id))).toEqual(plain(record));
        },
      );

      it.each(ODD_PEOPLE)('keep the person “%.20s” whole', async (subject) => {
        const record = await created({ person: `${samplePerson()} ${subject}` });
        expect((await two.find(record.id))?.person).toBe(record.person);
        expect(idsOf(await two.listOf(record.person))).toEqual([record.id]);
      });

      it('refuse to put a session in the place of a living one', async () => {
        const [first, rival] = [await created(), sampleBrowserSession()];
        const refused = two.create({ ...rival, id: first.id, person: first.person });
        await expect(refused).rejects.toMatchObject({ code: 'store-unavailable' });
        expect(plain(await one.find(first.id))).toEqual(plain(first));
      });

      it.each([
        ['unknown', sampleBrowserSession().id],
        ['empty', ''],
        ['of no bucket', `${randomBytes(32).toString('base64url')}1`],
        ['one that would break a hash tag', 'A}'],
        ['one with a NUL byte', 'A\0'],
        ['one of 100,000 characters', 'A'.repeat(100_000)],
      ])('have nothing where the id is %s', async (_name, id) => {
        const next = sampleBrowserSession();
        expect(await one.find(id)).toBeUndefined();
        expect(await one.touch(id, next)).toBe(false);
        expect(await one.update(id, EVERY_BYTE)).toBe(false);
        expect(await one.replace(id, next)).toBe(false);
        expect(await one.end(id)).toBe(false);
        expect(await one.find(id)).toBeUndefined();
        expect(await one.find(next.id)).toBeUndefined();
      });
    });

    describe('the end of a session', () => {
      it('comes when it expires and no later, to every call', async () => {
        const record = await created({ expiresAtMs: Date.now() + 300 });
        expect(await two.find(record.id)).toBeDefined();
        await until(async () => (await two.find(record.id)) === undefined);
        expect(Date.now()).toBeGreaterThanOrEqual(record.expiresAtMs);
        await expectGone(one, record);
        expect(await one.endAll(record.person)).toBe(0);
      });

      it.each(['end', 'endAll'] as const)('is the same for ever after %s, on every node', async (how) => {
        const record = await created();
        if (how === 'end') expect(await two.end(record.id)).toBe(true);
        else expect(await two.endAll(record.person)).toBe(1);
        await expectGone(one, record);
        await expectGone(two, record);
      });

      it('is not undone by any of the visits and changes that race with it', async () => {
        const records = await atOnce(20, () => created());
        const later = { lastSeenAtMs: Date.now(), expiresAtMs: Date.now() + 2 * HOUR_MS };
        await Promise.all(
          records.flatMap(({ id }) => [
            one.touch(id, later),
            two.update(id, EVERY_BYTE),
            two.touch(id, later),
            one.end(id),
            two.touch(id, later),
            one.update(id, EVERY_BYTE),
          ]),
        );
        for (const record of records) await expectGone(two, record);
      });

      it('is told to one of many who ask for it at once', async () => {
        const { id } = await created();
        expect((await atOnce(20, (store) => store.end(id))).filter(Boolean)).toHaveLength(1);
      });

      it('spares the session that is excepted, and other people', async () => {
        const person = samplePerson();
        const [kept, stranger] = [await created({ person }), await created()];
        const doomed = await atOnce(5, () => created({ person }));
        expect(await two.endAll(person, kept.id)).toBe(5);
        expect(await two.endAll(person, kept.id)).toBe(0);
        expect(idsOf(await one.listOf(person))).toEqual([kept.id]);
        for (const record of doomed) expect(await one.find(record.id)).toBeUndefined();
        expect(await one.endAll(person, stranger.id)).toBe(1);
        expect(await one.find(stranger.id)).toBeDefined();
        expect(await one.listOf(person)).toEqual([]);
      });

      it('is swept from the store, and nothing else is', async () => {
        const [short, long] = [await created({ expiresAtMs: Date.now() + 100 }), await created()];
        await until(() => Promise.resolve(Date.now() > short.expiresAtMs));
        expect(await pair.one.sessions.sweep(0)).toBe(0);
        expect(await two.find(short.id)).toBeUndefined();
        expect(plain(await two.find(long.id))).toEqual(plain(long));
      });
    });

    describe('touch and update', () => {
      it('move the times alone, and the content alone', async () => {
        const record = await created();
        const times = {
          lastSeenAtMs: record.lastSeenAtMs + 60_000,
          expiresAtMs: record.expiresAtMs + 60_000,
        };
        expect(await two.touch(record.id, times)).toBe(true);
        expect(plain(await one.find(record.id))).toEqual(plain({ ...record, ...times }));
        expect(await two.update(record.id, EVERY_BYTE)).toBe(true);
        expect(plain(await one.find(record.id))).toEqual(plain({ ...record, ...times, sealed: EVERY_BYTE }));
      });

      it('let a session live beyond its first end, in the list, too', async () => {
        const record = await created({ expiresAtMs: Date.now() + 300 });
        await one.touch(record.id, { lastSeenAtMs: Date.now(), expiresAtMs: Date.now() + HOUR_MS });
        await until(() => Promise.resolve(Date.now() > record.expiresAtMs + 50));
        expect(await two.find(record.id)).toBeDefined();
        expect(idsOf(await two.listOf(record.person))).toEqual([record.id]);
        expect(await two.endAll(record.person)).toBe(1);
      });

      it('may bring the end nearer', async () => {
        const record = await created();
        await one.touch(record.id, { lastSeenAtMs: Date.now(), expiresAtMs: Date.now() + 100 });
        await until(async () => (await two.find(record.id)) === undefined);
        await expectGone(two, record);
      });
    });

    describe('replace', () => {
      it('ends the one and begins the other', async () => {
        const old = await created();
        const next = sampleBrowserSession({ person: old.person, sealed: EVERY_BYTE });
        expect(await two.replace(old.id, next)).toBe(true);
        expect(plain(await one.find(next.id))).toEqual(plain(next));
        await expectGone(one, old, [next.id]);
      });

      it('lets one of many win, and leaves nothing of the others', async () => {
        const old = await created();
        const rivals = Array.from({ length: 20 }, () => sampleBrowserSession({ person: old.person }));
        const outcomes = await atOnce(20, (store, at) => store.replace(old.id, rivals[at] ?? old));
        expect(outcomes.filter(Boolean)).toHaveLength(1);
        expect(idsOf(await one.listOf(old.person))).toEqual([rivals[outcomes.indexOf(true)]?.id]);
      });

      it('writes nothing where the session has ended', async () => {
        const old = await created();
        const next = sampleBrowserSession({ person: old.person });
        await two.end(old.id);
        expect(await one.replace(old.id, next)).toBe(false);
        expect(await one.find(next.id)).toBeUndefined();
        expect(await one.listOf(old.person)).toEqual([]);
      });

      it('takes no session from another person, not even of the same bucket', async () => {
        const old = await created();
        for (let bucket = '', tries = 0; bucket !== old.id.slice(-1) && tries < 1000; tries += 1) {
          const next = sampleBrowserSession();
          bucket = next.id.slice(-1);
          expect(await two.replace(old.id, next)).toBe(false);
          expect(await one.find(next.id)).toBeUndefined();
        }
        expect(plain(await one.find(old.id))).toEqual(plain(old));
      });

      it('keeps what it was to replace when the new id is taken', async () => {
        const old = await created();
        const other = await created({ person: old.person });
        const refused = two.replace(old.id, sampleBrowserSession({ person: old.person, id: other.id }));
        await expect(refused).rejects.toMatchObject({ code: 'store-unavailable' });
        expect(plain(await one.find(old.id))).toEqual(plain(old));
        expect(plain(await one.find(other.id))).toEqual(plain(other));
      });

      it('leaves no session behind when all of the person’s end at the same moment', async () => {
        const people = Array.from({ length: 20 }, samplePerson);
        await Promise.all(
          people.map(async (person) => {
            const { id } = await created({ person });
            const replaced = one.replace(id, sampleBrowserSession({ person }));
            expect(await two.endAll(person)).toBe(1);
            await replaced;
          }),
        );
        for (const person of people) expect(await one.listOf(person)).toEqual([]);
      });
    });

    describe('the sessions of a person', () => {
      it('are listed whole, the living ones alone', async () => {
        const person = samplePerson();
        const living = await atOnce(7, () => created({ person, sealed: EVERY_BYTE }));
        const [ended, short] = [
          await created({ person }),
          await created({ person, expiresAtMs: Date.now() + 100 }),
        ];
        await one.end(ended.id);
        await until(() => Promise.resolve(Date.now() > short.expiresAtMs));
        expect(byId(await two.listOf(person))).toEqual(byId(living));
      });

      it.each(ODD_PEOPLE)('are listed by the subject in tokens of ours, too: “%.20s”', async (subject) => {
        const person = `${samplePerson()} ${subject}`;
        const records = await atOnce(3, () => created({ person }));
        const ended = await created({ person });
        await one.end(ended.id);
        await created();
        expect(byId(await two.listOfSubject(publicSubjectOfKey(person)))).toEqual(byId(records));
        await two.endAll(person);
        expect(await one.listOfSubject(publicSubjectOfKey(person))).toEqual([]);
      });

      it('are none for a subject that is nobody’s, or none at all', async () => {
        const { person } = await created();
        for (const subject of [publicSubjectOfKey(samplePerson()), ...noSubjects(person)])
          expect(await one.listOfSubject(subject), subject.slice(0, 40)).toEqual([]);
      });

      it('are none for somebody who has none, nor for part of a name', async () => {
        const { person } = await created();
        expect(await one.listOf(samplePerson())).toEqual([]);
        expect(await one.listOf(person.slice(0, -1))).toEqual([]);
        expect(await one.endAll(person.slice(0, -1))).toBe(0);
        expect(await one.listOf('')).toEqual([]);
      });

      it(`are ${MOST} at most: the one that was seen longest ago goes first`, async () => {
        const person = samplePerson();
        const now = Date.now();
        const records = Array.from({ length: MOST }, (_, at) =>
          sampleBrowserSession({ person, lastSeenAtMs: now + at }),
        );
        for (const record of records) await one.create(record);
        // The first is seen again, so the second and third are the oldest.
        const [first, second, third] = records;
        await one.touch(first?.id ?? '', { lastSeenAtMs: now + MOST, expiresAtMs: now + HOUR_MS });
        const more = await atOnce(2, () => created({ person, lastSeenAtMs: now + MOST + 1 }));
        const ids = idsOf(await two.listOf(person));
        expect(ids).toHaveLength(MOST);
        expect(ids).toEqual(expect.arrayContaining([first?.id, ...more.map(({ id }) => id)]));
        for (const gone of [second, third]) expect(await two.find(gone?.id ?? '')).toBeUndefined();
      });

      it('lose none to others who replace theirs, nor to expired ones, at the bound', async () => {
        const person = samplePerson();
        const now = Date.now();
        const dying = Array.from({ length: 50 }, () =>
          sampleBrowserSession({ person, expiresAtMs: now + 500 }),
        );
        const lasting = Array.from({ length: MOST - 50 }, () =>
          sampleBrowserSession({ person, lastSeenAtMs: now - HOUR_MS }),
        );
        for (const record of [...dying, ...lasting]) await one.create(record);
        await until(() => Promise.resolve(Date.now() > now + 510));
        const last = await created({ person });
        await two.replace(last.id, sampleBrowserSession({ person }));
        const ids = idsOf(await two.listOf(person));
        expect(ids).toEqual(expect.arrayContaining(idsOf(lasting)));
        expect(ids).toHaveLength(lasting.length + 1);
      });

      it(`are ${MOST} at most when many begin at once`, async () => {
        const person = samplePerson();
        await atOnce(MOST + 40, (store) => store.create(sampleBrowserSession({ person })));
        expect(await one.listOf(person)).toHaveLength(MOST);
        expect(await two.endAll(person)).toBe(MOST);
      });
    });
  });
}

async function expectGone(
  store: BrowserSessionStore,
  { id, person }: BrowserSessionRecord,
  others: readonly string[] = [],
): Promise<void> {
  const later = { lastSeenAtMs: Date.now(), expiresAtMs: Date.now() + HOUR_MS };
  expect(await store.touch(id, later)).toBe(false);
  expect(await store.update(id, EVERY_BYTE)).toBe(false);
  expect(await store.replace(id, sampleBrowserSession({ person }))).toBe(false);
  expect(await store.end(id)).toBe(false);
  expect(await store.find(id)).toBeUndefined();
  expect(idsOf(await store.listOf(person))).toEqual(others);
}

/** Bytes as hex, so that a Buffer equals the Uint8Array that it was made from. */
function plain(record: BrowserSessionRecord | undefined): unknown {
  return record && { ...record, sealed: Buffer.from(record.sealed).toString('hex') };
}

function byId(records: readonly BrowserSessionRecord[]): Record<string, unknown> {
  return Object.fromEntries(records.map((record) => [record.id, plain(record)]));
}

function idsOf(records: readonly BrowserSessionRecord[]): string[] {
  return records.map(({ id }) => id).toSorted();
}
