import { hash } from 'node:crypto';
import type { OauthRecordKey } from './oauth-record-store.ts';

/** The name of a record in the store: whoever reads it learns no code and no token. */
export function oauthRecordName(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** What a record's content is sealed with: it opens under no other name. */
export function sealContextOfRecord({ kind, id }: OauthRecordKey): string {
  return `oauth:${kind}:${id}`;
}
