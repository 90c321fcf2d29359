import { describe, expect, it } from 'vitest';
import { formatAuditCursor, parseAuditCursor } from '../../../src/stores/redis/audit-cursor.ts';
import { isStorableId } from '../../../src/stores/redis/keys.ts';
import { formatCursor, parseCursor } from '../../../src/stores/redis/session-cursor.ts';
import { indexDigest } from '../../../src/stores/redis/keys.ts';
import { formatPersonCursor, parsePersonCursor } from '../../../src/stores/redis/person-cursor.ts';

const query = { by: 'role', value: 'arn:aws:iam::123456789012:role/a' } as const;
const place = {
  bucket: 'Q',
  digest: indexDigest('role', 'x'),
  id: 'ASIAAAAAAAAAAAAAAAAQ',
  score: 1_800_000_000_000,
};
const refusal: unknown = expect.objectContaining({ code: 'validation-failed' });

describe('session cursor', () => {
  it('brings the place back', () => {
    expect(parseCursor(formatCursor(place, query), query)).toEqual(place);
    expect(parseCursor(formatCursor({ ...place, id: '', score: 0 }, { by: 'all' }), { by: 'all' }).id).toBe(
      '',
    );
  });

  it.each([{ by: 'all' }, { by: 'person', value: query.value }, { by: 'role', value: 'other' }] as const)(
    'is refused with the query %o, which did not make it',
    (other) => {
      expect(() => parseCursor(formatCursor(place, query), other)).toThrow(refusal);
    },
  );

  it.each([
    ['a bucket that is none', { ...place, bucket: '1' }],
    ['two buckets', { ...place, bucket: 'QR' }],
    ['a digest that would name another key', { ...place, digest: '}audit' }],
    ['an id of another alphabet', { ...place, id: 'ASIA}' }],
    ['a negative expiry', { ...place, score: -1 }],
    ['no number for an expiry', { ...place, score: NaN }],
  ])('is refused with %s', (_name, forged) => {
    expect(() => parseCursor(formatCursor(forged, query), query)).toThrow(refusal);
  });
});

describe('audit cursor', () => {
  const positions = Array.from({ length: 32 }, (_, at) => (at % 2 === 0 ? '' : `180000000000${at}-0`));

  it('brings the positions back, and starts before all records', () => {
    expect(parseAuditCursor(formatAuditCursor(positions))).toEqual(positions);
    expect(parseAuditCursor(undefined)).toEqual(Array.from({ length: 32 }, () => ''));
  });

  it.each([
    ['a position too few', positions.slice(1)],
    ['a position too many', [...positions, '']],
    ['a position that is no stream id', positions.with(3, '+')],
    ['an exclusive position', positions.with(3, '(1-0')],
    ['a position of a million digits', positions.with(3, '1'.repeat(1_000_000))],
  ])('is refused with %s', (_name, forged) => {
    expect(() => parseAuditCursor(formatAuditCursor(forged))).toThrow(refusal);
  });
});

describe('person cursor', () => {
  it('brings the place back', () => {
    const { bucket, digest } = place;
    expect(parsePersonCursor(formatPersonCursor({ bucket, digest }))).toEqual({ bucket, digest });
  });

  it.each([
    ['a bucket that is none', { ...place, bucket: '1' }],
    ['a digest that would name another key', { ...place, digest: '}people' }],
    ['a digest too long', { ...place, digest: `${place.digest}x` }],
    ['a line behind it', { ...place, digest: `${place.digest}\n` }],
    ['no digest', { ...place, digest: '' }],
  ])('is refused with %s', (_name, forged) => {
    expect(() => parsePersonCursor(formatPersonCursor(forged))).toThrow(refusal);
  });
});

describe('storable id', () => {
  it.each(['', 'a', 'ASIA1', 'ASIA}', 'ASIA ', 'ASIAé', 'A'.repeat(129)])('is not %j', (id) => {
    expect(isStorableId(id)).toBe(false);
  });
});
