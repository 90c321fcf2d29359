import type { AuditOutcome } from '../domain/audit/audit-event.ts';

const OUTCOMES = ['allowed', 'denied', 'failed'] as const satisfies AuditOutcome[];

/** @throws Error for anything that no version has written. */
export function parseOutcome(value: unknown): AuditOutcome {
  const outcome = OUTCOMES.find((known) => known === value);
  if (outcome === undefined) throw new Error('the stored audit record has an unknown outcome');
  return outcome;
}
