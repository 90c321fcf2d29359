import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deviceNameOf } from '../../../src/http/device-name.ts';

const MOZILLA = 'Mozilla/5.0';
it.each([
  [
    `${MOZILLA} (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0 Safari/537.36`,
    'Chrome, Linux',
  ],
  [
    `${MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/147.0 Safari/537.36 Edg/147.0`,
    'Edge, Windows',
  ],
  [
    `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18.0 Safari/605.1`,
    'Safari, macOS',
  ],
  [
    `${MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 CriOS/147.0 Safari/604.1`,
    'Chrome, iPhone',
  ],
  [`${MOZILLA} (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0`, 'Firefox, Android'],
  ['curl/8.5.0', 'curl'],
  ['', '–'],
  ['<script>alert(1)</script>', '–'],
])('names %j %s', (userAgent, name) => {
  expect(deviceNameOf(userAgent)).toBe(name);
});

it('is short and plain, whatever comes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (userAgent) => {
      expect(deviceNameOf(userAgent)).toMatch(/^[\w., –-]{1,70}$/);
    }),
  );
});
