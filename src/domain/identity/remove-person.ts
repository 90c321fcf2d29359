import type { AuditLog } from '../audit/audit-log.ts';
import type { Random } from '../credentials/credentials.ts';
import { allowedRecord } from '../federation/audited.ts';
import type { RequestFacts } from '../federation/request-facts.ts';
import type { BrowserSessionStore } from '../session/browser-session-store.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { People } from './people.ts';
import { personKeyOf, type PersonId } from './person.ts';

export type RemovePerson = {
  readonly person: PersonId;
  /** The operator, by their own account. */
  readonly by: string;
  readonly facts: RequestFacts;
};

export type RemovePersonDeps = {
  readonly people: Pick<People, 'isKnown' | 'remove'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly browserSessions: Pick<BrowserSessionStore, 'endAll' | 'listOf'>;
  readonly sessions: Pick<SessionStore, 'revokeAll' | 'list'>;
  readonly random: Random;
};

/** How many ended. */
export type PersonRemoved = { readonly browserSessions: number; readonly roleSessions: number };

/**
 * Forgets somebody: their sessions end, then the record goes, then what they began meanwhile ends. Who was stopped halfway
 * repeats it: as long as anything is left, the person counts as known.
 *
 * @returns `undefined` where nothing of anybody of this name is here
 * @throws FederationError `store-unavailable`
 */
export async function removePerson(
  { person, by, facts }: RemovePerson,
  deps: RemovePersonDeps,
): Promise<PersonRemoved | undefined> {
  if (!(await isAnythingLeft(person, deps))) return undefined;
  const draft = {
    ...({ facts, eventSource: 'signin.amazonaws.com', eventName: 'RemovePerson' } as const),
    errorCodeOf: (code: string) => code,
    requestParameters: { person: personKeyOf(person), by },
  };
  await deps.audit.record(allowedRecord(draft, null, deps.random));
  const before = await endSessions(person, deps);
  await deps.people.remove(person);
  const since = await endSessions(person, deps);
  return {
    browserSessions: before.browserSessions + since.browserSessions,
    roleSessions: before.roleSessions + since.roleSessions,
  };
}

async function isAnythingLeft(id: PersonId, deps: RemovePersonDeps): Promise<boolean> {
  const value = personKeyOf(id);
  if (await deps.people.isKnown(id)) return true;
  if ((await deps.browserSessions.listOf(value)).length > 0) return true;
  const { sessions } = await deps.sessions.list({ by: 'person', value }, { limit: 1 });
  return sessions.length > 0;
}

/** Browsers first: they are what role sessions come from. */
async function endSessions(id: PersonId, deps: RemovePersonDeps): Promise<PersonRemoved> {
  const value = personKeyOf(id);
  const browserSessions = await deps.browserSessions.endAll(value);
  return { browserSessions, roleSessions: await deps.sessions.revokeAll({ by: 'person', value }) };
}
