import { describe, expect, it } from 'vitest';
import { createRecoveryCodes, recoveryCodeHash } from '../../../../src/domain/mfa/recovery-codes.ts';
import { parseFactorName } from '../../../../src/domain/mfa/factor-name.ts';

// A fixed sequence that looks random enough.
let state = 1;
const random = (length: number) =>
  Uint8Array.from({ length }, () => (state = (state * 1_103 + 12_345) % 65_536) >> 8);
const { codes, kept } = createRecoveryCodes(random);

describe('recovery codes', () => {
  it('are ten of four groups, 80 bits each, all different', () => {
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
  });

  it('are kept as hashes alone', () => {
    expect(kept.map(({ hash }) => hash)).toEqual(codes.map(recoveryCodeHash));
    for (const one of kept) expect(Object.keys(one)).toEqual(['hash']);
    for (const { hash } of kept) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['as shown', (code: string) => code],
    ['in small letters', (code: string) => code.toLowerCase()],
    ['without dashes', (code: string) => code.replaceAll('-', '')],
    ['with blanks', (code: string) => ` ${code.replaceAll('-', ' ')}\n`],
    ['with the dashes of a word processor', (code: string) => code.replaceAll('-', '\u2013')],
  ])('may be typed %s', (_title, type) => {
    const [code = ''] = codes;
    expect(recoveryCodeHash(type(code))).toBe(kept[0]?.hash);
  });

  it.each([
    '',
    '123456',
    'ABCD-EFGH-IJKL-MNO1',
    'ABCD-EFGH-IJKL-MNOPA',
    'ÀBCD-EFGH-IJKL-MNOP',
    'A'.repeat(10_000),
  ])('are not %j', (typed) => {
    expect(recoveryCodeHash(typed)).toBeUndefined();
  });
});

describe('the name of a factor', () => {
  it.each([
    [' My phone ', 'My phone'],
    ['Schlüssel 🔑', 'Schlüssel 🔑'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['<b>', '<b>'],
  ])('may be %j', (text, name) => {
    expect(parseFactorName(text)).toBe(name);
  });

  it.each(['', '   ', 'x'.repeat(65), 'a\nb', 'a\0b', 'a\u202eb', 'a\u200bb', 'a\u2028b', '\ud800'])(
    'may not be %j',
    (text) => {
      expect(parseFactorName(text)).toBeUndefined();
    },
  );
});
