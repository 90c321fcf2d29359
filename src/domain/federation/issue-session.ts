import { hash } from 'node:crypto';
import type { AuditDraft } from '../audit/audit-draft.ts';
import {
  createAccessKeyId,
  createSecretAccessKey,
  createSessionToken,
  type Credentials,
} from '../credentials/credentials.ts';
import { bucketOfKey } from '../session/bucket.ts';
import type { Session } from '../session/session.ts';
import type { SingleUse } from '../session/session-store.ts';
import { allowedRecord } from './audited.ts';
import type { FederationDeps } from './deps.ts';

/** A session without its credentials. */
export type SessionDraft = Omit<Session, 'accessKeyId' | 'tokenHash' | 'sealedSecret'>;

/** The context that a session's secret is sealed with: it opens for this access key only. */
export function sealContextOf(accessKeyId: string): string {
  return `session:${accessKeyId}`;
}

/**
 * Makes credentials and stores them with the audit event in one round trip.
 *
 * @param responseElements what the event tells of the answer, beside the credentials
 * @returns `undefined` where `once` was used before; then nothing was stored
 */
export async function issueSession(
  session: SessionDraft,
  audit: { readonly draft: AuditDraft; readonly responseElements: Readonly<Record<string, unknown>> },
  deps: FederationDeps,
  once?: SingleUse,
): Promise<Credentials | undefined> {
  const lastCharacter = once && bucketOfKey(once.key);
  const accessKeyId = createAccessKeyId(session.account, deps.random, lastCharacter);
  const secretAccessKey = createSecretAccessKey(deps.random);
  const sessionToken = createSessionToken(deps.random, session.expiresAtMs);
  const { expiresAtMs } = session;
  const credentials = { accessKeyId, expiration: new Date(expiresAtMs).toISOString() };
  const record = allowedRecord(audit.draft, { credentials, ...audit.responseElements }, deps.random);
  const stored = {
    ...session,
    accessKeyId,
    tokenHash: tokenHashOf(sessionToken),
    sealedSecret: deps.seal(secretAccessKey, sealContextOf(accessKeyId)),
  };
  const outcome = await deps.sessions.issue({ session: stored, audit: record, ...(once ? { once } : {}) });
  if (outcome === 'already-used') return undefined;
  deps.emit(record.event);
  return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs };
}

/** The only form in which a session token is kept. */
export function tokenHashOf(sessionToken: string): Uint8Array {
  return hash('sha256', sessionToken, 'buffer');
}
