/** What a browser says of itself, the more special name first: Edge says Chrome, and Chrome says Safari. */
const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['Firefox/', 'Firefox'],
  ['FxiOS/', 'Firefox'],
  ['CriOS/', 'Chrome'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;
const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['CrOS', 'ChromeOS'],
  ['Mac OS X', 'macOS'],
  ['Linux', 'Linux'],
] as const;
const MAX_PRODUCT_CHARS = 40;

/**
 * A browser as people know it, `Chrome, Linux`, from its user agent: a hint to recognise a device by, as anybody can send any
 * text. Without words, so that it reads in every language.
 */
export function deviceNameOf(userAgent: string): string {
  const find = (names: readonly (readonly [string, string])[]): string | undefined =>
    names.find(([mark]) => userAgent.includes(mark))?.[1];
  const parts = [find(BROWSERS) ?? productOf(userAgent), find(SYSTEMS)].filter((part) => part !== undefined);
  return parts.length === 0 ? '–' : parts.join(', ');
}

/** `curl` of `curl/8.5.0`. */
function productOf(userAgent: string): string | undefined {
  const [product = ''] = userAgent.split(/[/\s(]/, 1);
  return /^[\w.-]+$/.test(product) && product !== 'Mozilla' ? product.slice(0, MAX_PRODUCT_CHARS) : undefined;
}
