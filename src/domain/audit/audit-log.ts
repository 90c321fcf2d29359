import type { AuditOutcome, AuditRecord } from './audit-event.ts';

export type AuditQuery = {
  readonly reference?: string;
  readonly roleArn?: string;
  readonly outcome?: AuditOutcome;
  /** Epoch milliseconds, inclusive. */
  readonly sinceMs?: number;
};

export type AuditPage = {
  /** Oldest first. */
  readonly records: readonly AuditRecord[];
  /** Always present: where to go on, also for records that are yet to come (`--follow`). */
  readonly cursor: string;
  readonly more: boolean;
};

/** Where decisions are kept. Failures are as in `SessionStore`. */
export interface AuditLog {
  /** For requests that issued nothing; those that issue go with `SessionStore.issue`. */
  record(record: AuditRecord): Promise<void>;
  find(query: AuditQuery, page: { readonly limit: number; readonly cursor?: string }): Promise<AuditPage>;
}
