/** As long as a line of a list may be. */
const MAX_LENGTH = 64;

/**
 * The name that a person gives a factor; `undefined` for none, for one that is too long, and for one that would not show as what
 * it is: control and formatting characters turn text around or hide it.
 */
export function parseFactorName(text: string): string | undefined {
  const name = text.trim().normalize('NFC');
  const isPlain = !/[\p{C}\u2028\u2029]/u.test(name);
  return name !== '' && name.length <= MAX_LENGTH && isPlain ? name : undefined;
}
