import type { OauthRecordStore } from '../domain/application/oauth-record-store.ts';
import type { AuditLog } from '../domain/audit/audit-log.ts';
import type { PersonStore } from '../domain/identity/person-store.ts';
import type { SealedKeyStore } from '../domain/identity/sealed-key-store.ts';
import type { BrowserSessionStore } from '../domain/session/browser-session-store.ts';
import type { LoginAttemptStore } from '../domain/session/login-attempt.ts';
import type { SessionStore } from '../domain/session/session-store.ts';

/** What every kind of store offers. */
export type Store = {
  readonly sessions: SessionStore;
  readonly audit: AuditLog;
  readonly loginAttempts: LoginAttemptStore;
  readonly browserSessions: BrowserSessionStore;
  readonly people: PersonStore;
  readonly oauthRecords: OauthRecordStore;
  readonly sealedKeys: SealedKeyStore;
  /** Whether the store takes writes now. @throws FederationError `store-unavailable` */
  ping(): Promise<void>;
  close(): Promise<void>;
};
