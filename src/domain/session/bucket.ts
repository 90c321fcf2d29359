import { hash } from 'node:crypto';

/** The base32 alphabet of AWS's identifiers (RFC 4648, upper case, no padding). */
export const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Everything that is written together must live in one Redis hash slot, so keys are spread over 32 buckets, each one slot.
 * The last character of an access key id or of an audit reference names its bucket; any other key hashes to one, and the
 * access key id that is written with such a key is made to end in that bucket's character.
 */
export function bucketOfId(id: string): string {
  return id.slice(-1);
}

export function bucketOfKey(key: string): string {
  const first = hash('sha256', key, 'buffer')[0] ?? 0;
  return BASE32.charAt(first & 31);
}
