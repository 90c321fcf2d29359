import { describe, expect, it } from 'vitest';
import { parseMfaWish } from '../../../../src/http/mfa/mfa-wish.ts';

const NOW_MS = Date.UTC(2026, 0, 2);

function goalOf(query: Readonly<Record<string, string>>) {
  return parseMfaWish(new URLSearchParams(query), { mfaRequired: 'by-policy' }, NOW_MS).goal;
}

describe('since when a second factor is wanted', () => {
  it('is never the future: no proof would ever do', () => {
    for (const since of [String(NOW_MS + 1), '999999999999999'])
      expect(goalOf({ role: 'admin', since })).toEqual({ kind: 'present', sinceMs: NOW_MS });
  });

  it('is what the link says, else a minute ago', () => {
    expect(goalOf({ role: 'admin', since: '5' })).toEqual({ kind: 'present', sinceMs: 5 });
    for (const since of ['', '-1', '1e3', '0x10', '1.5', ' 1', '1'.repeat(16), 'NaN'])
      expect(goalOf({ role: 'admin', since })).toEqual({ kind: 'present', sinceMs: NOW_MS - 60_000 });
  });

  it('is of no matter for who comes to manage factors: they need one of a short while ago', () => {
    expect(goalOf({ reason: 'manage', role: 'admin', since: '5' })).toEqual({ kind: 'manage' });
    expect(goalOf({ return_to: '/mfa/add', role: 'admin', since: '5' })).toEqual({ kind: 'manage' });
  });
});
