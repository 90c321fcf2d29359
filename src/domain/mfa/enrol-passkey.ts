import { audited } from '../federation/audited.ts';
import { shownSubjectOf, type Person } from '../identity/person.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { addFactor, createFactorId } from './add-factor.ts';
import { attemptOf } from './attempt.ts';
import { limitAttempts } from './attempt-limit.ts';
import { beginPasskeyCeremony, takeChallenge } from './ceremony.ts';
import type { Enrolled, FactorDeps, FactorRequest } from './factor-deps.ts';
import { passkeysOf, requirePasskeys, userHandleOf } from './prove-passkey.ts';

export type PasskeyEnrolment = FactorRequest & {
  /** What the browser posted. */
  readonly response: string;
  /** As `parseFactorName` gave it. */
  readonly name: string;
};

/**
 * Begins an enrolment; returns JSON of `PublicKeyCredentialCreationOptions`.
 *
 * @throws FederationError `sign-in-required` where the session has ended, `store-unavailable`
 */
export async function beginPasskeyEnrolment(
  {
    session,
    person,
    nowMs,
  }: { readonly session: BrowserSession; readonly person: Person; readonly nowMs: number },
  deps: FactorDeps,
): Promise<string> {
  const challenge = await beginPasskeyCeremony('enrol-passkey', { session, nowMs }, deps);
  const accountName = accountNameOf(person);
  const { displayName = accountName } = person.profile;
  const owner = { userHandle: userHandleOf(person), accountName, displayName };
  return requirePasskeys(deps).creationOptions({ challenge, owner, known: passkeysOf(person) });
}

/** What apps and authenticators list the account by. */
export function accountNameOf({ profile, subject }: Pick<Person, 'profile' | 'subject'>): string {
  return profile.email ?? profile.displayName ?? shownSubjectOf({ subject });
}

/**
 * Adds a passkey whose authenticator has verified its user, which proves it as well.
 *
 * @throws FederationError `factor-refused` (`problem`), `factor-locked`, `mfa-required` where another factor must be proved first,
 *   `sign-in-required`, `store-unavailable`
 * @see WebAuthn Level 3, 7.1
 */
export function enrolPasskey(enrolment: PasskeyEnrolment, deps: FactorDeps): Promise<Enrolled> {
  return audited(enrolment.draft, deps, () =>
    limitAttempts(attemptOf(enrolment.session, enrolment.draft.facts, 'enrolment'), deps.sessions, () =>
      enrol(enrolment, deps),
    ),
  );
}

async function enrol(enrolment: PasskeyEnrolment, deps: FactorDeps): Promise<Enrolled> {
  const { session, draft, response, name } = enrolment;
  const nowMs = draft.facts.timeMs;
  const passkeys = requirePasskeys(deps);
  const answered = passkeys.readAnswer(response).challenge;
  const challenge = await takeChallenge(session, { kind: 'enrol-passkey', answered, nowMs }, deps);
  const made = await passkeys.verifyCreation(response, challenge);
  const used = { addedAtMs: nowMs, lastUsedAtMs: nowMs };
  return addFactor(enrolment, { kind: 'passkey', id: createFactorId(deps), name, ...used, ...made }, deps);
}
