import { FederationError } from '../../domain/errors.ts';

/** A pattern as AWS's model words it, and the test that it stands for. */
export type Pattern = { readonly source: string; readonly test: (value: string) => boolean };

export type TextRule = {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: Pattern;
  readonly oneOf?: readonly string[];
  /** The value is not repeated in the message. */
  readonly secret?: true;
};

type IntegerRule = { readonly min: number; readonly max: number };

/** A message repeats at most so many characters of a value. */
const MAX_SHOWN = 2048;

/** Collects what a request's members break, so that all of it is told at once (wire-spec 1.4 b). */
export type Constraints = {
  text: (name: string, value: string | undefined, rule: TextRule) => string | undefined;
  requiredText: (name: string, value: string | undefined, rule: TextRule) => string;
  integer: (name: string, value: string | undefined, rule: IntegerRule) => number | undefined;
  count: (name: string, length: number, rule: { readonly max: number; readonly min?: number }) => void;
  /** @throws FederationError `validation-failed` naming every broken constraint */
  enforce: () => void;
};

export function createConstraints(): Constraints {
  const broken: string[] = [];
  const fail = (value: string | undefined, name: string, ending: string): void => {
    const shown = value === undefined ? 'Value null' : `Value '${value}'`;
    broken.push(`${shown} at '${name}' failed to satisfy constraint: Member must ${ending}`);
  };
  const text = (name: string, value: string | undefined, rule: TextRule): string | undefined => {
    if (value === undefined) return value;
    const shown = rule.secret ? '[hidden]' : value.slice(0, MAX_SHOWN);
    for (const ending of brokenBy(value, rule)) fail(shown, name, ending);
    return value;
  };
  return {
    text,
    requiredText: (name, value, rule) => {
      if (value === undefined) fail(value, name, 'not be null');
      return text(name, value, rule) ?? '';
    },
    integer: (name, value, rule) => {
      if (value === undefined) return undefined;
      const number = parseInteger(value);
      if (number < rule.min) fail(value, name, `have value greater than or equal to ${rule.min}`);
      if (number > rule.max) fail(value, name, `have value less than or equal to ${rule.max}`);
      return number;
    },
    count: (name, length, { max, min = 0 }) => {
      const shown = `[${length} members]`;
      if (length > max) fail(shown, name, `have length less than or equal to ${max}`);
      if (length < min) fail(shown, name, `have length greater than or equal to ${min}`);
    },
    enforce: () => {
      if (broken.length === 0) return;
      const errors = broken.length === 1 ? 'error' : 'errors';
      const text = `${broken.length} validation ${errors} detected: ${broken.join('; ')}`;
      throw new FederationError('validation-failed', 'constraints broken', { params: { text } });
    },
  };
}

// The pattern clause precedes the length clause [L]; lengths count code points.
function* brokenBy(value: string, rule: TextRule): Generator<string> {
  if (rule.pattern && !rule.pattern.test(value))
    yield `satisfy regular expression pattern: ${rule.pattern.source}`;
  const length = codePoints(value);
  if (rule.min !== undefined && length < rule.min) yield `have length greater than or equal to ${rule.min}`;
  if (rule.max !== undefined && length > rule.max) yield `have length less than or equal to ${rule.max}`;
  if (rule.oneOf && !rule.oneOf.includes(value)) yield `satisfy enum value set: [${rule.oneOf.join(', ')}]`;
}

function codePoints(value: string): number {
  return value.length - (value.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

// Type coercion comes before constraints and has its own code (wire-spec 1.4 a): plus signs and leading zeros pass, blanks and
// exponents do not, and only the empty text gets a message.
function parseInteger(value: string): number {
  if (value === '') {
    const params = { text: 'missing value for decimal type' };
    throw new FederationError('malformed-input', 'empty integer', { params });
  }
  const number = /^[+-]?\d{1,20}$/.test(value) ? Number(value) : NaN;
  if (Number.isNaN(number) || number > 0x7fffffff || number < -0x80000000)
    throw new FederationError('malformed-input', 'not an int32');
  return number;
}
