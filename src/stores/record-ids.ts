import type { OauthRecord } from '../domain/application/oauth-record-store.ts';

/** SHA-256 in base64url. */
const HASH = /^[\w-]{43}$/;

/** Whether a text could be the id, grant or alias of an OAuth record; the store is not asked for anything else. */
export function isRecordId(text: string): boolean {
  return HASH.test(text);
}

/** @throws Error where a name is no hash: it would put a code or a token into the store in the clear. */
export function checkRecordIds({ id, grantId, alias }: Pick<OauthRecord, 'id' | 'grantId' | 'alias'>): void {
  const names = [id, grantId, alias].filter((name) => name !== undefined);
  if (!names.every(isRecordId)) throw new Error('an OAuth record is named by something that is no hash');
}
