import { randomBytes } from 'node:crypto';
import type { OauthRecord } from '../../src/domain/application/oauth-record-store.ts';

type Saved = Omit<OauthRecord, 'consumedAtMs'>;

/** What names records, grants and aliases: 43 characters that nothing else is called. */
export function sampleRecordId(): string {
  return randomBytes(32).toString('base64url');
}

/** A refresh token that lives for an hour; what a test cares about is given. */
export function sampleOauthRecord(given: Partial<Saved> = {}): Saved {
  return {
    kind: 'RefreshToken',
    id: sampleRecordId(),
    sealed: randomBytes(600),
    expiresAtMs: Date.now() + 3_600_000,
    ...given,
  };
}
