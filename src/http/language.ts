/** The languages that there are texts in; the first is the fallback. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Browsers send a handful; a longer header only makes us work. */
const MAX_HEADER = 500;
const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

type Wish = { readonly range: string; readonly quality: number };

/**
 * The language that a browser likes best of those that there are texts in, else English.
 *
 * @see RFC 9110 12.5.4
 */
export function chooseLanguage(acceptLanguage: string): Language {
  const wishes = acceptLanguage.slice(0, MAX_HEADER).split(',').map(parseWish);
  // A stable sort: what is named first wins among equals.
  const ranked = LANGUAGES.map((language) => ({ language, ...rankOf(language, wishes) }))
    .filter(({ quality }) => quality > 0)
    .toSorted((one, other) => other.quality - one.quality || one.position - other.position);
  return ranked[0]?.language ?? 'en';
}

function parseWish(text: string): Wish {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim());
  const weight = parameters.find((parameter) => /^q=/i.test(parameter));
  const quality = weight === undefined ? 1 : Number(QUALITY.exec(weight)?.[1] ?? 0);
  return { range: range.toLowerCase(), quality };
}

// RFC 4647 3.3.1 the other way round: `de-AT` is content with `de`, since nobody has texts for each country. A language's own
// name says more than `*`.
function rankOf(language: Language, wishes: readonly Wish[]): { quality: number; position: number } {
  const own = wishes.filter(({ range }) => range === language || range.startsWith(`${language}-`));
  const matching = own.length > 0 ? own : wishes.filter(({ range }) => range === '*');
  const quality = Math.max(0, ...matching.map((wish) => wish.quality));
  return { quality, position: wishes.findIndex((wish) => matching.includes(wish)) };
}
