import type { OauthRecord, OauthRecordKey } from '../../domain/application/oauth-record-store.ts';

/*
 * A record: version (1 character) · expiry (16 digits) · when it was used up (16 digits or dashes) · `g` and its grant (43), or a
 * dash · `a` and its alias (43), or a dash · sealed, to the end. One string: a hash of this size would take twice the memory. The
 * head is text of a fixed width, so that scripts can judge it and mark the use in its place.
 */
const VERSION = '1';
const TIME_CHARS = 16;
export const EXPIRES_AT = VERSION.length;
export const CONSUMED_AT = EXPIRES_AT + TIME_CHARS;
export const HEAD_CHARS = CONSUMED_AT + TIME_CHARS;
export const NOT_CONSUMED = '-'.repeat(TIME_CHARS);
const HEAD = /^1(\d{16})(\d{16}|-{16})(?:g([\w-]{43})|-)(?:a([\w-]{43})|-)/;
const LONGEST_HEAD = HEAD_CHARS + 2 * 44;

/** What comes before and after the time of its use. */
export type EncodedRecord = { readonly before: string; readonly after: Buffer };

export function encodeOauthRecord(record: Omit<OauthRecord, 'consumedAtMs'>): EncodedRecord {
  const { expiresAtMs, grantId, alias, sealed } = record;
  const names = marked('g', grantId) + marked('a', alias);
  return {
    before: VERSION + formatTime(expiresAtMs),
    after: Buffer.concat([Buffer.from(names, 'latin1'), sealed]),
  };
}

function marked(mark: string, name: string | undefined): string {
  return name === undefined ? '-' : mark + name;
}

/** Epoch milliseconds at a fixed width. */
export function formatTime(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`not a time: ${ms}`);
  return String(ms).padStart(TIME_CHARS, '0');
}

/** @throws Error for anything that {@link encodeOauthRecord} and the scripts did not write. */
export function decodeOauthRecord({ kind, id }: OauthRecordKey, bytes: Buffer): OauthRecord {
  const match = HEAD.exec(bytes.toString('latin1', 0, LONGEST_HEAD));
  if (match === null) throw new Error(`the stored ${kind} cannot be read`);
  const [head, expires, consumed, grantId, alias] = match;
  return {
    ...{ kind, id },
    sealed: bytes.subarray(head.length),
    expiresAtMs: Number(expires),
    ...(grantId === undefined ? {} : { grantId }),
    ...(alias === undefined ? {} : { alias }),
    ...(consumed === NOT_CONSUMED ? {} : { consumedAtMs: Number(consumed) }),
  };
}
