import type { CompileComparison } from './comparison.ts';

/** An exact decimal, 0.DIGITS × 10^magnitude, digits without zeros at either end; zero has no digits. */
type Decimal = { readonly sign: -1 | 0 | 1; readonly magnitude: number; readonly digits: string };

export type Order = (comparison: number) => boolean;

/** Numeric operators: decimals are compared exactly, since doubles cannot tell 9007199254740993 from …992 (wire-spec 6.4). */
export function compareNumbers(order: Order): CompileComparison {
  return (operands) => {
    const expected = operands
      .map((operand) => parseDecimal(operand.text))
      .filter((decimal) => decimal !== undefined);
    return (actual) => {
      const decimal = parseDecimal(actual);
      return decimal !== undefined && expected.some((other) => order(compareDecimals(decimal, other)));
    };
  };
}

/** Reads `1`, `+01`, `1.`, `.5`, `1e0`; `undefined` for anything else, NaN and Infinity included. */
function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction, bareFraction, exponent = '0'] = match;
  const digits = whole + (fraction ?? bareFraction ?? '');
  const start = leadingZeros(digits);
  const significant = digits.slice(start, digits.length - trailingZeros(digits));
  if (start === digits.length) return { sign: 0, magnitude: 0, digits: '' };
  return {
    sign: sign === '-' ? -1 : 1,
    magnitude: whole.length - start + Number(exponent),
    digits: significant,
  };
}

/** Negative, zero or positive, as `a` is less than, equal to or greater than `b`. */
function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.magnitude !== b.magnitude) return a.sign * (a.magnitude - b.magnitude);
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -a.sign : a.sign;
}

/** Counted by hand: `/0+$/` is quadratic on a long run of zeros. */
function trailingZeros(digits: string): number {
  let count = 0;
  while (digits[digits.length - 1 - count] === '0') count += 1;
  return count;
}

function leadingZeros(digits: string): number {
  let count = 0;
  while (digits[count] === '0') count += 1;
  return count;
}
