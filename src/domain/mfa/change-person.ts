import { FederationError } from '../errors.ts';
import { recordAllowed } from '../federation/audited.ts';
import type { Person } from '../identity/person.ts';
import type { OpenedSession } from '../session/browser-sessions.ts';
import type { FactorDeps, FactorRequest } from './factor-deps.ts';
import type { MfaMethod } from './factor.ts';
import { mayChangeFactors } from './mfa-step.ts';

/**
 * Changes a person's factors: first tried on what is known, so that nothing is recorded that does not happen, then recorded, so
 * that nothing happens that is not recorded, and then done to the person as they are at that moment.
 *
 * @throws FederationError what `change` throws, `sign-in-required` where there is no such person any more, `store-unavailable`
 */
export async function changePerson(
  { session, draft }: FactorRequest,
  deps: FactorDeps,
  change: (person: Person) => Person,
  facts: Readonly<Record<string, unknown>>,
): Promise<Person> {
  const id = session.signIn.identity;
  change(known(await deps.people.find(id)));
  await recordAllowed(draft, facts, deps);
  return deps.people.update(id, (person) => change(known(person)));
}

/** @throws FederationError `mfa-required` where factors may not be changed now, `sign-in-required` where only a sign-in helps */
export function requireFreshProof({ session, draft }: FactorRequest, person: Person): void {
  if (mayChangeFactors({ session, person, nowMs: draft.facts.timeMs })) return;
  if (person.factors.length === 0) throw new FederationError('sign-in-required', 'the sign-in is too old');
  throw new FederationError('mfa-required', 'no factor of their own was proved a short while ago');
}

/** Puts the proof on the session. @throws FederationError `sign-in-required` where it has ended meanwhile, `store-unavailable` */
export async function openProved(
  { session, draft }: FactorRequest,
  method: MfaMethod,
  { browserSessions }: FactorDeps,
): Promise<OpenedSession> {
  const opened = await browserSessions.stepUp(session, { authenticatedAtMs: draft.facts.timeMs, method });
  if (opened === undefined) throw sessionEnded();
  return opened;
}

export function sessionEnded(): FederationError {
  return new FederationError('sign-in-required', 'the session has ended');
}

/** The person, as they are kept. @throws FederationError `sign-in-required`, `store-unavailable` */
export async function findPerson(
  { session }: Pick<FactorRequest, 'session'>,
  deps: Pick<FactorDeps, 'people'>,
): Promise<Person> {
  return known(await deps.people.find(session.signIn.identity));
}

function known(person: Person | undefined): Person {
  if (person === undefined)
    throw new FederationError('sign-in-required', 'nobody of this name ever signed in');
  return person;
}
