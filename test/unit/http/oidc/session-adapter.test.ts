import { beforeEach, describe, expect, it } from 'vitest';
import { oauthRecordName } from '../../../../src/domain/application/oauth-record-name.ts';
import { createOauthRecords } from '../../../../src/http/oidc/oauth-records.ts';
import { createSessionAdapter } from '../../../../src/http/oidc/session-adapter.ts';
import {
  ABSOLUTE_MS,
  createProviderWorld,
  IDLE_MS,
  subjectOf,
  type ProviderWorld,
} from './provider-world.ts';

let world: ProviderWorld;
beforeEach(() => {
  world = createProviderWorld();
});

const adapter = () => {
  const records = createOauthRecords({
    ...world.deps,
    oauthRecords: world.store.oauthRecords,
    onUnreadable: () => undefined,
  });
  return createSessionAdapter(records, world.deps);
};

/** As the library does once an application got somebody. */
async function signedIn(subject = 'alice') {
  const session = await world.signIn(subject);
  const kept = {
    uid: session.signInId,
    accountId: subjectOf(session),
    authorizations: { web: { grantId: 'g' } },
  };
  await adapter().upsert('any', kept, 600);
  return session;
}

const found = (uid: string) => world.ask(() => adapter().findByUid(uid));

describe('the session of a token', () => {
  it('is the living sign-in, as it is now', async () => {
    const session = await signedIn();
    expect(await found(session.signInId)).toMatchObject({
      uid: session.signInId,
      jti: session.signInId,
      accountId: subjectOf(session),
      acr: 'urn:rolebridge:acr:sign-in',
      loginTs: Math.floor(world.clock.now / 1000),
      exp: Math.floor((world.clock.now + ABSOLUTE_MS) / 1000),
      authorizations: { web: { grantId: 'g' } },
    });
    const proof = { authenticatedAtMs: world.clock.now + 5000, method: 'passkey' } as const;
    await world.deps.browserSessions.stepUp(session, proof);
    expect(await found(session.signInId)).toMatchObject({
      acr: 'phr',
      loginTs: Math.floor(world.clock.now / 1000) + 5,
    });
  });

  it('is not there once the sign-in has ended', async () => {
    const session = await signedIn();
    await world.deps.browserSessions.end(session.id);
    expect(await found(session.signInId)).toBeUndefined();
  });

  it('is not there once the sign-in was idle for too long', async () => {
    const session = await signedIn();
    world.clock.now += IDLE_MS + 1000;
    expect(await found(session.signInId)).toBeUndefined();
  });

  it('is not there where only somebody else, or another sign-in of the same person, lives', async () => {
    const session = await signedIn();
    const { signInId } = session;
    await world.deps.browserSessions.end(session.id);
    await signedIn('bob');
    await signedIn('alice');
    expect(await found(signInId)).toBeUndefined();
    // What is kept of it names the person: another one's word is not taken.
    const bob = await world.signIn('bob');
    await adapter().upsert('any', { uid: signInId, accountId: subjectOf(bob) }, 600);
    expect(await found(signInId)).toBeUndefined();
  });

  it('is not there without anything that an application got', async () => {
    const session = await world.signIn();
    expect(await found(session.signInId)).toBeUndefined();
  });
});

describe('the session of a browser', () => {
  it('is that of its own sign-in alone, whatever name it brings', async () => {
    const alice = await signedIn();
    const bob = await signedIn('bob');
    expect(await world.ask(() => adapter().find(alice.signInId), alice)).toMatchObject({
      accountId: subjectOf(alice),
    });
    expect(await world.ask(() => adapter().find(bob.signInId), alice)).toBeUndefined();
    expect(await world.ask(() => adapter().find(alice.signInId))).toBeUndefined();
  });

  it('has nothing of what another person left under its name', async () => {
    const alice = await world.signIn();
    const bob = await world.signIn('bob');
    await adapter().upsert(
      'any',
      { uid: alice.signInId, accountId: subjectOf(bob), authorizations: { web: {} }, state: { secret: 'x' } },
      600,
    );
    const session = await world.ask(() => adapter().find(alice.signInId), alice);
    expect(session).toMatchObject({ accountId: subjectOf(alice) });
    expect([session?.authorizations, session?.['state']]).toEqual([undefined, undefined]);
  });

  it('is kept for nobody', async () => {
    await adapter().upsert('any', { uid: 'somebody', state: { secret: 'x' } }, 600);
    const kept = await world.store.oauthRecords.find({ kind: 'Session', id: oauthRecordName('somebody') });
    expect(kept).toBeUndefined();
  });
});

it('says when the sign-in ends, for lifetimes', async () => {
  const session = await signedIn();
  const ends = await world.ask(async (scope) => {
    await adapter().findByUid(session.signInId);
    return scope.signInEnds.get(session.signInId);
  });
  expect(ends).toBe(session.endsAtMs);
});
