import type { AuditRecord } from '../audit/audit-event.ts';
import type { Session } from './session.ts';

/** A proof, assertion or code that may be used once; kept until it would be refused anyway. */
export type SingleUse = { readonly key: string; readonly expiresAtMs: number };

export type SessionIndex = 'person' | 'role' | 'provider';

export type SessionQuery = { readonly by: SessionIndex; readonly value: string } | { readonly by: 'all' };

export type SessionPage = {
  readonly sessions: readonly Session[];
  /** Opaque; present while there is more. */
  readonly cursor?: string;
};

/**
 * Where issued credentials live. Every method throws `FederationError('store-unavailable')` within two seconds when the
 * store cannot answer, and works again by itself when it can.
 */
export interface SessionStore {
  /**
   * Writes the session, its indexes, the single-use mark and the audit record: all or nothing, in one round trip.
   * `already-used` when the mark was taken: then nothing is written but the audit record is the caller's to send.
   */
  issue(entry: {
    readonly session: Session;
    readonly audit: AuditRecord;
    readonly once?: SingleUse;
  }): Promise<'issued' | 'already-used'>;
  /** The living session of an access key id; expired and revoked ones are `undefined`. One round trip. */
  find(accessKeyId: string): Promise<Session | undefined>;
  /** Living sessions in no promised order, at most `limit` (1–1000). */
  list(query: SessionQuery, page: { readonly limit: number; readonly cursor?: string }): Promise<SessionPage>;
  /** Whether there was such a living session. */
  revoke(accessKeyId: string): Promise<boolean>;
  /** How many living sessions ended. */
  revokeAll(query: { readonly by: SessionIndex; readonly value: string }): Promise<number>;
  /** Ends all living sessions of roles and users that are not among `issuerArns`. How many ended. */
  revokeOrphans(issuerArns: readonly string[]): Promise<number>;
  /** Takes the mark; `false` when somebody did before, on any node. */
  claim(once: SingleUse): Promise<boolean>;
  /** Counts a failed attempt under `key`; the count is forgotten `windowMs` after the first one. Returns the count so far. */
  countAttempt(key: string, windowMs: number): Promise<number>;
  attempts(key: string): Promise<number>;
  /** Removes what has expired (sessions, index rows, marks, counters, login attempts, OAuth records, audit records older than `auditBeforeMs`). Returns how many sessions went. */
  sweep(auditBeforeMs: number): Promise<number>;
}
