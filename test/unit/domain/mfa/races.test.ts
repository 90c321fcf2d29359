import { expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { removeFactor, renewRecoveryCodes } from '../../../../src/domain/mfa/change-factors.ts';
import { beginTotpEnrolment, enrolTotp } from '../../../../src/domain/mfa/enrol-totp.ts';
import { proveCode } from '../../../../src/domain/mfa/prove-code.ts';
import { resetMfa } from '../../../../src/domain/mfa/reset-mfa.ts';
import type { OpenedSession } from '../../../../src/domain/session/browser-sessions.ts';
import { codeOf, createFactorWorld, MINUTE_MS, type FactorWorld } from '../../../support/factor-world.ts';

async function addApp(world: FactorWorld, opened: OpenedSession) {
  const secret = await beginTotpEnrolment(await world.reopen(opened), world.now(), world.deps);
  const request = world.request(await world.reopen(opened));
  const code = codeOf(secret, world.now());
  const enrolled = await enrolTotp({ ...request, name: 'Phone', code }, world.deps);
  return { secret, opened: enrolled.opened };
}

/** Something that another request does between what this one read and what it writes. */
function meanwhile(world: FactorWorld, happens: () => Promise<unknown>): FactorWorld['deps'] {
  let isOver = false;
  const { people } = world.deps;
  const update: typeof people.update = async (id, change) => {
    if (!isOver) await happens();
    isOver = true;
    return people.update(id, change);
  };
  return { ...world.deps, people: { ...people, update } };
}

it('a factor that is removed while its code is on the way proves nothing', async () => {
  const world = createFactorWorld();
  const one = await addApp(world, await world.signIn());
  const { opened, secret } = await addApp(world, one.opened);
  const [, second] = (await world.person()).factors;
  world.pass(MINUTE_MS);
  const session = await world.reopen(await world.signIn());
  const removing = world.request(await world.reopen(opened));
  const deps = meanwhile(world, () => removeFactor({ ...removing, factorId: second?.id ?? '' }, world.deps));
  const proof = { ...world.request(session), method: 'totp', code: codeOf(secret, world.now()) } as const;
  await expect(proveCode(proof, deps)).rejects.toMatchObject({ code: 'factor-refused' });
  expect(
    (await world.deps.browserSessions.listOf(session.signIn.identity)).some(({ id }) => id === session.id),
  ).toBe(true);
});

it('of two factors that are removed at once, one stays', async () => {
  const world = createFactorWorld();
  const one = await addApp(world, await world.signIn());
  const { opened } = await addApp(world, one.opened);
  const [first, second] = (await world.person()).factors;
  const session = await world.reopen(opened);
  const remove = (factorId = '') => ({ ...world.request(session), factorId });
  const deps = meanwhile(world, () => removeFactor(remove(first?.id), world.deps));
  await expect(removeFactor(remove(second?.id), deps)).rejects.toMatchObject({
    code: 'invalid-parameter-value',
  });
  expect((await world.person()).factors).toMatchObject([{ id: second?.id }]);
});

it('a session that ends while a code is on the way does not come back with the proof', async () => {
  const world = createFactorWorld();
  const { secret } = await addApp(world, await world.signIn());
  world.pass(MINUTE_MS);
  const opened = await world.signIn();
  const session = await world.reopen(opened);
  const { identity } = session.signIn;
  const deps = meanwhile(world, () => world.deps.browserSessions.endAll(identity));
  const proof = { ...world.request(session), method: 'totp', code: codeOf(secret, world.now()) } as const;
  await expect(proveCode(proof, deps)).rejects.toMatchObject({ code: 'sign-in-required' });
  expect(await world.deps.browserSessions.listOf(identity)).toEqual([]);
});

it('a recovery code that was used stays used, long after the mark of its use has gone', async () => {
  const world = createFactorWorld();
  const opened = await world.signIn();
  const secret = await beginTotpEnrolment(await world.reopen(opened), world.now(), world.deps);
  const request = world.request(await world.reopen(opened));
  const enrolled = await enrolTotp(
    { ...request, name: 'Phone', code: codeOf(secret, world.now()) },
    world.deps,
  );
  const code = enrolled.codes?.[0] ?? '';
  const prove = async () => {
    const session = await world.reopen(await world.signIn());
    return proveCode({ ...world.request(session), method: 'recovery-code', code }, world.deps);
  };
  await prove();
  for (const minutes of [1, 10, 60 * 24]) {
    world.pass(minutes * MINUTE_MS);
    await expect(prove()).rejects.toMatchObject({ params: { problem: 'used' } });
  }
});

it('what cannot be recorded does not happen', async () => {
  const world = createFactorWorld();
  const one = await addApp(world, await world.signIn());
  const { opened } = await addApp(world, one.opened);
  const before = await world.person();
  const session = await world.reopen(opened);
  const record = () => Promise.reject(new FederationError('store-unavailable', 'the trail is full'));
  const deps = { ...world.deps, audit: { ...world.deps.audit, record } };
  const factorId = before.factors[0]?.id ?? '';
  const refused = { code: 'store-unavailable' };
  await expect(removeFactor({ ...world.request(session), factorId }, deps)).rejects.toMatchObject(refused);
  await expect(renewRecoveryCodes(world.request(session), deps)).rejects.toMatchObject(refused);
  expect(await world.person()).toEqual(before);
});

it('no session of somebody whose factors are reset lives while that is done, nor one that began meanwhile', async () => {
  const world = createFactorWorld();
  const { opened } = await addApp(world, await world.signIn());
  const { identity } = opened.session.signIn;
  const living = async (): Promise<number> => (await world.deps.browserSessions.listOf(identity)).length;
  const seen: number[] = [];
  const deps = meanwhile(world, async () => {
    seen.push(await living());
    await world.signIn();
  });
  const sessions = {
    endAll: () => world.deps.browserSessions.endAll(identity),
  };
  const facts = world.request(opened.session).draft.facts;
  expect(await resetMfa({ person: identity, by: 'ops', facts }, { ...deps, sessions })).toMatchObject({
    browserSessions: 2,
  });
  expect([...seen, await living()]).toEqual([0, 0]);
  expect((await world.person()).factors).toEqual([]);
});
