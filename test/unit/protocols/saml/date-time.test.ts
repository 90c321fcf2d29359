import { describe, expect, it } from 'vitest';
import { parseDateTime, parseDuration } from '../../../../src/protocols/saml/date-time.ts';

describe('parseDateTime (SAML Core 1.3.3)', () => {
  it.each([
    ['2027-01-15T08:00:00Z', 1_800_000_000_000],
    ['2027-01-15T08:00:00.5Z', 1_800_000_000_500],
    ['2027-01-15T08:00:00.123456789Z', 1_800_000_000_123],
    ['2027-01-15T08:00:00+00:00', 1_800_000_000_000],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ])('reads %s', (text, time) => {
    expect(parseDateTime(text)).toBe(time);
  });

  it.each([
    '',
    '2027-01-15',
    '2027-01-15T08:00Z',
    '2027-01-15T08:00:00',
    '2027-01-15T08:00:00+01:00',
    '2027-01-15T08:00:00.Z',
    '2027-01-15T08:00:00.1234567890Z',
    '2027-02-29T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-01-15T24:00:00Z',
    '2027-01-15T08:00:60Z',
    ' 2027-01-15T08:00:00Z',
    '2027-01-15T08:00:00Z\n',
    '-027-01-15T08:00:00Z',
    '12027-01-15T08:00:00Z',
  ])('refuses "%s"', (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });
});

describe('parseDuration (XML Schema Part 2 3.2.6)', () => {
  it.each([
    ['PT6H', 21_600_000],
    ['P1D', 86_400_000],
    ['P1Y2M3DT4H5M6.7S', ((365 + 60 + 3) * 86_400 + 4 * 3600 + 5 * 60 + 6) * 1000],
    ['PT0S', 0],
  ])('reads %s', (text, duration) => {
    expect(parseDuration(text)).toBe(duration);
  });

  it.each(['', 'P', 'PT', '6H', 'P6H', '-PT6H', 'PT6H ', 'P1W', 'PT9999999999S', `P${'1'.repeat(70)}D`])(
    'refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});
