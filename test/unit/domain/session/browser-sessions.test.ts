import { describe, expect, it } from 'vitest';
import {
  createBrowserSessions,
  type BrowserSessionsDeps,
} from '../../../../src/domain/session/browser-sessions.ts';
import { personKeyOf, publicSubjectOf } from '../../../../src/domain/identity/person.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import { bucketOfKey } from '../../../../src/domain/session/bucket.ts';
import { createRandom } from '../../../../src/keys/random.ts';
import { createSealer } from '../../../../src/keys/seal.ts';
import { createSqliteStore } from '../../../../src/stores/sqlite/sqlite-store.ts';
import { parseMasterKeyRing } from '../../../../src/keys/master-key.ts';
import { makeFacts, makeSignIn } from '../../../support/sign-in.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function setUp(changes: Partial<BrowserSessionsDeps> = {}) {
  const clock = { now: NOW };
  const store = createSqliteStore({ path: ':memory:', now: () => clock.now }).browserSessions;
  const sealer = createSealer(parseMasterKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`));
  const sessions = createBrowserSessions({
    store,
    seal: sealer.seal,
    openSecret: (sealed, context) => sealer.open(sealed, context).toString(),
    random: createRandom(),
    idleMs: HOUR,
    absoluteMs: 12 * HOUR,
    ...changes,
  });
  return { sessions, store, clock, sealer };
}

describe('the sessions of people in browsers', () => {
  it('gives a session back to whoever has its cookie, with everything that was proved', async () => {
    const { sessions } = setUp();
    const signIn = makeSignIn({ tags: { team: 'platform' } });
    const { session, secret } = await sessions.start(signIn, makeFacts(NOW));
    expect(await sessions.find(secret, NOW + 1)).toEqual(session);
    expect(session.signIn).toEqual(signIn);
  });

  it('keeps a SAML sign-in whole: attributes and name id are still there', async () => {
    const { sessions } = setUp();
    const signIn = makeSignIn({ kind: 'saml' });
    const { secret } = await sessions.start(signIn, makeFacts(NOW));
    expect((await sessions.find(secret, NOW))?.signIn).toEqual(signIn);
  });

  it('makes the id of the cookie, and nobody can make the cookie of the id', async () => {
    const { sessions, store } = setUp();
    const { session, secret } = await sessions.start(makeSignIn(), makeFacts(NOW));
    expect(session.id).not.toContain(secret.slice(0, 20));
    expect(session.id.at(-1)).toBe(bucketOfKey(personKeyOf(session.signIn.identity)));
    expect(await sessions.find(session.id, NOW)).toBeUndefined();
    const [record] = await store.listOf(personKeyOf(session.signIn.identity));
    expect(Buffer.from(record?.sealed ?? []).includes(secret), 'the cookie is nowhere in the store').toBe(
      false,
    );
    expect(Buffer.from(record?.sealed ?? []).includes('alice'), 'the store holds nothing readable').toBe(
      false,
    );
  });

  it.each([
    '',
    'x',
    'a'.repeat(44),
    `${'a'.repeat(43)}a`,
    `${'a'.repeat(43)}A `,
    'a'.repeat(100_000),
    '../../etc',
  ])('finds nothing for a cookie that we never made: %#', async (secret) => {
    expect(await setUp().sessions.find(secret, NOW)).toBeUndefined();
  });

  it('ends after the idle time, and lives on while it is used', async () => {
    const { sessions, clock } = setUp();
    const { secret } = await sessions.start(makeSignIn(), makeFacts(NOW));
    for (let visits = 1; visits <= 5; visits++) {
      clock.now += 50 * MINUTE;
      expect((await sessions.find(secret, clock.now))?.lastSeenAtMs).toBe(clock.now);
    }
    clock.now += HOUR;
    expect(await sessions.find(secret, clock.now)).toBeUndefined();
  });

  it('ends after the absolute time, however much it is used', async () => {
    const { sessions, clock } = setUp({ absoluteMs: 2 * HOUR });
    const { secret } = await sessions.start(makeSignIn(), makeFacts(NOW));
    while (clock.now < NOW + 2 * HOUR - MINUTE) {
      clock.now += 10 * MINUTE;
      await sessions.find(secret, clock.now);
    }
    clock.now = NOW + 2 * HOUR;
    expect(await sessions.find(secret, clock.now)).toBeUndefined();
  });

  it('ends when the provider said so (SAML Core 2.7.2, SessionNotOnOrAfter)', async () => {
    const { sessions, clock } = setUp();
    const { secret, session } = await sessions.start(
      { ...makeSignIn(), notOnOrAfterMs: NOW + 5 * MINUTE },
      makeFacts(NOW),
    );
    expect(session.endsAtMs).toBe(NOW + 5 * MINUTE);
    clock.now = NOW + 5 * MINUTE;
    expect(await sessions.find(secret, clock.now)).toBeUndefined();
  });

  it('writes nothing for visits that follow one another closely', async () => {
    const { sessions, store } = setUp();
    const { session, secret } = await sessions.start(makeSignIn(), makeFacts(NOW));
    await sessions.find(secret, NOW + 29_000);
    expect((await store.find(session.id))?.lastSeenAtMs).toBe(NOW);
  });

  it('changes the cookie with a second factor; the old one opens nothing', async () => {
    const { sessions } = setUp();
    const first = await sessions.start(makeSignIn(), makeFacts(NOW));
    await sessions.setCeremony(first.session, {
      kind: 'enrol-totp',
      secret: 'ABC',
      expiresAtMs: NOW + MINUTE,
    });
    const mfa = { authenticatedAtMs: NOW + 1000, method: 'totp' } as const;
    const second = await sessions.stepUp(first.session, mfa);
    expect(await sessions.find(first.secret, NOW + 1000)).toBeUndefined();
    const found = await sessions.find(second?.secret ?? '', NOW + 1000);
    expect(found).toEqual({ ...first.session, id: second?.session.id, mfa, lastSeenAtMs: NOW + 1000 });
    expect(found?.ceremony, 'what was begun before is over').toBeUndefined();
    expect(found?.endsAtMs, 'a second factor does not stretch a sign-in').toBe(first.session.endsAtMs);
  });

  it('puts no second factor on a session that has ended', async () => {
    const { sessions } = setUp();
    const { session } = await sessions.start(makeSignIn(), makeFacts(NOW));
    await sessions.end(session.id);
    expect(await sessions.stepUp(session, { authenticatedAtMs: NOW, method: 'totp' })).toBeUndefined();
    expect(
      await sessions.setCeremony(session, { kind: 'prove-passkey', challenge: 'c', expiresAtMs: NOW }),
    ).toBe(false);
    expect(await sessions.listOf(session.signIn.identity)).toEqual([]);
  });

  it('ends all of a person but the one at hand, and nobody else’s', async () => {
    const { sessions } = setUp();
    const here = await sessions.start(makeSignIn(), makeFacts(NOW));
    await sessions.start(makeSignIn(), makeFacts(NOW));
    const other = await sessions.start(makeSignIn({ subject: 'bob' }), makeFacts(NOW));
    expect(await sessions.endAll(here.session.signIn.identity, here.session.id)).toBe(1);
    expect(await sessions.find(here.secret, NOW)).toBeDefined();
    expect(await sessions.find(other.secret, NOW)).toBeDefined();
  });

  it('refuses content that was moved from one session to another', async () => {
    const { sessions, store } = setUp();
    const mine = await sessions.start(makeSignIn(), makeFacts(NOW));
    const theirs = await sessions.start(makeSignIn({ subject: 'admin' }), makeFacts(NOW));
    const record = await store.find(theirs.session.id);
    await store.update(mine.session.id, record?.sealed ?? new Uint8Array());
    await expect(sessions.find(mine.secret, NOW)).rejects.toThrow('belongs elsewhere');
  });

  describe('the sign-in behind a token of ours', () => {
    const start = async (subject = 'alice') => {
      const world = setUp();
      const opened = await world.sessions.start(makeSignIn({ subject }), makeFacts(NOW));
      const { signInId, signIn } = opened.session;
      return { ...world, ...opened, signInId, sub: publicSubjectOf(signIn.identity) };
    };

    it('is found by subject and sign-in, whatever id the session has by now', async () => {
      const { sessions, session, signInId, sub } = await start();
      expect(await sessions.findSignIn(sub, signInId)).toEqual(session);
      const later = await sessions.stepUp(session, { authenticatedAtMs: NOW + 1000, method: 'totp' });
      expect(await sessions.findSignIn(sub, signInId)).toEqual(later?.session);
    });

    it('is found among others of the person, and never by somebody else’s subject', async () => {
      const { sessions, sub, signInId } = await start();
      const other = await sessions.start(makeSignIn(), makeFacts(NOW));
      const bob = await sessions.start(makeSignIn({ subject: 'bob' }), makeFacts(NOW));
      expect((await sessions.findSignIn(sub, other.session.signInId))?.id).toBe(other.session.id);
      expect((await sessions.findSignIn(sub, signInId))?.signInId).toBe(signInId);
      expect(await sessions.findSignIn(sub, bob.session.signInId)).toBeUndefined();
      expect(
        await sessions.findSignIn(publicSubjectOf(bob.session.signIn.identity), signInId),
      ).toBeUndefined();
    });

    it.each(['end', 'endAll', 'idle'] as const)('is none any more after %s', async (how) => {
      const { sessions, session, sub, signInId, clock } = await start();
      if (how === 'end') await sessions.end(session.id);
      if (how === 'endAll') await sessions.endAll(session.signIn.identity);
      if (how === 'idle') clock.now += HOUR;
      expect(await sessions.findSignIn(sub, signInId)).toBeUndefined();
    });

    it('is found beside a session that no key of the ring opens, which is none itself', async () => {
      const { sessions, store, sub, signInId, sealer } = await start();
      const other = await sessions.start(makeSignIn(), makeFacts(NOW));
      const lost = createSealer(parseMasterKeyRing(`k0:${Buffer.alloc(32, 9).toString('base64')}`));
      for (const sealed of [lost.seal('{}', `browser-session:${other.session.id}`), sealer.seal('{}', 'x')]) {
        await store.update(other.session.id, sealed);
        expect((await sessions.findSignIn(sub, signInId))?.signInId).toBe(signInId);
        expect(await sessions.findSignIn(sub, other.session.signInId)).toBeUndefined();
      }
    });

    it.each(['', '{}', 'a'.repeat(29), `${'a'.repeat(28)}1`, 'A'.repeat(100_000), '\0', '../'])(
      'is none for a subject that is none: %#',
      async (subject) => {
        const { sessions, signInId } = await start();
        expect(await sessions.findSignIn(subject, signInId)).toBeUndefined();
      },
    );

    it('is none for the subject of the person with another bucket, or for part of the name of the sign-in', async () => {
      const { sessions, sub, signInId } = await start();
      for (const part of ['', signInId.slice(1), `${signInId}A`])
        expect(await sessions.findSignIn(sub, part)).toBeUndefined();
      expect(await sessions.findSignIn(elsewhere(sub), signInId)).toBeUndefined();
    });

    it('says that the store does not answer, where it does not', async () => {
      const { store, sub, signInId } = await start();
      const down = () => Promise.reject(new FederationError('store-unavailable', 'down'));
      const { sessions } = setUp({ store: { ...store, listOfSubject: down } });
      await expect(sessions.findSignIn(sub, signInId)).rejects.toMatchObject({ code: 'store-unavailable' });
    });
  });
});

/** The same digest in another bucket, which nobody was given. */
function elsewhere(publicSubject: string): string {
  return publicSubject.slice(0, -1) + (publicSubject.endsWith('A') ? 'B' : 'A');
}
