import { assert, integer, property } from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { accentShades, contrastOf, DARK_GROUND } from '../../../src/config/accent.ts';

const color = integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

it.each([
  ['#000000', '#ffffff', 21],
  ['#ffffff', '#ffffff', 1],
  ['#777777', '#ffffff', 4.48],
  ['#767676', '#ffffff', 4.54],
  ['#ff0000', '#ffffff', 4],
])('%s on %s has a contrast of %d (WCAG 2.2, contrast ratio)', (one, other, ratio) => {
  expect(contrastOf(one, other)).toBeCloseTo(ratio, 1);
  expect(contrastOf(other, one)).toBe(contrastOf(one, other));
});

it('every accent reads on the dark ground, too (WCAG 2.2, 1.4.3)', () => {
  assert(
    property(color, (accent) => {
      const { light, dark } = accentShades(accent);
      expect(light).toBe(accent);
      expect(dark).toMatch(/^#[0-9a-f]{6}$/);
      expect(contrastOf(dark, DARK_GROUND)).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

it('leaves an accent as it is that reads on dark already', () => {
  expect(accentShades('#ffcc00')).toEqual({ light: '#ffcc00', dark: '#ffcc00' });
});

it('counts with the ground that the stylesheet has', () => {
  const style = readFileSync(new URL('../../../views/assets/style.css', import.meta.url), 'utf8');
  expect(style).toContain(`--card: light-dark(#fff, ${DARK_GROUND})`);
});
