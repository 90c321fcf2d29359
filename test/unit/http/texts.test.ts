import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LANGUAGES } from '../../../src/http/language.ts';
import { de } from '../../../src/http/texts/de.ts';
import { en } from '../../../src/http/texts/en.ts';
import { createTexts } from '../../../src/http/texts/texts.ts';

const VIEWS = new URL('../../../views/', import.meta.url);
const templates = ['./', './partials/'].flatMap((folder) =>
  readdirSync(new URL(folder, VIEWS))
    .filter((file) => file.endsWith('.eta'))
    .map((file) => ({ file, text: readFileSync(new URL(folder + file, VIEWS), 'utf8') })),
);
const TAG = /<%[\s\S]*?%>/g;
const english: Readonly<Record<string, string>> = en;
const german: Readonly<Record<string, string>> = de;

function placeholders(text: string): readonly string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').toSorted();
}

describe('the catalogues', () => {
  it('have the same texts, none of them empty or left in English', () => {
    expect(Object.keys(de)).toEqual(Object.keys(en));
    const long = Object.keys(english).filter((key) => (english[key]?.length ?? 0) > 25);
    for (const key of long) expect(german[key], key).not.toBe(english[key]);
    for (const text of [...Object.values(en), ...Object.values(de)]) expect(text.trim()).not.toBe('');
  });

  it.each(Object.keys(en))('fill in the same values in %s', (key) => {
    expect(placeholders(german[key] ?? '')).toEqual(placeholders(english[key] ?? ''));
  });

  it('have a text for one and for more wherever they count', () => {
    const counting = Object.keys(en).filter((key) => key.endsWith('.one'));
    for (const key of counting) expect(english).toHaveProperty([key.replace(/one$/, 'other')]);
  });
});

describe('the templates', () => {
  it.each(templates)('say nothing of their own in $file', ({ text }) => {
    const markup = text.replace(TAG, '').replace(/<!doctype html>|<\/?[a-z][a-z0-9]*[^>]*>/gi, '');
    expect(markup.replace(/&amp;/g, '').match(/\p{L}+/gu) ?? []).toEqual([]);
  });

  it.each(templates)('say nothing of their own in the attributes of $file', ({ text }) => {
    const spoken = /\s(?:alt|title|aria-label|placeholder|data-done|data-left|content|label)="([^"]*)"/g;
    const said = [...text.replace(TAG, '').matchAll(spoken)].map(([, words]) => words);
    const plain = new Set(['', 'width=device-width, initial-scale=1', 'light dark']);
    expect(said.filter((words) => !plain.has(words ?? ''))).toEqual([]);
  });

  it.each(templates)('put in unescaped only what we made ourselves, in $file', ({ text }) => {
    const raw = [...text.matchAll(/<%~\s*([\s\S]*?)\s*%>/g)].map(([, code]) => code ?? '');
    const ours = raw.filter(
      (code) => code.startsWith('include(') || code === 'it.body' || code === 'data.qrSvg',
    );
    expect(raw).toEqual(ours);
  });

  it.each(templates)('ask for texts that exist, in $file', ({ text }) => {
    const asked = [...text.matchAll(/\b(?:t|count)\('([\w.-]+[\w-])'/g)].map(([, key]) => key ?? '');
    for (const key of asked)
      expect(
        Object.keys(en).some((known) => known === key || known === `${key}.one`),
        key,
      ).toBe(true);
  });

  it('leave no text unused', () => {
    const source = templates.map(({ text }) => text).join('\n');
    const frames = readFileSync(new URL('../../../src/http/render.ts', import.meta.url), 'utf8');
    const texts = readFileSync(new URL('../../../src/http/texts/texts.ts', import.meta.url), 'utf8');
    const stems = [...(source + frames + texts).matchAll(/['`]([a-z][\w-]*\.[\w.-]*)/g)].map(
      ([, stem]) => stem ?? '',
    );
    const unused = Object.keys(en).filter((key) => !stems.some((stem) => key.startsWith(stem)));
    expect(unused).toEqual([]);
  });
});

describe('words', () => {
  const english = createTexts('en');
  const german = createTexts('de');

  it.each([
    [900, '15 minutes', '15 Minuten'],
    [3_600, '1 hour', '1 Stunde'],
    [5_400, '1 hour 30 minutes', '1 Stunde 30 Minuten'],
    [43_200, '12 hours', '12 Stunden'],
    [61, '1 minute 1 second', '1 Minute 1 Sekunde'],
    [0, '0 seconds', '0 Sekunden'],
    [-5, '0 seconds', '0 Sekunden'],
  ])('tell %d seconds as %s', (seconds, inEnglish, inGerman) => {
    expect(english.duration(seconds)).toBe(inEnglish);
    expect(german.duration(seconds)).toBe(inGerman);
  });

  it('tell the time in UTC and say so', () => {
    const time = Date.UTC(2026, 0, 2, 23, 59, 59);
    expect(english.time(time)).toBe('2 Jan 2026, 23:59 UTC');
    expect(german.time(time)).toBe('02.01.2026, 23:59 UTC');
  });

  it.each([
    [0, '0 codes are left.'],
    [1, '1 code is left.'],
    [10, '10 codes are left.'],
  ])('count %d', (count, text) => {
    expect(english.count('factors.codes.left', count)).toBe(text);
  });

  it('fill in values once: what a value contains is not filled in again', () => {
    const text = english.t('mfa.reason.role', { roleName: '{roleName} $& {count}' });
    expect(text).toBe('The role {roleName} $& {count} wants a second factor.');
  });

  it.each(LANGUAGES)('leave no hole in counted texts in %s', (language) => {
    expect(createTexts(language).count('roles.found', 2, { query: 'x' })).not.toContain('{');
  });
});
