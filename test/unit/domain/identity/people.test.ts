import { describe, expect, it } from 'vitest';
import { resealPeople } from '../../../../src/domain/identity/reseal-people.ts';
import { createPeople } from '../../../../src/domain/identity/people.ts';
import { personKeyOf, publicSubjectOf, type Person } from '../../../../src/domain/identity/person.ts';
import type { PersonStore } from '../../../../src/domain/identity/person-store.ts';
import { parseMasterKeyRing } from '../../../../src/keys/master-key.ts';
import { createSealer } from '../../../../src/keys/seal.ts';
import { createSqliteStore } from '../../../../src/stores/sqlite/sqlite-store.ts';

const ALICE = { providerArn: 'arn:aws:iam::123456789012:saml-provider/corp', subject: 'alice' };
const person: Person = {
  ...ALICE,
  profile: { email: 'alice@acme.example' },
  firstSignInAtMs: 1,
  lastSignInAtMs: 2,
  factors: [
    { kind: 'totp', id: 'f1', name: 'Phone', addedAtMs: 1, secret: 'JBSWY3DPEHPK3PXP' },
    {
      kind: 'passkey',
      id: 'f2',
      name: 'Key',
      addedAtMs: 1,
      lastUsedAtMs: 2,
      credentialId: 'Y3JlZA',
      publicKey: 'a2V5',
      counter: 7,
      transports: ['usb'],
    },
  ],
  recoveryCodes: [{ hash: 'ab'.repeat(32) }, { hash: 'cd'.repeat(32), usedAtMs: 3 }],
  favourites: ['arn:aws:iam::123456789012:role/deploy'],
  recents: [],
};

const OLD_KEY = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const NEW_KEY = `k2:${Buffer.alloc(32, 2).toString('base64')}`;

function setUp(store = createSqliteStore({ path: ':memory:', now: Date.now }).people, ring = OLD_KEY) {
  const sealer = createSealer(parseMasterKeyRing(ring));
  const open = (sealed: Uint8Array, context: string) => sealer.open(sealed, context).toString();
  const on = (port: PersonStore) => createPeople({ store: port, seal: sealer.seal, openSecret: open });
  const deps = { ...sealer, store, openSecret: open };
  return { store, people: on(store), on, deps };
}

describe('people', () => {
  it('are found as they were written, and only under their own provider and subject', async () => {
    const { people } = setUp();
    await people.update(ALICE, () => person);
    expect(await people.find(ALICE)).toEqual(person);
    expect(await people.find({ ...ALICE, subject: 'Alice' })).toBeUndefined();
    expect(await people.find({ ...ALICE, providerArn: `${ALICE.providerArn}2` })).toBeUndefined();
  });

  it('are found by the subject that tokens of ours name them by, and by no other', async () => {
    const { people } = setUp();
    await people.update(ALICE, () => person);
    const sub = publicSubjectOf(ALICE);
    expect(await people.findBySubject(sub)).toEqual(person);
    const other = publicSubjectOf({ ...ALICE, subject: 'bob' });
    const elsewhere = sub.slice(0, -1) + (sub.endsWith('A') ? 'B' : 'A');
    const odd = ['', '{}', '\0', sub.slice(0, -1), `${sub}A`, `${sub}\n`, 'A'.repeat(100_000)];
    for (const subject of [other, elsewhere, ...odd])
      expect(await people.findBySubject(subject), subject.slice(0, 40)).toBeUndefined();
  });

  it('are unreadable in the store: no secret, no e-mail address', async () => {
    const { people, store } = setUp();
    await people.update(ALICE, () => person);
    const sealed = Buffer.from((await store.read(personKeyOf(ALICE)))?.sealed ?? []);
    expect(sealed.length).toBeGreaterThan(0);
    for (const text of ['JBSWY3DPEHPK3PXP', 'alice@acme.example', 'ab'.repeat(32)])
      expect(sealed.includes(text)).toBe(false);
  });

  it('lose no change when many change them at once', async () => {
    const { people } = setUp();
    await people.update(ALICE, () => person);
    const roles = Array.from({ length: 5 }, (_, index) => `arn:aws:iam::123456789012:role/r${index}`);
    const mark = (role: string) =>
      people.update(ALICE, (now) => ({ ...person, ...now, favourites: [...(now?.favourites ?? []), role] }));
    await Promise.all(roles.map(mark));
    expect((await people.find(ALICE))?.favourites).toHaveLength(roles.length + 1);
  });

  it('stay as they are when a change throws', async () => {
    const { people } = setUp();
    await people.update(ALICE, () => person);
    const refuse = () => {
      throw new Error('not the last factor');
    };
    await expect(people.update(ALICE, refuse)).rejects.toThrow('not the last factor');
    expect(await people.find(ALICE)).toEqual(person);
  });

  it('give up, and say so, where somebody else is always quicker', async () => {
    const { store, on } = setUp();
    const busy: PersonStore = { ...store, replace: () => Promise.resolve(false) };
    await expect(on(busy).update(ALICE, () => person)).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('refuse a record that was copied from somebody else', async () => {
    const { people, store } = setUp();
    await people.update(ALICE, () => person);
    const stolen = await store.read(personKeyOf(ALICE));
    const mallory = { ...ALICE, subject: 'mallory' };
    await store.replace(personKeyOf(mallory), { sealed: stolen?.sealed ?? new Uint8Array(), expected: 0 });
    await expect(people.find(mallory)).rejects.toThrow('belongs elsewhere');
  });

  it('are forgotten, factors and all, once they are removed; who comes again is somebody new', async () => {
    const { people } = setUp();
    await people.update(ALICE, () => person);
    const bob = { ...ALICE, subject: 'bob' };
    await people.update(bob, () => ({ ...person, ...bob }));
    expect(await people.remove(ALICE)).toBe(true);
    expect(await people.find(ALICE)).toBeUndefined();
    expect(await people.findBySubject(publicSubjectOf(ALICE))).toBeUndefined();
    expect(await people.remove(ALICE)).toBe(false);
    expect((await people.list({ limit: 10 })).people.map(({ subject }) => subject)).toEqual(['bob']);
    await people.update(ALICE, (now) => {
      expect(now).toBeUndefined();
      return { ...person, factors: [] };
    });
    expect((await people.find(ALICE))?.factors).toEqual([]);
  });

  it('are known and can be removed when no key opens them any more', async () => {
    const { people, store } = setUp();
    await people.update(ALICE, () => person);
    const { people: after } = setUp(store, NEW_KEY);
    await expect(after.find(ALICE)).rejects.toThrow('names no key');
    expect(await after.findBySubject(publicSubjectOf(ALICE))).toBeUndefined();
    expect(await after.isKnown(ALICE)).toBe(true);
    expect(await after.remove(ALICE)).toBe(true);
    expect(await after.isKnown(ALICE)).toBe(false);
  });

  it('open without the old master key once they were sealed anew', async () => {
    const { people, store } = setUp();
    await people.update(ALICE, () => person);
    const bob = { ...ALICE, subject: 'bob' };
    await people.update(bob, () => ({ ...person, ...bob }));
    const rotating = setUp(store, `${NEW_KEY}\n${OLD_KEY}`);
    expect(await resealPeople(rotating.deps)).toBe(2);
    expect(await resealPeople(rotating.deps), 'a second time there is nothing to do').toBe(0);
    const { people: after } = setUp(store, NEW_KEY);
    expect(await after.find(ALICE)).toEqual(person);
    expect((await after.find(bob))?.subject).toBe('bob');
  });
});
