import type { CompileComparison } from './comparison.ts';
import type { Order } from './compare-number.ts';

const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,30}))?)?(?:Z|([+-])(\d{2}):?(\d{2}))?)?$/;

/** Date operators: ISO 8601 or epoch seconds on either side; what is no date equals nothing (wire-spec 6.4). */
export function compareDates(order: Order): CompileComparison {
  return (operands) => {
    const expected = operands.map((operand) => parseDate(operand.text)).filter((date) => date !== undefined);
    return (actual) => {
      const date = parseDate(actual);
      return date !== undefined && expected.some((other) => order(date - other));
    };
  };
}

/** Epoch milliseconds, fractions cut off; a date-time without zone is UTC. `undefined` where the text is no date. */
function parseDate(text: string): number | undefined {
  if (/^[+-]?\d{1,12}$/.test(text)) return Number(text) * 1000;
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = ''] = match;
  const days = parseDay(Number(year), Number(month), Number(day));
  const offset = parseOffset(match[8], match[9], match[10]);
  if (days === undefined || offset === undefined) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return days + (seconds - offset) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

/** `Date` carries 30 February over into March; a date that does not exist is no date. */
function parseDay(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}

/** Seconds east of UTC. */
function parseOffset(sign = '+', hours = '0', minutes = '0'): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1 : 1);
}
