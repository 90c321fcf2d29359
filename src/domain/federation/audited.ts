import type { AuditDraft } from '../audit/audit-draft.ts';
import { renderAuditRecord } from '../audit/audit-record.ts';
import type { Random } from '../credentials/credentials.ts';
import { createUuid } from '../credentials/uuid.ts';
import { FederationError, type FailureCode } from '../errors.ts';
import { BASE32 } from '../session/bucket.ts';
import type { FederationDeps } from './deps.ts';
import { explanationOf } from './explanation.ts';

/**
 * Failures of a request's form, and of our own store, are no decisions: they go to the log, not to the audit trail, so
 * that a scanner cannot fill the trail and a store that is down is not asked again.
 */
const UNAUDITED: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'invalid-action',
  'malformed-input',
  'validation-failed',
  'request-too-large',
  'request-timeout',
  'missing-credentials',
  'incomplete-signature',
  'store-unavailable',
]);

/**
 * Runs a use case so that no refusal escapes the audit trail: records it, and gives the failure the reference that the
 * caller is told and the sealed decision that an operator may open.
 *
 * @throws FederationError what `run` threw, with its `refusal`; `store-unavailable` where it could not be recorded
 */
export async function audited<T>(draft: AuditDraft, deps: FederationDeps, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof FederationError && !UNAUDITED.has(error.code))
      await recordRefusal(error, draft, deps);
    throw error;
  }
}

/** The event of a request that was allowed; `SessionStore.issue` writes it with the session. */
export function allowedRecord(
  draft: AuditDraft,
  responseElements: Readonly<Record<string, unknown>> | null,
  random: Random,
): ReturnType<typeof renderAuditRecord> {
  return renderAuditRecord(draft, { allowed: { responseElements } }, createUuid(random));
}

/**
 * Records what was done for somebody, where no session is issued that the event would be written with.
 *
 * @param alongside what is written at the same time: the event is told only once both are
 * @throws FederationError `store-unavailable`
 */
export async function recordAllowed(
  draft: AuditDraft,
  responseElements: Readonly<Record<string, unknown>> | null,
  { audit, emit, random }: Pick<FederationDeps, 'audit' | 'emit' | 'random'>,
  alongside?: () => Promise<void>,
): Promise<void> {
  const record = allowedRecord(draft, responseElements, random);
  await Promise.all([audit.record(record), alongside?.()]);
  emit(record.event);
}

async function recordRefusal(
  failure: FederationError,
  draft: AuditDraft,
  deps: FederationDeps,
): Promise<void> {
  const reference = createReference(deps.random);
  const record = renderAuditRecord(draft, { failure, reference }, createUuid(deps.random));
  await deps.audit.record(record);
  deps.emit(record.event);
  const explanation = explanationOf(draft, reference);
  failure.refusal = {
    reference,
    ...(explanation === undefined ? {} : { encodedMessage: deps.encodeMessage(JSON.stringify(explanation)) }),
  };
}

/** `7F3K-Q2MD`: 40 random bits, short enough to read out on the telephone. */
function createReference(random: Random): string {
  const text = Array.from(random(8), (byte) => BASE32.charAt(byte & 31)).join('');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}
