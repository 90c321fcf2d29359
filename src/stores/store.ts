import type { AuditLog } from '../domain/audit/audit-log.ts';
import type { SessionStore } from '../domain/session/session-store.ts';

/** What every kind of store offers. */
export type Store = {
  readonly sessions: SessionStore;
  readonly audit: AuditLog;
  /** Whether the store takes writes now. @throws FederationError `store-unavailable` */
  ping(): Promise<void>;
  close(): Promise<void>;
};
