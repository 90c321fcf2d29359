import { hash } from 'node:crypto';
import { BASE32 } from '../session/bucket.ts';

/** `AROA` for a role, `AIDA` for a user. */
export type UniqueIdPrefix = 'AROA' | 'AIDA';

/**
 * The unique id of a configured role or user: the prefix and 17 characters of A–Z2–7, 21 in all (wire-spec 2).
 * It is derived from the ARN, so every process and every restart answers the same id without keeping it anywhere.
 */
export function uniqueId(prefix: UniqueIdPrefix, arn: string): string {
  const digest = hash('sha256', arn, 'buffer').subarray(0, 17);
  return prefix + Array.from(digest, (byte) => BASE32.charAt(byte & 31)).join('');
}
