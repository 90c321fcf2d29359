import type { AuditDraft } from '../audit/audit-draft.ts';
import { recordAllowed } from '../federation/audited.ts';
import type { FederationDeps } from '../federation/deps.ts';
import type { People } from '../identity/people.ts';
import type { Person } from '../identity/person.ts';
import type { BrowserSessions, OpenedSession } from './browser-sessions.ts';
import type { SignIn } from './browser-session.ts';

export type SignPersonInDeps = FederationDeps & {
  readonly browserSessions: BrowserSessions;
  readonly people: People;
};

/**
 * Signs a person in with a verified proof: every provider's way ends here. Recorded before anything is opened, so that a store
 * that cannot take the event ends the sign-in.
 *
 * @throws FederationError `store-unavailable`
 */
export async function signPersonIn(
  signIn: SignIn,
  draft: AuditDraft,
  deps: SignPersonInDeps,
): Promise<OpenedSession> {
  const { identity, mfaAuthenticatedAtMs } = signIn;
  draft.identity = identity;
  await recordAllowed(draft, { mfa: mfaAuthenticatedAtMs === undefined ? 'none' : 'provider' }, deps);
  await deps.people.update(identity, (person) => welcome(person, signIn, draft.facts.timeMs));
  return deps.browserSessions.start(signIn, draft.facts);
}

function welcome(person: Person | undefined, { identity, profile }: SignIn, nowMs: number): Person {
  const { providerArn, subject } = identity;
  const known = person ?? {
    firstSignInAtMs: nowMs,
    factors: [],
    recoveryCodes: [],
    favourites: [],
    recents: [],
  };
  return { ...known, providerArn, subject, profile, lastSignInAtMs: nowMs };
}
