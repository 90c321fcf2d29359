import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, matchesGlob } from '../../../../src/domain/policy/wildcard.ts';

function matches(pattern: string, text: string): boolean {
  return matchesGlob(compileGlob([{ kind: 'text', text: pattern }]), text);
}

/** The definition, as slow as it is plain: characters are code points. */
function naive(pattern: readonly string[], text: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return text.length === 0;
  if (head === '*') return text.some((_, index) => naive(rest, text.slice(index))) || naive(rest, []);
  return text.length > 0 && (head === '?' || head === text[0]) && naive(rest, text.slice(1));
}

const letters = ['a', 'b', ':', '😀'] as const;
const pattern = fc
  .array(fc.constantFrom(...letters, '*', '?'), { maxLength: 9 })
  .map((parts) => parts.join(''));
const text = fc.array(fc.constantFrom(...letters), { maxLength: 10 }).map((parts) => parts.join(''));

describe('wildcards (wire-spec 6.2)', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything/at:all', true],
    ['a*', 'a', true],
    ['a*c', 'abcbc', true],
    ['*b*', 'abc', true],
    ['a**c', 'ac', true],
    ['a?c', 'abc', true],
    ['?', '😀', true],
    ['*?', '😀', true],
    ['', '', true],
    ['', 'a', false],
    ['?', '', false],
    ['a?', 'a', false],
    ['??', '😀', false],
    ['a*a', 'a', false],
    ['ab*ba', 'aba', false],
    ['*abc', 'ab', false],
    ['a*b?c', 'abc', false],
    ['A*', 'abc', false],
  ])('%j on %j is %j', (glob, value, expected) => {
    expect(matches(glob, value)).toBe(expected);
  });

  it('takes a star in a literal part for a star', () => {
    const glob = compileGlob([
      { kind: 'text', text: 'home/' },
      { kind: 'literal', text: '*?' },
      { kind: 'text', text: '/*' },
    ]);
    expect(matchesGlob(glob, 'home/*?/f')).toBe(true);
    expect(matchesGlob(glob, 'home/ab/f')).toBe(false);
  });

  it('agrees with the definition on every pattern', () => {
    fc.assert(
      fc.property(pattern, text, (glob, value) => {
        expect(matches(glob, value)).toBe(naive(Array.from(glob), Array.from(value)));
      }),
      { numRuns: 3000 },
    );
  });

  it('never matches a text that lacks one of the pattern’s literals', () => {
    fc.assert(
      fc.property(pattern, text, (glob, value) => {
        expect(matches(`${glob}#*`, value)).toBe(false);
      }),
    );
  });

  // A matcher that backtracks needs more than 10^100 steps here: the test would not end.
  it.each([
    ['a*'.repeat(300) + 'b', 'a'.repeat(20_000)],
    ['*a?'.repeat(300) + 'b', 'a'.repeat(20_000)],
    ['*'.repeat(5_000) + 'b', 'a'.repeat(20_000)],
    ['?'.repeat(300) + '*b', 'a'.repeat(20_000)],
  ])('does not blow up on pattern %#', (glob, value) => {
    expect(matches(glob, value)).toBe(false);
    expect(matches(glob, `${value}b`)).toBe(true);
  });
});
