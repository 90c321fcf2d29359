import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PersonRecord, PersonStore } from '../../src/domain/identity/person-store.ts';
import { publicSubjectOfKey } from '../../src/domain/identity/person.ts';
import { samplePerson } from '../support/sample-browser-session.ts';
import type { StorePair } from './session-store.contract.ts';

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const ODD_PEOPLE = ['ключ 🔑', 'a\0b', "'; DROP TABLE people; --", '{A}', 'x'.repeat(20_000), ' ', '\r\n'];

/** What every store of people must do, whatever it is made of. */
export function describePersonStore(open: () => Promise<StorePair>): void {
  describe('people', () => {
    let pair: StorePair;
    let one: PersonStore;
    let two: PersonStore;
    beforeAll(async () => {
      pair = await open();
      [one, two] = [pair.one.people, pair.two.people];
    });
    afterAll(() => pair.close());

    it('are none under a name that nobody has', async () => {
      for (const name of [samplePerson(), '', '}', '\0', 'A'.repeat(100_000)])
        expect(await one.read(name), name.slice(0, 20)).toBeUndefined();
    });

    it.each(ODD_PEOPLE)(
      'are given back on another node, byte by byte and by name: “%.20s”',
      async (subject) => {
        const person = `${samplePerson()} ${subject}`;
        expect(await one.replace(person, { sealed: EVERY_BYTE, expected: 0 })).toBe(true);
        expect(plain(await two.read(person))).toEqual(plain({ person, revision: 1, sealed: EVERY_BYTE }));
        const listed = (await listAll(two)).filter((record) => record.person === person);
        expect(listed.map(plain)).toEqual([plain({ person, revision: 1, sealed: EVERY_BYTE })]);
        expect(await two.read(person.slice(0, -1))).toBeUndefined();
      },
    );

    it.each([0, 1])('are changed by one of many who read revision %d', async (expected) => {
      const person = samplePerson();
      if (expected === 1) await one.replace(person, { sealed: EVERY_BYTE, expected: 0 });
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          (at % 2 === 0 ? one : two).replace(person, { sealed: Buffer.from([at]), expected }),
        ),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      const sealed = Buffer.from([outcomes.indexOf(true)]);
      expect(plain(await two.read(person))).toEqual(plain({ person, revision: expected + 1, sealed }));
    });

    it.each([0, 1, 3, -1])('are not changed by who read revision %d instead of 2', async (expected) => {
      const person = samplePerson();
      await one.replace(person, { sealed: Buffer.from('a'), expected: 0 });
      await two.replace(person, { sealed: EVERY_BYTE, expected: 1 });
      expect(await one.replace(person, { sealed: Buffer.from('c'), expected })).toBe(false);
      expect(plain(await one.read(person))).toEqual(plain({ person, revision: 2, sealed: EVERY_BYTE }));
    });

    it('do not come into being by a change of who is not there', async () => {
      const person = samplePerson();
      expect(await one.replace(person, { sealed: EVERY_BYTE, expected: 1 })).toBe(false);
      expect(await one.read(person)).toBeUndefined();
      expect((await listAll(one)).map((record) => record.person)).not.toContain(person);
    });

    it('survive a sweep, and the end of all their sessions', async () => {
      const person = samplePerson();
      await one.replace(person, { sealed: EVERY_BYTE, expected: 0 });
      await pair.two.sessions.sweep(Date.now());
      await pair.two.browserSessions.endAll(person);
      expect(await two.read(person)).toBeDefined();
    });

    it.each(ODD_PEOPLE)('are found by the subject in tokens of ours: “%.20s”', async (subject) => {
      const person = `${samplePerson()} ${subject}`;
      await one.replace(person, { sealed: EVERY_BYTE, expected: 0 });
      const found = await two.readBySubject(publicSubjectOfKey(person));
      expect(plain(found)).toEqual(plain({ person, revision: 1, sealed: EVERY_BYTE }));
    });

    it('are none for a subject that is nobody’s, or none at all', async () => {
      const person = samplePerson();
      await one.replace(person, { sealed: EVERY_BYTE, expected: 0 });
      for (const subject of [publicSubjectOfKey(samplePerson()), ...noSubjects(person)])
        expect(await one.readBySubject(subject), subject.slice(0, 40)).toBeUndefined();
    });

    describe('are removed', () => {
      it('whole, on every node, and nobody else is', async () => {
        const [person, other] = [samplePerson(), samplePerson()];
        for (const name of [person, other]) await one.replace(name, { sealed: EVERY_BYTE, expected: 0 });
        expect(await two.remove(person)).toBe(true);
        expect(await one.read(person)).toBeUndefined();
        expect(await one.readBySubject(publicSubjectOfKey(person))).toBeUndefined();
        const listed = (await listAll(one)).map((record) => record.person);
        expect(listed).not.toContain(person);
        expect(listed).toContain(other);
        expect(await one.remove(person)).toBe(false);
      });

      it('once, of many who ask for it at the same moment', async () => {
        const person = samplePerson();
        await one.replace(person, { sealed: EVERY_BYTE, expected: 0 });
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : two).remove(person)),
        );
        expect(outcomes.filter(Boolean)).toHaveLength(1);
      });

      it('and do not come back by a change of who read them before', async () => {
        const person = samplePerson();
        await one.replace(person, { sealed: EVERY_BYTE, expected: 0 });
        await two.remove(person);
        expect(await one.replace(person, { sealed: EVERY_BYTE, expected: 1 })).toBe(false);
        expect(await one.read(person)).toBeUndefined();
        expect((await listAll(one)).map((record) => record.person)).not.toContain(person);
      });

      it('and may come again as somebody new', async () => {
        const person = samplePerson();
        await one.replace(person, { sealed: EVERY_BYTE, expected: 0 });
        await one.replace(person, { sealed: EVERY_BYTE, expected: 1 });
        await two.remove(person);
        expect(await one.replace(person, { sealed: Buffer.from('new'), expected: 0 })).toBe(true);
        expect(plain(await two.read(person))).toEqual(
          plain({ person, revision: 1, sealed: Buffer.from('new') }),
        );
      });

      it('also between two pages of a list, which shows the others', async () => {
        const names = Array.from({ length: 30 }, samplePerson);
        for (const name of names) await one.replace(name, { sealed: EVERY_BYTE, expected: 0 });
        const first = await two.list({ limit: 10 });
        const gone = names.filter((_, at) => at % 2 === 0);
        for (const name of gone) await one.remove(name);
        const rest = (await listAll(two, 7, first.cursor)).map(({ person }) => person);
        const shown = [...first.people.map(({ person }) => person), ...rest];
        expect(shown).toEqual(expect.arrayContaining(names.filter((name) => !gone.includes(name))));
        for (const name of gone) expect(rest).not.toContain(name);
      });

      it.each(['', '}', '\0', 'A'.repeat(100_000)])(
        'and were never there under the name “%.20s”',
        async (name) => {
          expect(await one.remove(name)).toBe(false);
        },
      );
    });

    describe('lists', () => {
      const mark = randomUUID();
      const names = Array.from({ length: 130 }, (_, at) => `${mark} ${at}`);
      beforeAll(async () => {
        await Promise.all(names.map((name) => one.replace(name, { sealed: EVERY_BYTE, expected: 0 })));
      });

      it.each([1, 7, 100, 1000])('show each person once, in pages of %d', async (limit) => {
        const listed = (await listAll(two, limit)).map(({ person }) => person);
        expect(new Set(listed).size).toBe(listed.length);
        expect(listed).toEqual(expect.arrayContaining(names));
      });

      it('end without a cursor where a page takes the last ones', async () => {
        const everybody = await listAll(one);
        const page = await two.list({ limit: everybody.length });
        expect(page.people).toHaveLength(everybody.length);
        expect(page.cursor).toBeUndefined();
        expect((await two.list({ limit: everybody.length - 1 })).cursor).toBeDefined();
      });

      it('show all who were there from the start when others come between two pages', async () => {
        const before = (await listAll(one)).map(({ person }) => person);
        const first = await two.list({ limit: 40 });
        const newcomers = Array.from({ length: 30 }, samplePerson);
        for (const name of newcomers) await one.replace(name, { sealed: EVERY_BYTE, expected: 0 });
        const rest = await listAll(two, 9, first.cursor);
        const shown = [...first.people, ...rest].map(({ person }) => person);
        expect(new Set(shown).size).toBe(shown.length);
        expect(shown).toEqual(expect.arrayContaining(before));
      });

      it.each([
        'x',
        'p',
        'p1e3',
        'pA',
        's1',
        `p1${'a'.repeat(28)}`,
        `pA${'}'.repeat(28)}`,
        'p'.repeat(5000),
        'p-1',
        '',
      ])('refuse the cursor “%.40s” that none of them made', async (cursor) => {
        await expect(one.list({ limit: 10, cursor })).rejects.toMatchObject({ code: 'validation-failed' });
      });

      it.each([0, -1, 1001, 1.5, NaN])('refuse a page of %d', async (limit) => {
        await expect(one.list({ limit })).rejects.toMatchObject({ code: 'validation-failed' });
      });
    });
  });
}

/** What looks like the subject of a person, and is not, nor anybody’s. */
export function noSubjects(person: string): readonly string[] {
  const sub = publicSubjectOfKey(person);
  const [digest, bucket] = [sub.slice(0, -1), sub.slice(-1)];
  const elsewhere = [bucket === 'A' ? 'B' : 'A', '1', '}', 'a', '', `${bucket}${bucket}`, `${bucket}\n`];
  const braces = `${'{'.repeat(28)}A`;
  return [...elsewhere.map((end) => digest + end), person, braces, '', '{}', '\0', 'A'.repeat(100_000)];
}

async function listAll(store: PersonStore, limit = 1000, from?: string): Promise<PersonRecord[]> {
  const people: PersonRecord[] = [];
  let cursor = from;
  do {
    const page = await store.list(cursor === undefined ? { limit } : { limit, cursor });
    expect(page.people.length).toBeLessThanOrEqual(limit);
    people.push(...page.people);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return people;
}

/** Bytes as hex, so that a Buffer equals the Uint8Array that it was made from. */
function plain(record: PersonRecord | undefined): unknown {
  return record && { ...record, sealed: Buffer.from(record.sealed).toString('hex') };
}
