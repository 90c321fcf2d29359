import type { AuditLog } from '../audit/audit-log.ts';
import type { Random } from '../credentials/credentials.ts';
import { allowedRecord } from '../federation/audited.ts';
import type { RequestFacts } from '../federation/request-facts.ts';
import type { People } from '../identity/people.ts';
import { personKeyOf, type Person, type PersonId } from '../identity/person.ts';
import type { BrowserSessionStore } from '../session/browser-session-store.ts';
import { recoveryCodesLeft } from './recovery-codes.ts';

export type ResetMfa = {
  readonly person: PersonId;
  /** The operator, by their own account. */
  readonly by: string;
  readonly facts: RequestFacts;
};

export type ResetMfaDeps = {
  readonly people: People;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly sessions: Pick<BrowserSessionStore, 'endAll'>;
  readonly random: Random;
};

/** What was removed, and how many browser sessions ended. */
export type MfaReset = {
  readonly factors: number;
  readonly recoveryCodes: number;
  readonly browserSessions: number;
};

/**
 * Takes all factors and recovery codes from somebody who lost them. Their sessions end first, and once more at the end: nobody who
 * is signed in already may be the one to add the next factor.
 *
 * @returns `undefined` where nobody of this name ever signed in
 * @throws FederationError `store-unavailable`
 */
export async function resetMfa(
  { person: id, by, facts }: ResetMfa,
  { people, audit, sessions, random }: ResetMfaDeps,
): Promise<MfaReset | undefined> {
  const person = await people.find(id);
  if (person === undefined) return undefined;
  const removed = { factors: person.factors.length, recoveryCodes: recoveryCodesLeft(person.recoveryCodes) };
  const draft = {
    ...({ facts, eventSource: 'signin.amazonaws.com', eventName: 'ResetMfa' } as const),
    errorCodeOf: (code: string) => code,
    requestParameters: { person: personKeyOf(id), by },
  };
  await audit.record(allowedRecord(draft, removed, random));
  const ended = await sessions.endAll(personKeyOf(id));
  await people.update(id, (now) => withoutFactors(now ?? person));
  const endedSince = await sessions.endAll(personKeyOf(id));
  return { ...removed, browserSessions: ended + endedSince };
}

function withoutFactors(person: Person): Person {
  return { ...person, factors: [], recoveryCodes: [] };
}
