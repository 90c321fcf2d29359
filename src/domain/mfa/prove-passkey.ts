import { hash } from 'node:crypto';
import { audited } from '../federation/audited.ts';
import { personKeyOf, type Person, type PersonId } from '../identity/person.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { OpenedSession } from '../session/browser-sessions.ts';
import { attemptOf } from './attempt.ts';
import { limitAttempts } from './attempt-limit.ts';
import { beginPasskeyCeremony, takeChallenge } from './ceremony.ts';
import { changePerson, findPerson, openProved } from './change-person.ts';
import { countChallenge } from './count-challenge.ts';
import type { FactorDeps, FactorRequest } from './factor-deps.ts';
import type { PasskeyFactor } from './factor.ts';
import { isCloneCounter, type Passkeys } from './passkeys.ts';
import { refuseFactor } from './refusals.ts';

export type PasskeyProof = FactorRequest & {
  /** What the browser posted. */
  readonly response: string;
};

/** How authenticators name a person: it says nothing of them (WebAuthn Level 3, 14.6.1). */
export function userHandleOf(person: PersonId): Uint8Array {
  return hash('sha256', `webauthn user ${personKeyOf(person)}`, 'buffer');
}

/** The passkeys of a person. */
export function passkeysOf({ factors }: Pick<Person, 'factors'>): readonly PasskeyFactor[] {
  return factors.filter((factor) => factor.kind === 'passkey');
}

/**
 * Begins a challenge; returns JSON of `PublicKeyCredentialRequestOptions`.
 *
 * @throws FederationError `sign-in-required` where the session has ended, `store-unavailable`
 */
export async function beginPasskeyProof(
  {
    session,
    person,
    nowMs,
  }: { readonly session: BrowserSession; readonly person: Person; readonly nowMs: number },
  deps: FactorDeps,
): Promise<string> {
  const challenge = await beginPasskeyCeremony('prove-passkey', { session, nowMs }, deps);
  return requirePasskeys(deps).requestOptions({ challenge, known: passkeysOf(person) });
}

/**
 * Proves a second factor with a passkey, and gives the session a new id.
 *
 * @throws FederationError `factor-refused` (`problem`), `factor-locked` (`retryAfterSeconds`), `sign-in-required` where the
 *   session has ended, `store-unavailable`
 * @see WebAuthn Level 3, 7.2
 */
export function provePasskey(proof: PasskeyProof, deps: FactorDeps): Promise<OpenedSession> {
  return countChallenge('passkey', deps, () =>
    audited(proof.draft, deps, () =>
      limitAttempts(attemptOf(proof.session, proof.draft.facts, 'passkey'), deps.sessions, () =>
        prove(proof, deps),
      ),
    ),
  );
}

async function prove(proof: PasskeyProof, deps: FactorDeps): Promise<OpenedSession> {
  const { session, draft, response } = proof;
  const nowMs = draft.facts.timeMs;
  const passkeys = requirePasskeys(deps);
  const answer = passkeys.readAnswer(response);
  const kind = 'prove-passkey';
  const challenge = await takeChallenge(session, { kind, answered: answer.challenge, nowMs }, deps);
  const passkey = findPasskey(await findPerson(proof, deps), answer.credentialId);
  const userHandle = userHandleOf(session.signIn.identity);
  const { counter } = await passkeys.verifyUse(response, { challenge, passkey, userHandle });
  await changePerson(proof, deps, (person) => withUse(person, { passkey, counter, nowMs }), {
    method: 'passkey',
    factorId: passkey.id,
  });
  return openProved(proof, 'passkey', deps);
}

/** Looked up among the person's own alone: another's credential is none. */
function findPasskey(person: Person, credentialId: string): PasskeyFactor {
  const found = passkeysOf(person).find((passkey) => passkey.credentialId === credentialId);
  if (found === undefined) throw refuseFactor('passkey-refused', 'no passkey of theirs');
  return found;
}

type Use = { readonly passkey: PasskeyFactor; readonly counter: number; readonly nowMs: number };

function withUse(person: Person, { passkey, counter, nowMs }: Use): Person {
  const kept = findPasskey(person, passkey.credentialId);
  if (isCloneCounter(kept.counter, counter))
    throw refuseFactor(
      'passkey-refused',
      `the counter of ${kept.id} did not grow (${kept.counter}, now ${counter}): it may have been copied`,
    );
  return {
    ...person,
    factors: person.factors.map((factor) =>
      factor.id === kept.id ? { ...kept, counter, lastUsedAtMs: nowMs } : factor,
    ),
  };
}

/** @throws FederationError `factor-refused` where there can be no passkeys */
export function requirePasskeys({ passkeys }: Pick<FactorDeps, 'passkeys'>): Passkeys {
  if (passkeys === undefined) throw refuseFactor('passkey-refused', 'at an IP address there are no passkeys');
  return passkeys;
}
