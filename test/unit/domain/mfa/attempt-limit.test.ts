import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { limitAttempts, lockedUntilMs } from '../../../../src/domain/mfa/attempt-limit.ts';
import type { Attempt } from '../../../../src/domain/mfa/attempt.ts';
import { networkOf } from '../../../../src/domain/mfa/network.ts';
import { refuseFactor } from '../../../../src/domain/mfa/refusals.ts';
import { createFactorWorld, MINUTE_MS, START_MS } from '../../../support/factor-world.ts';

function setUp() {
  const { deps, now, pass } = createFactorWorld();
  const attempt = (given: Partial<Attempt> = {}): Attempt => ({
    what: 'code',
    person: 'alice',
    sourceIp: '192.0.2.7',
    nowMs: now(),
    ...given,
  });
  const fail = (given: Partial<Attempt> = {}) =>
    limitAttempts(attempt(given), deps.sessions, (attemptsLeft) => {
      throw refuseFactor('wrong', 'wrong', { attemptsLeft });
    }).catch((error: unknown) => error);
  const succeed = (given: Partial<Attempt> = {}) =>
    limitAttempts(attempt(given), deps.sessions, (left) => Promise.resolve(left));
  const failOften = async (times: number, given: Partial<Attempt> = {}) => {
    for (let time = 0; time < times; time++) await fail(given);
  };
  const until = (given: Partial<Attempt> = {}) => lockedUntilMs(attempt(given), deps.sessions);
  return { fail, succeed, failOften, until, pass };
}

const lockedFor = (retryAfterSeconds: number) => ({ code: 'factor-locked', params: { retryAfterSeconds } });

describe('attempts', () => {
  it('are ten in five minutes for a person, and each failure says how many are left', async () => {
    const { fail, until } = setUp();
    const left: unknown[] = [];
    for (let time = 0; time < 10; time++) left.push(await fail());
    expect(left.map((error) => (error instanceof FederationError ? error.params : error))).toEqual(
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((attemptsLeft) => ({ problem: 'wrong', attemptsLeft })),
    );
    expect(await until()).toBe(START_MS + 5 * MINUTE_MS);
    expect(await fail()).toMatchObject(lockedFor(300));
  });

  it('are locked for right codes as well: a guess that hits opens nothing', async () => {
    const { succeed, failOften } = setUp();
    await failOften(10);
    await expect(succeed()).rejects.toMatchObject(lockedFor(300));
  });

  it('are counted for the person wherever they come from, and for the address whoever they are', async () => {
    const { succeed, failOften } = setUp();
    await failOften(10);
    await expect(succeed({ sourceIp: '198.51.100.1' })).rejects.toMatchObject(lockedFor(300));
    await expect(succeed({ person: 'bob' })).resolves.toBeGreaterThan(0);
    for (let person = 0; person < 90; person++) await failOften(1, { person: `person-${person}` });
    await expect(succeed({ person: 'bob' })).rejects.toMatchObject(lockedFor(60 * 60));
  });

  it('let a whole office in from one address, and nobody try without end', async () => {
    const { succeed } = setUp();
    for (let person = 0; person < 600; person++) await succeed({ person: `person-${person}` });
    await expect(succeed({ person: 'bob' })).rejects.toMatchObject(lockedFor(300));
  });

  it('go on when the window ends, which the answer told', async () => {
    const { succeed, failOften, pass } = setUp();
    await failOften(10);
    pass(5 * MINUTE_MS - 1);
    await expect(succeed()).rejects.toMatchObject(lockedFor(1));
    pass(1);
    await expect(succeed()).resolves.toBe(9);
  });

  it('are fewer over longer times: 20 failures an hour, then a wait for the next', async () => {
    const { succeed, failOften, pass, until } = setUp();
    await failOften(10);
    pass(5 * MINUTE_MS);
    await failOften(10);
    pass(5 * MINUTE_MS);
    expect(await until()).toBe(START_MS + 60 * MINUTE_MS);
    await expect(succeed()).rejects.toMatchObject(lockedFor(50 * 60));
  });

  it('are 50 failures a day at most', async () => {
    const { succeed, failOften, pass, until } = setUp();
    for (let hour = 0; hour < 5; hour++) {
      await failOften(10);
      pass(60 * MINUTE_MS);
    }
    expect(await until()).toBe(START_MS + 24 * 60 * MINUTE_MS);
    await expect(succeed()).rejects.toMatchObject(lockedFor(19 * 3600));
  });

  it('that succeed do not count as failures, but as tries', async () => {
    const { succeed, pass } = setUp();
    for (let window = 0; window < 12; window++) {
      for (let time = 0; time < 10; time++) await succeed();
      await expect(succeed()).rejects.toMatchObject({ code: 'factor-locked' });
      pass(5 * MINUTE_MS);
    }
  });

  it('at once cannot slip past the limit', async () => {
    const { succeed } = setUp();
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => succeed()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('of an enrolment lock no codes', async () => {
    const { succeed, failOften } = setUp();
    await failOften(10, { what: 'enrolment' });
    await expect(succeed()).resolves.toBe(9);
  });
});

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('%s counts as %s (RFC 6177)', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
