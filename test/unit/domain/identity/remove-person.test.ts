import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { createPeople } from '../../../../src/domain/identity/people.ts';
import { personKeyOf } from '../../../../src/domain/identity/person.ts';
import { removePerson, type RemovePersonDeps } from '../../../../src/domain/identity/remove-person.ts';
import { createRandom } from '../../../../src/keys/random.ts';
import { createSqliteStore } from '../../../../src/stores/sqlite/sqlite-store.ts';
import { sampleBrowserSession } from '../../../support/sample-browser-session.ts';
import { sampleAudit, sampleSession } from '../../../support/sample-session.ts';
import { makeFacts } from '../../../support/sign-in.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const LATER = NOW + 3_600_000;
const ALICE = { providerArn: 'arn:aws:iam::123456789012:saml-provider/corp', subject: 'alice' };
const KEY = personKeyOf(ALICE);
const asked = { person: ALICE, by: 'carol', facts: makeFacts(NOW) };

/** Somebody who is signed in with two browsers and has opened a role with each. */
async function setUp() {
  const store = createSqliteStore({ path: ':memory:', now: () => NOW });
  const people = createPeople({
    store: store.people,
    seal: (plaintext) => Buffer.from(plaintext),
    openSecret: (sealed) => Buffer.from(sealed).toString(),
  });
  const { audit, browserSessions, sessions } = store;
  const deps = { people, audit, browserSessions, sessions, random: createRandom() };
  await store.people.replace(KEY, { sealed: Buffer.from('what no key opens'), expected: 0 });
  const times = { lastSeenAtMs: NOW, expiresAtMs: LATER };
  const begin = async () => {
    await browserSessions.create(sampleBrowserSession({ person: KEY, ...times }));
    const session = sampleSession({ person: KEY, expiresAtMs: LATER });
    await sessions.issue({ session, audit: sampleAudit() });
  };
  await begin();
  await begin();
  const left = async () => ({
    record: await people.isKnown(ALICE),
    browserSessions: (await browserSessions.listOf(KEY)).length,
    roleSessions: (await sessions.list({ by: 'person', value: KEY }, { limit: 10 })).sessions.length,
  });
  const events = async () => {
    const { records } = await audit.find({}, { limit: 100 });
    return records.filter(({ event }) => event.includes('RemovePerson'));
  };
  return { deps, left, events, begin };
}

type RevokeQuery = Parameters<RemovePersonDeps['sessions']['revokeAll']>[0];

const NOTHING = { record: false, browserSessions: 0, roleSessions: 0 };
const down = () => Promise.reject(new FederationError('store-unavailable', 'down'));

describe('removing a person', () => {
  it('ends all sessions, forgets the record, also one that no key opens, and records it once', async () => {
    const { deps, left, events } = await setUp();
    expect(await removePerson(asked, deps)).toEqual({ browserSessions: 2, roleSessions: 2 });
    expect(await left()).toEqual(NOTHING);
    expect(await events()).toHaveLength(1);
  });

  it('leaves the trail alone for somebody who is not here', async () => {
    const { deps, events, left } = await setUp();
    const nobody = { ...asked, person: { ...ALICE, subject: 'Alice' } };
    expect(await removePerson(nobody, deps)).toBeUndefined();
    expect(await events()).toEqual([]);
    expect(await left()).toEqual({ record: true, browserSessions: 2, roleSessions: 2 });
  });

  it('does nothing that it could not record', async () => {
    const { deps, left } = await setUp();
    await expect(removePerson(asked, { ...deps, audit: { record: down } })).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    expect(await left()).toEqual({ record: true, browserSessions: 2, roleSessions: 2 });
  });

  it('ends what began while it was at it', async () => {
    const { deps, left, begin } = await setUp();
    const remove: RemovePersonDeps['people']['remove'] = async (id) => {
      await begin();
      return deps.people.remove(id);
    };
    const people = { ...deps.people, remove };
    expect(await removePerson(asked, { ...deps, people })).toEqual({ browserSessions: 3, roleSessions: 3 });
    expect(await left()).toEqual(NOTHING);
  });

  it.each([1, 2, 3, 4, 5])('can be repeated after the store failed at step %d', async (failing) => {
    const { deps, left, begin } = await setUp();
    let step = 0;
    const failingAt = <A extends unknown[], T>(run: (...args: A) => Promise<T>) => {
      return async (...args: A): Promise<T> => {
        step += 1;
        if (step === failing) return down();
        return run(...args);
      };
    };
    const remove = async (id: typeof ALICE): Promise<boolean> => {
      await begin();
      return deps.people.remove(id);
    };
    const broken = {
      ...deps,
      people: { ...deps.people, remove: failingAt(remove) },
      browserSessions: {
        ...deps.browserSessions,
        endAll: failingAt((person: string) => deps.browserSessions.endAll(person)),
      },
      sessions: {
        ...deps.sessions,
        revokeAll: failingAt((query: RevokeQuery) => deps.sessions.revokeAll(query)),
      },
    };
    await expect(removePerson(asked, broken)).rejects.toMatchObject({ code: 'store-unavailable' });
    await removePerson(asked, deps);
    expect(await left()).toEqual(NOTHING);
  });
});
