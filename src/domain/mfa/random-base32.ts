import type { Random } from '../credentials/credentials.ts';
import { BASE32 } from '../session/bucket.ts';

/** Random base32 text: five bits a character. */
export function createBase32(length: number, random: Random): string {
  return Array.from(random(length), (byte) => BASE32.charAt(byte & 31)).join('');
}
