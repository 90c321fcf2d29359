import type { Language } from '../language.ts';
import { de } from './de.ts';
import { en } from './en.ts';

export type TextKey = keyof typeof en;
/** What is filled in for `{name}`. */
export type TextValues = Readonly<Record<string, string | number>>;

/** The words of one language, and how it says numbers and times. */
export type Texts = {
  readonly t: (key: TextKey, values?: TextValues) => string;
  /** A text for one or for more: `key.one` or `key.other`, with `{count}`. */
  readonly count: (key: CountKey, count: number, values?: TextValues) => string;
  /** Seconds in words: `1 hour 30 minutes`. */
  readonly duration: (seconds: number) => string;
  /** Epoch milliseconds, plainly marked as UTC: nobody knows where the reader is. */
  readonly time: (epochMs: number) => string;
  /** Whether there is such a text. */
  readonly has: (key: string) => key is TextKey;
};

type CountKey = { [K in TextKey]: K extends `${infer Stem}.one` ? Stem : never }[TextKey];

const CATALOGUES = { en, de } as const satisfies Record<Language, Readonly<Record<TextKey, string>>>;
/** British dates read the same way round as ISO ones: no month can be taken for a day. */
const LOCALES = { en: 'en-GB', de: 'de' } as const satisfies Record<Language, string>;

const UNITS = [
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** The texts of a language, made once for each. */
export function createTexts(language: Language): Texts {
  const catalogue = CATALOGUES[language];
  const t: Texts['t'] = (key, values = {}) => fill(catalogue[key], values);
  return {
    t,
    count: (key, count, values) => t(count === 1 ? `${key}.one` : `${key}.other`, { ...values, count }),
    duration: durationOf(language),
    time: timeOf(language, t),
    has: (key): key is TextKey => Object.hasOwn(catalogue, key),
  };
}

// A text with a hole in it is a fault of ours that a test sees; a person gets the rest of the page.
function fill(text: string, values: TextValues): string {
  return text.replace(/\{([a-zA-Z]+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

function durationOf(language: Language): Texts['duration'] {
  const formats = UNITS.map(([unit, seconds]) => ({
    seconds,
    format: new Intl.NumberFormat(LOCALES[language], { style: 'unit', unit, unitDisplay: 'long' }),
  }));
  return (duration) => {
    let left = Math.max(0, Math.round(duration));
    const parts: string[] = [];
    for (const { seconds, format } of formats) {
      const amount = Math.floor(left / seconds);
      left -= amount * seconds;
      if (amount > 0) parts.push(format.format(amount));
    }
    return parts.join(' ') || formats.at(-1)?.format.format(0) || '';
  };
}

function timeOf(language: Language, t: Texts['t']): Texts['time'] {
  const format = new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return (epochMs) => t('time.utc', { time: format.format(epochMs) });
}
