const DATE_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/;
const DURATION =
  /^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?$/;
const SECONDS = [365 * 86_400, 30 * 86_400, 86_400, 3600, 60, 1];

/**
 * Epoch milliseconds of a SAML time, which is UTC: it ends in `Z`, or `+00:00` as some write it; `undefined` for anything
 * else.
 *
 * @see SAML Core 1.3.3
 */
export function parseDateTime(text: string): number | undefined {
  const [, seconds, fraction = ''] = DATE_TIME.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const time = Date.parse(`${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  // Date.parse rolls the 30th of February over into March; what was meant is anybody's guess.
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(seconds) ? undefined : time;
}

/**
 * Milliseconds of a duration such as `PT6H`, a year as 365 days and a month as 30; `undefined` for anything else.
 *
 * @see XML Schema Part 2 3.2.6
 */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)?.slice(1);
  if (parts === undefined || !parts.some(Boolean)) return undefined;
  const seconds = SECONDS.map((unit, index) => unit * Number(parts[index] ?? 0));
  return seconds.reduce((sum, part) => sum + part, 0) * 1000;
}
