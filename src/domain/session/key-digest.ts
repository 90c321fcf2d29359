import { hash } from 'node:crypto';

/**
 * A fixed-size name for any text that a caller chose: 168 bits of SHA-256 as 28 characters of base64url. Claims and token
 * ids are as long as their sender likes, and must not set the size of keys or forge their structure.
 */
export function keyDigest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 28);
}
