import { expect, it } from 'vitest';
import { chooseLanguage } from '../../../src/http/language.ts';

it.each([
  ['', 'en'],
  ['de', 'de'],
  ['de-AT, en;q=0.9', 'de'],
  ['DE-CH', 'de'],
  ['en-GB,en;q=0.9,de;q=0.8', 'en'],
  ['fr, de;q=0.5, en;q=0.4', 'de'],
  ['de;q=0.4, en;q=0.5', 'en'],
  ['fr, it', 'en'],
  ['*', 'en'],
  ['en;q=0, *', 'de'],
  ['de;q=0, *;q=0.1', 'en'],
  ['de;q=0', 'en'],
  ['fr, en;q=0', 'en'],
  ['de;q=0.300;x=1, en;q=0.299', 'de'],
  ['den, dev', 'en'],
])('chooses by %j the language %s (RFC 9110 12.5.4)', (header, language) => {
  expect(chooseLanguage(header)).toBe(language);
});

it.each([
  'de;q=2',
  'de;q=-1',
  'de;q=1.5',
  'de;q=0.1234',
  'de;q=,',
  ';;;,,,;q=',
  `${'fr,'.repeat(1_000)}de`,
  '__proto__',
])('makes nothing of the malformed header %j', (header) => {
  expect(chooseLanguage(header)).toBe('en');
});
