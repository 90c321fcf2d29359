import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Factor, MfaProof, RecoveryCode } from '../../../../src/domain/mfa/factor.ts';
import {
  FRESH_MS,
  mayChangeFactors,
  nextMfaStep,
  type MfaSituation,
} from '../../../../src/domain/mfa/mfa-step.ts';

const NOW_MS = 1_000_000_000;
const enrolled = { id: 'f', name: 'F', addedAtMs: 0 };
const app: Factor = { ...enrolled, kind: 'totp', secret: 'A' };
const key: Factor = {
  ...enrolled,
  kind: 'passkey',
  credentialId: 'c',
  publicKey: 'k',
  counter: 0,
  transports: [],
};
const present = { kind: 'present', sinceMs: 0 } as const;
const manage = { kind: 'manage' } as const;

type Given = {
  readonly factors?: readonly Factor[];
  readonly codes?: readonly RecoveryCode[];
  readonly mfa?: MfaProof;
  readonly startedAtMs?: number;
} & Partial<Pick<MfaSituation, 'passkeys' | 'codesLockedUntilMs'>>;

function situation({ factors = [], codes = [], mfa, startedAtMs = NOW_MS, ...rest }: Given): MfaSituation {
  return {
    session: { startedAtMs, ...(mfa && { mfa }) },
    person: { factors, recoveryCodes: codes },
    nowMs: NOW_MS,
    passkeys: 'work',
    codesLockedUntilMs: 0,
    ...rest,
  };
}
const proof = (method: MfaProof['method'], ageMs = 0): MfaProof => ({
  method,
  authenticatedAtMs: NOW_MS - ageMs,
});

describe('somebody who wants to be let on', () => {
  it("and has proved a factor is done, with the provider's, too", () => {
    for (const method of ['totp', 'passkey', 'recovery-code', 'provider'] as const)
      expect(nextMfaStep(present, situation({ factors: [app], mfa: proof(method) }))).toEqual({
        kind: 'done',
      });
  });

  it('and proved it before the time that counts must prove it again', () => {
    const given = situation({ factors: [app], mfa: proof('totp', 10) });
    expect(nextMfaStep({ kind: 'present', sinceMs: NOW_MS - 9 }, given).kind).toBe('verify');
    expect(nextMfaStep({ kind: 'present', sinceMs: NOW_MS - 10 }, given).kind).toBe('done');
  });

  it('and has no factor adds the first one, if the sign-in is young', () => {
    expect(nextMfaStep(present, situation({}))).toEqual({ kind: 'add-first' });
  });

  it('and has no factor signs in again, if the sign-in is old: a stolen cookie must not enrol', () => {
    const startedAtMs = NOW_MS - FRESH_MS - 1;
    expect(nextMfaStep(present, situation({ startedAtMs }))).toEqual({ kind: 'sign-in-again' });
  });

  it('may use what they have, passkeys first', () => {
    const codes = [{ hash: 'a', usedAtMs: 1 }, { hash: 'b' }];
    expect(nextMfaStep(present, situation({ factors: [app, key], codes }))).toEqual({
      kind: 'verify',
      methods: ['passkey', 'totp', 'recovery-code'],
    });
    expect(nextMfaStep(present, situation({ factors: [app] }))).toEqual({
      kind: 'verify',
      methods: ['totp'],
    });
  });

  it('is not asked for a passkey where there can be none', () => {
    const given = situation({ factors: [key, app], passkeys: 'need-host-name' });
    expect(nextMfaStep(present, given)).toEqual({ kind: 'verify', methods: ['totp'] });
  });

  it('and has tried too many codes waits, unless they have a passkey, which nobody can guess', () => {
    const codesLockedUntilMs = NOW_MS + 1;
    const codes = [{ hash: 'a' }];
    expect(nextMfaStep(present, situation({ factors: [app], codes, codesLockedUntilMs }))).toEqual({
      kind: 'locked',
      untilMs: codesLockedUntilMs,
    });
    expect(nextMfaStep(present, situation({ factors: [app, key], codes, codesLockedUntilMs }))).toEqual({
      kind: 'verify',
      methods: ['passkey'],
    });
  });

  it('and can use nothing of what they have gets a page all the same', () => {
    const given = situation({ factors: [key], passkeys: 'need-host-name' });
    expect(nextMfaStep(present, given)).toEqual({ kind: 'verify', methods: ['recovery-code'] });
  });
});

describe('somebody who wants to change their factors', () => {
  it.each(['totp', 'passkey', 'recovery-code'] as const)(
    'may, for 15 minutes after a proof by %s',
    (method) => {
      expect(nextMfaStep(manage, situation({ factors: [app], mfa: proof(method, FRESH_MS) })).kind).toBe(
        'done',
      );
      expect(nextMfaStep(manage, situation({ factors: [app], mfa: proof(method, FRESH_MS + 1) })).kind).toBe(
        'verify',
      );
    },
  );

  it("may not with the provider's word alone, where they have a factor of their own", () => {
    expect(nextMfaStep(manage, situation({ factors: [app], mfa: proof('provider') })).kind).toBe('verify');
  });

  it('may without any factor, for 15 minutes after the sign-in', () => {
    const step = (ageMs: number) => nextMfaStep(manage, situation({ startedAtMs: NOW_MS - ageMs })).kind;
    expect([step(FRESH_MS), step(FRESH_MS + 1)]).toEqual(['done', 'sign-in-again']);
  });
});

describe('in every situation', () => {
  const given = fc.record({
    session: fc.record(
      {
        startedAtMs: fc.integer({ min: NOW_MS - 3 * FRESH_MS, max: NOW_MS }),
        mfa: fc.record({
          method: fc.constantFrom('totp', 'passkey', 'recovery-code', 'provider'),
          authenticatedAtMs: fc.integer({ min: NOW_MS - 3 * FRESH_MS, max: NOW_MS }),
        }),
      },
      { requiredKeys: ['startedAtMs'] },
    ),
    person: fc.record({
      factors: fc.array(fc.constantFrom(app, key), { maxLength: 3 }),
      recoveryCodes: fc.array(fc.constantFrom({ hash: 'a' }, { hash: 'b', usedAtMs: 1 }), { maxLength: 3 }),
    }),
    nowMs: fc.constant(NOW_MS),
    passkeys: fc.constantFrom('work', 'need-host-name'),
    codesLockedUntilMs: fc.constantFrom(0, NOW_MS + 1),
  });

  it('nobody who has factors changes them without a proof of their own', () => {
    fc.assert(
      fc.property(given, (one) => {
        const step = nextMfaStep(manage, one);
        expect(step.kind === 'done').toBe(mayChangeFactors(one));
        if (step.kind === 'done' && one.person.factors.length > 0)
          expect(['totp', 'passkey', 'recovery-code']).toContain(one.session.mfa?.method);
      }),
    );
  });

  it('nobody is let on without a proof, and nobody is asked for what they do not have', () => {
    fc.assert(
      fc.property(given, (one) => {
        const step = nextMfaStep(present, one);
        if (one.session.mfa === undefined) expect(step.kind).not.toBe('done');
        if (one.person.factors.length === 0) expect(step.kind).not.toBe('verify');
        if (step.kind === 'verify' && step.methods.includes('totp'))
          expect(one.person.factors).toContain(app);
      }),
    );
  });
});
