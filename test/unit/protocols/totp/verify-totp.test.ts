import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from 'otpauth';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { verifyTotp } from '../../../../src/protocols/totp/verify-totp.ts';

const VECTORS = join(process.env['ROLEBRIDGE_VECTORS'] ?? '../shared/vectors', 'totp-rfc6238.json');
const secret = Secret.fromLatin1('12345678901234567890').base32;

describe('TOTP of RFC 6238 with SHA-1 and six digits', () => {
  // RFC 6238 appendix B lists eight digits; the last six of them are the six-digit code (RFC 4226 5.3).
  it.each([
    { seconds: 59, code: '287082', counter: 1 },
    { seconds: 1111111109, code: '081804', counter: 37037036 },
    { seconds: 1111111111, code: '050471', counter: 37037037 },
    { seconds: 1234567890, code: '005924', counter: 41152263 },
    { seconds: 2000000000, code: '279037', counter: 66666666 },
    { seconds: 20000000000, code: '353130', counter: 666666666 },
  ])('accepts $code at $seconds s as step $counter (RFC 6238 appendix B)', ({ seconds, code, counter }) => {
    expect(verifyTotp({ secret, code, nowMs: seconds * 1000 })).toEqual({ counter });
  });

  it.each([
    { nowSeconds: 1111111110 - 30, title: 'one step early' },
    { nowSeconds: 1111111139 + 30, title: 'one step late' },
  ])('names the step of the code and not of the clock when it comes $title', ({ nowSeconds }) => {
    expect(verifyTotp({ secret, code: '050471', nowMs: nowSeconds * 1000 })).toEqual({ counter: 37037037 });
  });

  it.each([
    { nowSeconds: 1111111110 - 31, title: 'two steps early' },
    { nowSeconds: 1111111139 + 31, title: 'two steps late' },
  ])('refuses a code $title (RFC 6238 5.2)', ({ nowSeconds }) => {
    expect(verifyTotp({ secret, code: '050471', nowMs: nowSeconds * 1000 })).toBeUndefined();
  });

  it.each([
    ['another code', '050472'],
    ['the eight-digit form', '14050471'],
    ['a short code', '50471'],
    ['an empty code', ''],
    ['blanks around it', ' 50471'],
    ['digits of another script', '٠٥٠٤٧١'],
    ['six characters that are more bytes', 'éééééé'],
    ['a NUL byte', '05047\0'],
    ['a line break after it', '050471\n'],
  ])('refuses %s', (_title, code) => {
    expect(verifyTotp({ secret, code, nowMs: 1111111111_000 })).toBeUndefined();
  });

  it("refuses another person's code", () => {
    const other = Secret.fromLatin1('12345678901234567891').base32;
    expect(verifyTotp({ secret: other, code: '050471', nowMs: 1111111111_000 })).toBeUndefined();
  });

  it('refuses every code for an empty secret', () => {
    // HOTP of the empty key at step 0 is a fixed number that anyone can compute.
    expect(verifyTotp({ secret: '', code: '328482', nowMs: 0 })).toBeUndefined();
  });

  test.skipIf(!existsSync(VECTORS))(
    `accepts the published vectors (RFC 6238 appendix B)${existsSync(VECTORS) ? '' : ` - skipped: ${VECTORS} is missing`}`,
    () => {
      const schema = z.object({ vectors: z.array(z.object({ t: z.number(), sha1: z.string() })).nonempty() });
      const { vectors } = schema.parse(JSON.parse(readFileSync(VECTORS, 'utf8')));
      for (const { t, sha1 } of vectors) {
        const found = verifyTotp({ secret, code: sha1.slice(-6), nowMs: t * 1000 });
        expect(found).toEqual({ counter: Math.floor(t / 30) });
      }
    },
  );
});
