import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeOauthRecord,
  encodeOauthRecord,
  formatTime,
  NOT_CONSUMED,
} from '../../../src/stores/redis/oauth-record.ts';

const ids = fc.stringMatching(/^[\w-]{43}$/);
const times = fc.maxSafeNat();
const records = fc.record(
  {
    kind: fc.constant('RefreshToken' as const),
    id: ids,
    sealed: fc.uint8Array({ maxLength: 200 }),
    expiresAtMs: times,
    grantId: ids,
    alias: ids,
  },
  { requiredKeys: ['kind', 'id', 'sealed', 'expiresAtMs'] },
);
const KEY = { kind: 'Session', id: 'A'.repeat(43) } as const;

function stored(record: Parameters<typeof encodeOauthRecord>[0], consumed = NOT_CONSUMED): Buffer {
  const { before, after } = encodeOauthRecord(record);
  return Buffer.concat([Buffer.from(before + consumed), after]);
}

describe('an OAuth record in Redis', () => {
  it('is read as it was written, whatever is sealed in it, used or not', () => {
    fc.assert(
      fc.property(records, fc.option(times, { nil: undefined }), (record, consumedAtMs) => {
        const consumed = consumedAtMs === undefined ? NOT_CONSUMED : formatTime(consumedAtMs);
        const { sealed, ...rest } = decodeOauthRecord(record, stored(record, consumed));
        expect(Buffer.from(record.sealed).equals(sealed)).toBe(true);
        const used = consumedAtMs === undefined ? {} : { consumedAtMs };
        expect({ ...rest, sealed: record.sealed }).toEqual({ ...record, ...used });
      }),
    );
  });

  it('is refused where its head is cut anywhere', () => {
    fc.assert(
      fc.property(records, (record) => {
        const bytes = stored(record);
        const headBytes = bytes.length - record.sealed.length;
        for (let length = 0; length < headBytes; length += 1)
          expect(() => decodeOauthRecord(record, bytes.subarray(0, length))).toThrow('cannot be read');
      }),
      { numRuns: 20 },
    );
  });

  it('is nothing that anybody else wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeOauthRecord(KEY, Buffer.from(bytes))).toThrow('the stored Session cannot be read');
      }),
    );
  });

  it.each([-1, 1.5, NaN, Infinity, 2 ** 53])('holds no time like %d, which would move the rest', (ms) => {
    expect(() => formatTime(ms)).toThrow('not a time');
  });
});
