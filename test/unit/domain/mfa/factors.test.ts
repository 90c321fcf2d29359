import { describe, expect, it } from 'vitest';
import { removeFactor, renameFactor, renewRecoveryCodes } from '../../../../src/domain/mfa/change-factors.ts';
import { beginPasskeyEnrolment, enrolPasskey } from '../../../../src/domain/mfa/enrol-passkey.ts';
import { beginTotpEnrolment, enrolTotp } from '../../../../src/domain/mfa/enrol-totp.ts';
import { proveCode } from '../../../../src/domain/mfa/prove-code.ts';
import { beginPasskeyProof, provePasskey } from '../../../../src/domain/mfa/prove-passkey.ts';
import type { OpenedSession } from '../../../../src/domain/session/browser-sessions.ts';
import { createAuthenticator, type Authenticator, type Fault } from '../../../support/authenticator.ts';
import {
  codeOf,
  createFactorWorld,
  MINUTE_MS,
  ORIGIN,
  wrongCode,
  type FactorWorld,
} from '../../../support/factor-world.ts';

const STEP_MS = 30_000;
const anyText: unknown = expect.any(String);

async function addApp(world: FactorWorld, opened: OpenedSession, name = 'Phone') {
  const secret = await beginTotpEnrolment(await world.reopen(opened), world.now(), world.deps);
  const request = world.request(await world.reopen(opened), 'MfaEnrol');
  const enrolled = await enrolTotp({ ...request, name, code: codeOf(secret, world.now()) }, world.deps);
  return { secret, ...enrolled };
}

async function addKey(world: FactorWorld, opened: OpenedSession, options = {}, fault: Fault = {}) {
  const authenticator = createAuthenticator(ORIGIN, options);
  const response = authenticator.create(await creationOptions(world, opened), fault);
  const request = world.request(await world.reopen(opened), 'MfaEnrol');
  const enrolled = await enrolPasskey({ ...request, name: 'Key', response }, world.deps);
  return { authenticator, response, ...enrolled };
}

async function creationOptions(world: FactorWorld, opened: OpenedSession, subject?: string) {
  const session = await world.reopen(opened);
  return beginPasskeyEnrolment(
    { session, person: await world.person(subject), nowMs: world.now() },
    world.deps,
  );
}

async function useKey(
  world: FactorWorld,
  opened: OpenedSession,
  authenticator: Authenticator,
  fault: Fault = {},
) {
  const session = await world.reopen(opened);
  const options = await beginPasskeyProof(
    { session, person: await world.person(), nowMs: world.now() },
    world.deps,
  );
  const response = authenticator.use(options, fault);
  const prove = async () =>
    provePasskey({ ...world.request(await world.reopen(opened), 'MfaVerify'), response }, world.deps);
  return { response, prove };
}

function prove(
  world: FactorWorld,
  { session }: OpenedSession,
  code: string,
  method: 'totp' | 'recovery-code' = 'totp',
) {
  return proveCode({ ...world.request(session, 'MfaVerify'), method, code }, world.deps);
}

async function withApp() {
  const world = createFactorWorld();
  const first = await world.signIn();
  const app = await addApp(world, first);
  world.pass(STEP_MS);
  return { world, first, ...app };
}

async function withKey(options = {}) {
  const world = createFactorWorld();
  const first = await world.signIn();
  return { world, first, ...(await addKey(world, first, options)) };
}

const refusedAs = (problem: string) => ({ code: 'factor-refused', params: { problem } });

describe('the first authenticator app', () => {
  it('is added by a right code, which proves it, with ten recovery codes, under a new session id', async () => {
    const { world, first, opened, secret, codes } = await withApp();
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(codes).toHaveLength(10);
    expect(opened.session).toMatchObject({ mfa: { method: 'totp' }, signInId: first.session.signInId });
    expect(opened.secret).not.toBe(first.secret);
    await expect(world.reopen(first)).rejects.toThrow('ended');
    const { factors, recoveryCodes } = await world.person();
    expect(factors).toMatchObject([{ kind: 'totp', name: 'Phone', secret }]);
    expect(recoveryCodes).toHaveLength(10);
  });

  it('is recorded without secret and codes', async () => {
    const { world, secret, codes = [] } = await withApp();
    expect(world.events.map(({ eventName, errorCode }) => [eventName, errorCode])).toEqual([
      ['MfaEnrol', undefined],
    ]);
    for (const hidden of [secret, ...codes, ...codes.map((code) => code.replaceAll('-', ''))])
      expect(world.events[0]?.text).not.toContain(hidden);
  });

  it('keeps its secret while the page is loaded again, and no longer than 15 minutes', async () => {
    const world = createFactorWorld();
    const opened = await world.signIn();
    const begin = async () => beginTotpEnrolment(await world.reopen(opened), world.now(), world.deps);
    const secret = await begin();
    world.pass(15 * MINUTE_MS - 1);
    expect(await begin()).toBe(secret);
    world.pass(1);
    expect(await begin()).not.toBe(secret);
  });

  it.each([
    ['a wrong code', (secret: string, nowMs: number) => wrongCode(secret, nowMs), 'wrong'],
    ['no code', () => '', 'wrong'],
    ['a code of two steps ago', (secret: string, nowMs: number) => codeOf(secret, nowMs, -2), 'wrong'],
  ])('is not added by %s', async (_title, code, problem) => {
    const world = createFactorWorld();
    const opened = await world.signIn();
    const secret = await beginTotpEnrolment(await world.reopen(opened), world.now(), world.deps);
    const request = world.request(await world.reopen(opened), 'MfaEnrol');
    const enrolled = enrolTotp({ ...request, name: 'A', code: code(secret, world.now()) }, world.deps);
    await expect(enrolled).rejects.toMatchObject({
      code: 'factor-refused',
      params: { problem, attemptsLeft: 9 },
    });
    expect((await world.person()).factors).toEqual([]);
    expect(world.events).toMatchObject([{ eventName: 'MfaEnrol', errorCode: 'factor-refused' }]);
  });

  it('is not added when another tab began something else', async () => {
    const world = createFactorWorld();
    const opened = await world.signIn();
    const secret = await beginTotpEnrolment(await world.reopen(opened), world.now(), world.deps);
    await creationOptions(world, opened);
    const request = world.request(await world.reopen(opened), 'MfaEnrol');
    const enrolled = enrolTotp({ ...request, name: 'A', code: codeOf(secret, world.now()) }, world.deps);
    await expect(enrolled).rejects.toMatchObject(refusedAs('expired'));
  });

  it('is added once, when the form is sent twice at once', async () => {
    const world = createFactorWorld();
    const opened = await world.signIn();
    const secret = await beginTotpEnrolment(await world.reopen(opened), world.now(), world.deps);
    const request = world.request(await world.reopen(opened), 'MfaEnrol');
    const code = codeOf(secret, world.now());
    const results = await Promise.allSettled(
      [1, 2, 3].map(() => enrolTotp({ ...request, name: 'A', code }, world.deps)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await world.person()).factors).toHaveLength(1);
  });

  it('is not added with an old sign-in: a stolen cookie must not enrol', async () => {
    const world = createFactorWorld();
    const opened = await world.signIn();
    world.pass(15 * MINUTE_MS + 1);
    await expect(addApp(world, opened)).rejects.toMatchObject({ code: 'sign-in-required' });
    expect((await world.person()).factors).toEqual([]);
    expect(world.events).toMatchObject([{ errorCode: 'sign-in-required' }]);
  });
});

describe('a further factor', () => {
  it('is added after a proof, without new recovery codes', async () => {
    const { world, opened } = await withApp();
    const { codes } = await addKey(world, opened);
    expect(codes).toBeUndefined();
    expect((await world.person()).factors.map(({ kind }) => kind)).toEqual(['totp', 'passkey']);
  });

  it.each([
    ['by a session that proved nothing', async (world: FactorWorld) => world.signIn()],
    [
      "by a session with the provider's word alone",
      async (world: FactorWorld) => world.signIn({ signIn: { mfaAuthenticatedAtMs: world.now() } }),
    ],
    [
      'by a session that proved one 15 minutes ago',
      (world: FactorWorld, opened: OpenedSession) => {
        world.pass(15 * MINUTE_MS);
        return Promise.resolve(opened);
      },
    ],
  ])('is not added %s', async (_title, session) => {
    const { world, opened } = await withApp();
    await expect(addApp(world, await session(world, opened), 'Other')).rejects.toMatchObject({
      code: 'mfa-required',
    });
    expect((await world.person()).factors).toHaveLength(1);
    expect(world.events.at(-1)).toMatchObject({ eventName: 'MfaEnrol', errorCode: 'mfa-required' });
  });

  it('is not added as a first one by a session from before the first one', async () => {
    const world = createFactorWorld();
    const [thief, owner] = [await world.signIn(), await world.signIn()];
    const secret = await beginTotpEnrolment(await world.reopen(thief), world.now(), world.deps);
    await addKey(world, owner);
    const request = world.request(await world.reopen(thief), 'MfaEnrol');
    const enrolled = enrolTotp({ ...request, name: 'A', code: codeOf(secret, world.now()) }, world.deps);
    await expect(enrolled).rejects.toMatchObject({ code: 'mfa-required' });
  });

  it('is one of ten at most', async () => {
    const { world, ...first } = await withApp();
    let { opened } = first;
    for (let more = 0; more < 9; more++) {
      world.pass(MINUTE_MS);
      ({ opened } = await addKey(world, opened));
    }
    await expect(addKey(world, opened)).rejects.toMatchObject({ code: 'invalid-parameter-value' });
  });
});

describe('a code of an app', () => {
  it('proves a factor once, under a new session id', async () => {
    const { world, secret } = await withApp();
    const session = await world.signIn();
    const opened = await prove(world, session, codeOf(secret, world.now()));
    expect(opened.session.mfa).toEqual({ method: 'totp', authenticatedAtMs: world.now() });
    await expect(world.reopen(session)).rejects.toThrow('ended');
    expect((await world.person()).factors).toMatchObject([{ lastUsedAtMs: world.now() }]);
    expect(world.counted).toEqual(['totp success']);
    const again = prove(world, await world.signIn(), codeOf(secret, world.now()));
    await expect(again).rejects.toMatchObject(refusedAs('used'));
  });

  it('is accepted one step early and late, and with the blanks that phones put in', async () => {
    const { world, secret } = await withApp();
    world.pass(4 * STEP_MS);
    for (const steps of [-1, 0, 1]) {
      const code = codeOf(secret, world.now(), steps);
      await prove(world, await world.signIn(), ` ${code.slice(0, 3)} ${code.slice(3)}\u00a0`);
    }
  });

  it('that enrolled the app does not prove it again', async () => {
    const { world, secret } = await withApp();
    const replayed = prove(world, await world.signIn(), codeOf(secret, world.now(), -1));
    await expect(replayed).rejects.toMatchObject(refusedAs('used'));
  });

  it('proves once, however many come at the same time', async () => {
    const { world, secret } = await withApp();
    const session = await world.signIn();
    const code = codeOf(secret, world.now());
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => prove(world, session, code)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    ['is wrong', (secret: string, nowMs: number) => wrongCode(secret, nowMs)],
    ['is two steps early', (secret: string, nowMs: number) => codeOf(secret, nowMs, 2)],
    ['is two steps late', (secret: string, nowMs: number) => codeOf(secret, nowMs, -2)],
    ['is empty', () => ''],
    ['is long', () => '1'.repeat(100_000)],
    ['has other digits', () => '١٢٣٤٥٦'],
  ])('is refused, recorded and counted when it %s', async (_title, code) => {
    const { world, secret } = await withApp();
    world.pass(4 * STEP_MS);
    const session = await world.signIn();
    const refused = prove(world, session, code(secret, world.now()));
    await expect(refused).rejects.toMatchObject({
      code: 'factor-refused',
      params: { problem: 'wrong', attemptsLeft: 9 },
      refusal: { reference: anyText },
    });
    expect(world.events.at(-1)).toMatchObject({ eventName: 'MfaVerify', errorCode: 'factor-refused' });
    expect(world.counted).toEqual(['totp failure']);
    expect((await world.reopen(session)).mfa).toBeUndefined();
  });

  it("of somebody else's app is refused", async () => {
    const { world, secret } = await withApp();
    const bob = await world.signIn({ subject: 'bob' });
    await expect(prove(world, bob, codeOf(secret, world.now()))).rejects.toMatchObject(refusedAs('wrong'));
  });

  it('is not looked at after ten wrong ones', async () => {
    const { world, secret } = await withApp();
    const session = await world.signIn();
    for (let guess = 0; guess < 10; guess++)
      await prove(world, session, wrongCode(secret, world.now())).catch(() => undefined);
    await expect(prove(world, session, codeOf(secret, world.now()))).rejects.toMatchObject({
      code: 'factor-locked',
    });
    expect(world.events.at(-1)).toMatchObject({ errorCode: 'factor-locked' });
  });

  it('proves nothing for a session that has ended', async () => {
    const { world, secret } = await withApp();
    const session = await world.signIn();
    await world.deps.browserSessions.end(session.session.id);
    const late = prove(world, session, codeOf(secret, world.now()));
    await expect(late).rejects.toMatchObject({ code: 'sign-in-required' });
  });
});

describe('a recovery code', () => {
  it('proves a factor once', async () => {
    const { world, codes = [] } = await withApp();
    const [code = ''] = codes;
    const opened = await prove(world, await world.signIn(), code.toLowerCase(), 'recovery-code');
    expect(opened.session.mfa?.method).toBe('recovery-code');
    const again = prove(world, await world.signIn(), code, 'recovery-code');
    await expect(again).rejects.toMatchObject(refusedAs('used'));
    expect(
      (await world.person()).recoveryCodes.filter(({ usedAtMs }) => usedAtMs !== undefined),
    ).toHaveLength(1);
    for (const { text } of world.events) expect(text).not.toContain(code);
  });

  it('proves once, however often it comes at the same time, and the trail says so once', async () => {
    const { world, codes = [] } = await withApp();
    const sessions = await Promise.all([1, 2, 3].map(() => world.signIn()));
    const before = world.events.length;
    const results = await Promise.allSettled(
      sessions.map((session) => prove(world, session, codes[0] ?? '', 'recovery-code')),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const allowed = world.events.slice(before).filter(({ errorCode }) => errorCode === undefined);
    expect(allowed).toHaveLength(1);
  });

  it.each([
    ['of somebody else', 'ABCD-EFGH-IJKL-MNOP'],
    ['that is none', '123456'],
    ['that is empty', ''],
  ])('%s is refused and counted', async (_title, code) => {
    const { world } = await withApp();
    const refused = prove(world, await world.signIn(), code, 'recovery-code');
    await expect(refused).rejects.toMatchObject({ params: { problem: 'wrong', attemptsLeft: 9 } });
  });

  it('is not looked at after ten wrong codes of an app: they share their limit', async () => {
    const { world, secret, codes = [] } = await withApp();
    const session = await world.signIn();
    for (let guess = 0; guess < 10; guess++)
      await prove(world, session, wrongCode(secret, world.now())).catch(() => undefined);
    const locked = prove(world, session, codes[0] ?? '', 'recovery-code');
    await expect(locked).rejects.toMatchObject({ code: 'factor-locked' });
  });

  it('is worth nothing after new ones were made', async () => {
    const { world, opened, codes: old = [] } = await withApp();
    const codes = await renewRecoveryCodes(world.request(opened.session, 'RecoveryCodesCreate'), world.deps);
    expect(codes).toHaveLength(10);
    const refused = prove(world, await world.signIn(), old[0] ?? '', 'recovery-code');
    await expect(refused).rejects.toMatchObject(refusedAs('wrong'));
    await prove(world, await world.signIn(), codes[9] ?? '', 'recovery-code');
  });

  it('is made anew only with a proof, and only where there are factors', async () => {
    const { world } = await withApp();
    const renew = ({ session }: OpenedSession) => renewRecoveryCodes(world.request(session), world.deps);
    await expect(renew(await world.signIn())).rejects.toMatchObject({ code: 'mfa-required' });
    await expect(renew(await world.signIn({ subject: 'bob' }))).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a passkey', () => {
  it('is added as the first factor with recovery codes, and proves', async () => {
    const { world, authenticator, codes } = await withKey();
    expect(codes).toHaveLength(10);
    const session = await world.signIn();
    const opened = await (await useKey(world, session, authenticator)).prove();
    expect(opened.session.mfa?.method).toBe('passkey');
    expect((await world.person()).factors).toMatchObject([{ counter: 2, lastUsedAtMs: world.now() }]);
    expect(world.counted).toEqual(['passkey success']);
  });

  it.each<[string, Fault]>([
    ['made at another origin', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['without a verified user', { userVerified: false }],
  ])('%s is not added', async (_title, fault) => {
    const world = createFactorWorld();
    const added = addKey(world, await world.signIn(), {}, fault);
    await expect(added).rejects.toMatchObject(refusedAs('passkey-refused'));
    expect((await world.person()).factors).toEqual([]);
    expect(world.events).toMatchObject([{ eventName: 'MfaEnrol', errorCode: 'factor-refused' }]);
  });

  it('that is theirs already is not added again, whatever the browser made of excludeCredentials', async () => {
    const { world, opened, authenticator } = await withKey();
    const response = authenticator.create(await creationOptions(world, opened));
    const request = world.request(await world.reopen(opened), 'MfaEnrol');
    const added = enrolPasskey({ ...request, name: 'Key', response }, world.deps);
    await expect(added).rejects.toMatchObject(refusedAs('passkey-refused'));
  });

  it.each<[string, Fault]>([
    ['used at another origin', { origin: 'https://evil.example' }],
    ['used without a verified user', { userVerified: false }],
    ['with a signature that was changed', { signature: 'broken' }],
    ['whose counter stands still: it was copied (WebAuthn Level 3, 7.2 step 22)', { counter: 1 }],
    ['whose counter went back', { counter: 0 }],
    ['that is unknown', { credentialId: Buffer.alloc(32, 5).toString('base64url') }],
  ])('%s is refused, recorded and counted, and stays', async (_title, fault) => {
    const { world, authenticator } = await withKey();
    const session = await world.signIn();
    const attempt = await useKey(world, session, authenticator, fault);
    await expect(attempt.prove()).rejects.toMatchObject(refusedAs('passkey-refused'));
    expect((await world.reopen(session)).mfa).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ eventName: 'MfaVerify', errorCode: 'factor-refused' });
    expect(world.counted).toEqual(['passkey failure']);
    expect((await world.person()).factors).toMatchObject([{ counter: 1 }]);
  });

  it('whose counter went back is said to be copied in the audit trail', async () => {
    const { world, authenticator } = await withKey();
    const attempt = await useKey(world, await world.signIn(), authenticator, { counter: 1 });
    await attempt.prove().catch(() => undefined);
    expect(world.events.at(-1)?.errorMessage).toMatch(/did not grow \(1, now 1\): it may have been copied/);
  });

  it('that never counts goes on proving, as synchronised ones do', async () => {
    const { world, authenticator } = await withKey({ counts: 'never' });
    for (let time = 0; time < 3; time++)
      await (await useKey(world, await world.signIn(), authenticator)).prove();
  });

  it('of somebody else is refused', async () => {
    const { world } = await withKey();
    const bob = await world.signIn({ subject: 'bob' });
    const stranger = createAuthenticator(ORIGIN);
    stranger.create(await creationOptions(world, bob, 'bob'));
    const attempt = await useKey(world, await world.signIn(), stranger);
    await expect(attempt.prove()).rejects.toMatchObject(refusedAs('passkey-refused'));
  });

  it('answers a challenge once', async () => {
    const { world, authenticator } = await withKey({ counts: 'never' });
    const attempt = await useKey(world, await world.signIn(), authenticator);
    const before = world.events.length;
    const results = await Promise.allSettled([attempt.prove(), attempt.prove(), attempt.prove()]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = world.events.slice(before).map(({ errorCode = 'allowed' }) => errorCode);
    expect(codes.sort()).toEqual(['allowed', 'factor-refused', 'factor-refused']);
  });

  it('answers the last challenge alone: another tab took over', async () => {
    const { world, authenticator } = await withKey();
    const session = await world.signIn();
    const earlier = await useKey(world, session, authenticator);
    const later = await useKey(world, session, authenticator);
    await expect(earlier.prove()).rejects.toMatchObject(refusedAs('expired'));
    await later.prove();
  });

  it('answers within five minutes', async () => {
    const { world, authenticator } = await withKey();
    const attempt = await useKey(world, await world.signIn(), authenticator);
    world.pass(5 * MINUTE_MS);
    await expect(attempt.prove()).rejects.toMatchObject(refusedAs('expired'));
  });

  it("answers no other session's challenge", async () => {
    const { world, authenticator } = await withKey();
    const { response } = await useKey(world, await world.signIn(), authenticator);
    const other = await world.signIn();
    await useKey(world, other, authenticator);
    const request = world.request(await world.reopen(other), 'MfaVerify');
    await expect(provePasskey({ ...request, response }, world.deps)).rejects.toMatchObject(
      refusedAs('expired'),
    );
  });

  it('that answers an enrolment is no proof', async () => {
    const { world, authenticator } = await withKey();
    const session = await world.signIn();
    const response = authenticator.use(await creationOptions(world, session));
    const request = world.request(await world.reopen(session), 'MfaVerify');
    await expect(provePasskey({ ...request, response }, world.deps)).rejects.toMatchObject(
      refusedAs('expired'),
    );
  });

  it('still proves when codes are locked: nobody can guess it', async () => {
    const { world, authenticator } = await withKey();
    const session = await world.signIn();
    for (let guess = 0; guess < 11; guess++) await prove(world, session, '000000').catch(() => undefined);
    await (await useKey(world, session, authenticator)).prove();
  });

  it('is refused where there are none', async () => {
    const world = createFactorWorld({ passkeys: 'none' });
    const request = world.request((await world.signIn()).session);
    await expect(provePasskey({ ...request, response: '{}' }, world.deps)).rejects.toMatchObject(
      refusedAs('passkey-refused'),
    );
  });
});

describe('factors', () => {
  async function two() {
    const { world, opened } = await withApp();
    const added = await addKey(world, opened);
    const [app, key] = (await world.person()).factors.map(({ id }) => id);
    return { world, ...added, app: app ?? '', key: key ?? '' };
  }

  it('are renamed by whoever is signed in', async () => {
    const { world, app } = await two();
    const request = world.request((await world.signIn()).session, 'MfaRename');
    await renameFactor({ ...request, factorId: app, name: 'Old phone' }, world.deps);
    expect((await world.person()).factors.map(({ name }) => name)).toEqual(['Old phone', 'Key']);
    expect(world.events.at(-1)).toMatchObject({ eventName: 'MfaRename' });
  });

  it('are removed after a proof, and prove nothing any more', async () => {
    const { world, opened, key, authenticator } = await two();
    await removeFactor({ ...world.request(opened.session, 'MfaRemove'), factorId: key }, world.deps);
    expect((await world.person()).factors.map(({ kind }) => kind)).toEqual(['totp']);
    expect(world.events.at(-1)).toMatchObject({ eventName: 'MfaRemove' });
    const attempt = await useKey(world, await world.signIn(), authenticator);
    await expect(attempt.prove()).rejects.toMatchObject(refusedAs('passkey-refused'));
  });

  it('are not removed without a proof', async () => {
    const { world, key } = await two();
    const request = world.request((await world.signIn()).session, 'MfaRemove');
    await expect(removeFactor({ ...request, factorId: key }, world.deps)).rejects.toMatchObject({
      code: 'mfa-required',
    });
    expect((await world.person()).factors).toHaveLength(2);
    expect(world.events.at(-1)).toMatchObject({ eventName: 'MfaRemove', errorCode: 'mfa-required' });
  });

  it('are not all removed, not even at once: the last one stays', async () => {
    const { world, opened, app, key } = await two();
    const request = () => world.request(opened.session, 'MfaRemove');
    const results = await Promise.allSettled(
      [app, key].map((factorId) => removeFactor({ ...request(), factorId }, world.deps)),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [last] = (await world.person()).factors;
    const removed = removeFactor({ ...request(), factorId: last?.id ?? '' }, world.deps);
    await expect(removed).rejects.toMatchObject({ code: 'invalid-parameter-value' });
  });

  it("are not somebody else's to rename or remove", async () => {
    const { world, app } = await two();
    const bob = (await world.signIn({ subject: 'bob' })).session;
    const change = { ...world.request(bob), factorId: app };
    await expect(renameFactor({ ...change, name: 'Mine' }, world.deps)).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(removeFactor(change, world.deps)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('an audit trail that takes nothing', () => {
  it('lets nothing happen', async () => {
    const { world, secret } = await withApp();
    const session = await world.signIn();
    const audit = { ...world.deps.audit, record: () => Promise.reject(new Error('down')) };
    const deps = { ...world.deps, audit };
    const request = {
      ...world.request(session.session),
      method: 'totp',
      code: codeOf(secret, world.now()),
    } as const;
    await expect(proveCode(request, deps)).rejects.toThrow('down');
    expect((await world.reopen(session)).mfa).toBeUndefined();
  });
});
