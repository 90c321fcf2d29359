import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoginAttempt, LoginAttemptStore } from '../../src/domain/session/login-attempt.ts';
import { until } from '../support/redis-server.ts';
import type { StorePair } from './session-store.contract.ts';

/** What every store of login attempts must do, whatever it is made of. */
export function describeLoginAttempts(open: () => Promise<StorePair>): void {
  describe('login attempts', () => {
    let pair: StorePair;
    let one: LoginAttemptStore;
    let two: LoginAttemptStore;
    beforeAll(async () => {
      pair = await open();
      [one, two] = [pair.one.loginAttempts, pair.two.loginAttempts];
    });
    afterAll(() => pair.close());

    it('gives an attempt out whole on another node, and once', async () => {
      const attempt = sampleAttempt({
        purpose: 'sign-out',
        forceAuthn: true,
        authnContextClassRefs: ['urn:a', 'https://ä.example/🔑'],
        returnTo: '/roles?q="x"',
      });
      await one.save(attempt);
      expect(await two.take(attempt.handle)).toEqual(attempt);
      expect(await one.take(attempt.handle)).toBeUndefined();
      expect(await two.take(attempt.handle)).toBeUndefined();
    });

    it('keeps absent fields absent', async () => {
      const attempt = sampleAttempt();
      await one.save(attempt);
      expect(Object.keys((await one.take(attempt.handle)) ?? {})).not.toContain('returnTo');
    });

    it('gives it to one of many who ask at the same moment on both nodes', async () => {
      const attempt = sampleAttempt();
      await one.save(attempt);
      const taken = await Promise.all(
        Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : two).take(attempt.handle)),
      );
      expect(taken.filter((found) => found !== undefined)).toEqual([attempt]);
    });

    it('forgets an attempt when it expires', async () => {
      const [short, long] = [sampleAttempt({ expiresAtMs: Date.now() + 200 }), sampleAttempt()];
      await one.save(short);
      await one.save(long);
      await until(() => Promise.resolve(Date.now() > short.expiresAtMs));
      await two.take(long.handle);
      expect(await two.take(short.handle)).toBeUndefined();
    });

    it('sweeps attempts that nobody took, and leaves the others', async () => {
      const [short, long] = [sampleAttempt({ expiresAtMs: Date.now() + 100 }), sampleAttempt()];
      await one.save(short);
      await one.save(long);
      await until(() => Promise.resolve(Date.now() > short.expiresAtMs));
      await pair.one.sessions.sweep(0);
      expect(await one.take(short.handle)).toBeUndefined();
      expect(await one.take(long.handle)).toEqual(long);
    });

    it.each(['', '}', '\0', '../x', 'A'.repeat(100_000)])(
      'has nothing under the handle %j',
      async (handle) => {
        expect(await one.take(handle)).toBeUndefined();
      },
    );
  });
}

function sampleAttempt(change: Partial<LoginAttempt> = {}): LoginAttempt {
  const now = Date.now();
  return {
    handle: randomBytes(32).toString('base64url'),
    purpose: 'sign-in',
    providerArn: 'arn:aws:iam::123456789012:saml-provider/corp',
    requestId: `_${randomBytes(16).toString('hex')}`,
    browserHash: 'ab'.repeat(32),
    startedAtMs: now,
    expiresAtMs: now + 600_000,
    forceAuthn: false,
    authnContextClassRefs: [],
    ...change,
  };
}
