import { randomBytes, randomUUID } from 'node:crypto';
import { bucketOfKey } from '../../src/domain/session/bucket.ts';
import type { BrowserSessionRecord } from '../../src/domain/session/browser-session-store.ts';

/** As `personKeyOf` makes it: somebody whom no other test knows. */
export function samplePerson(): string {
  return `arn:aws:iam::123456789012:saml-provider/corp ${randomUUID()}`;
}

/** A session that was just begun and lives for an hour; what a test cares about is given. */
export function sampleBrowserSession(given: Partial<BrowserSessionRecord> = {}): BrowserSessionRecord {
  const person = given.person ?? samplePerson();
  const now = Date.now();
  return {
    id: randomBytes(32).toString('base64url') + bucketOfKey(person),
    person,
    lastSeenAtMs: now,
    expiresAtMs: now + 3_600_000,
    sealed: randomBytes(900),
    ...given,
  };
}
