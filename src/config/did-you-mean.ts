import { closest, distance } from 'fastest-levenshtein';

/** The distance of two long texts costs their product, and a file can hold texts of any length. */
const MAX_CHARS = 256;

/** The candidate that was probably meant. */
export function didYouMean(text: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0 || text.length > MAX_CHARS) return undefined;
  const best = closest(text, [...candidates]);
  return distance(text.toLowerCase(), best.toLowerCase()) <= Math.max(2, best.length / 3) ? best : undefined;
}
