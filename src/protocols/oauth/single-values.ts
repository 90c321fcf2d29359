import { malformed } from './refusal.ts';

const MAX_PARAMETERS = 100;
/** Of client ids, scopes, names of types: all that is no token. */
const MAX_CHARS = 4096;

/** The parameters of a request, each once. */
export type SingleValues = {
  /** The value; `undefined` where it is absent or empty (RFC 6749 3.2). */
  readonly optional: (name: string, maxChars?: number) => string | undefined;
  /** @throws FederationError `malformed-input` */
  readonly required: (name: string, maxChars?: number) => string;
};

/**
 * Reads a form of which every parameter comes once.
 *
 * @param repeatable those that may come several times, and are read elsewhere
 * @throws FederationError `malformed-input`
 * @see RFC 6749 3.2
 */
export function singleValues(form: URLSearchParams, repeatable: readonly string[] = []): SingleValues {
  const names = [...form.keys()].filter((name) => !repeatable.includes(name));
  // Of two values one reader takes the first and another one the last.
  if (new Set(names).size !== names.length) throw malformed('A parameter is there twice.');
  if (form.size > MAX_PARAMETERS) throw malformed('The request has too many parameters.');
  const optional = (name: string, maxChars = MAX_CHARS): string | undefined => {
    const value = form.get(name) ?? '';
    if (value.length > maxChars) throw malformed(`${name} is too long.`);
    return value === '' ? undefined : value;
  };
  return {
    optional,
    required: (name, maxChars) => {
      const value = optional(name, maxChars);
      if (value === undefined) throw malformed(`${name} is missing.`);
      return value;
    },
  };
}
