import { URI, TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { renderTotpUri } from '../../../../src/protocols/totp/totp-uri.ts';
import { verifyTotp } from '../../../../src/protocols/totp/verify-totp.ts';

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const about = { issuer: 'Acme', account: 'alice@acme.example', secret };

describe('the URI that an app reads', () => {
  it('names issuer, account, secret and the settings that codes are checked with', () => {
    const url = new URL(renderTotpUri(about));
    expect(url.href).toMatch(/^otpauth:\/\/totp\/Acme:alice%40acme\.example\?/);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      issuer: 'Acme',
      secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });

  it('gives an app whose codes are right (RFC 6238 appendix B)', () => {
    const app = URI.parse(renderTotpUri(about));
    if (!(app instanceof TOTP)) throw new Error('no TOTP');
    expect(app.generate({ timestamp: 59_000 })).toBe('287082');
    expect(verifyTotp({ secret, code: '287082', nowMs: 59_000 })).toEqual({ counter: 1 });
  });

  it.each([
    ['a colon, which parts issuer and account', 'a:b'],
    ['what would end the label', 'a?secret=JBSWY3DPEHPK3PXP&issuer=Evil#x'],
    ['a long name', 'x'.repeat(500)],
    ['half of a character', `${'x'.repeat(63)}\ud83d\ude00`],
    ['a lone surrogate', '\ud83d'],
  ])('is one URI with our secret for an account with %s', (_title, account) => {
    const uri = renderTotpUri({ ...about, account, issuer: account });
    expect(new URL(uri).searchParams.getAll('secret')).toEqual([secret]);
    expect(new URL(uri).hash).toBe('');
    expect(uri.length).toBeLessThan(1_000);
    expect(decodeURIComponent(new URL(uri).pathname).split(':')).toHaveLength(2);
  });
});
