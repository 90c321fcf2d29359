const LEFT_BY_ENCODE_URI_COMPONENT = /[!'()*]/g;
const LOWER_CASE_ESCAPE = /%(?:[a-f]|.[a-f])/;

/**
 * Percent-encodes everything but the unreserved characters of RFC 3986 2.3, with upper-case digits.
 * @throws URIError on a lone surrogate
 */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text).replace(
    LEFT_BY_ENCODE_URI_COMPONENT,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Undoes percent-encoding. `+` is a blank, as in the parser of the STS parameters: were it a plus sign here, a signed `%2B`
 * could be exchanged for `+` on the way and mean something else to the handler.
 * @throws URIError on a broken escape, broken UTF-8, or an escape in lower case, which SigV4 never writes
 */
export function decodeComponent(text: string): string {
  if (LOWER_CASE_ESCAPE.test(text)) throw new URIError('lower-case percent-encoding');
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** Splits at the first `=`, and decodes neither half. */
export function splitPair(pair: string): readonly [name: string, value: string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}
