import { describe, expect, it } from 'vitest';
import { authenticationOf } from '../../../../src/domain/session/authentication.ts';

describe('how somebody proved who they are (OpenID Connect Core 2)', () => {
  it('is at least a sign-in, at its time in whole seconds', () => {
    expect(authenticationOf({ startedAtMs: 5999 })).toEqual({
      auth_time: 5,
      acr: 'urn:rolebridge:acr:sign-in',
    });
  });

  it.each([
    ['passkey', 'phr', ['pop', 'user', 'mfa']],
    ['totp', 'urn:rolebridge:acr:mfa', ['otp', 'mfa']],
    ['recovery-code', 'urn:rolebridge:acr:mfa', ['otp', 'mfa']],
    ['provider', 'urn:rolebridge:acr:mfa', ['mfa']],
  ] as const)('is with a second factor by %s better known as %s (RFC 8176 2)', (method, acr, amr) => {
    expect(authenticationOf({ startedAtMs: 5000, mfa: { authenticatedAtMs: 9000, method } })).toEqual({
      auth_time: 9,
      acr,
      amr,
    });
  });

  it('is no older than the sign-in where the provider’s factor was', () => {
    const mfa = { authenticatedAtMs: 1000, method: 'provider' } as const;
    expect(authenticationOf({ startedAtMs: 5000, mfa }).auth_time).toBe(5);
  });
});
