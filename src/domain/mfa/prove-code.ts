import { hash } from 'node:crypto';
import { audited } from '../federation/audited.ts';
import type { Person } from '../identity/person.ts';
import type { OpenedSession } from '../session/browser-sessions.ts';
import { attemptOf } from './attempt.ts';
import { limitAttempts } from './attempt-limit.ts';
import { changePerson, findPerson, openProved } from './change-person.ts';
import type { FactorDeps, FactorRequest } from './factor-deps.ts';
import type { TotpFactor } from './factor.ts';
import { plainCode } from './plain-code.ts';
import { recoveryCodeHash } from './recovery-codes.ts';
import { refuseFactor } from './refusals.ts';
import { countChallenge } from './count-challenge.ts';
import { takeCode } from './take-code.ts';

export type CodeProof = FactorRequest & {
  readonly method: 'totp' | 'recovery-code';
  /** As it was typed. */
  readonly code: string;
};

/**
 * Proves a second factor with a code, and gives the session a new id.
 *
 * @throws FederationError `factor-refused` (`problem`, `attemptsLeft`), `factor-locked` (`retryAfterSeconds`), `sign-in-required`
 *   where the session has ended, `store-unavailable`
 */
export function proveCode(proof: CodeProof, deps: FactorDeps): Promise<OpenedSession> {
  const prove = proof.method === 'totp' ? proveTotp : proveRecoveryCode;
  return countChallenge(proof.method, deps, () =>
    audited(proof.draft, deps, () =>
      limitAttempts(attemptOf(proof.session, proof.draft.facts, 'code'), deps.sessions, (attemptsLeft) =>
        prove(proof, attemptsLeft, deps),
      ),
    ),
  );
}

async function proveTotp(proof: CodeProof, attemptsLeft: number, deps: FactorDeps): Promise<OpenedSession> {
  const person = await findPerson(proof, deps);
  const { facts } = proof.draft;
  const match = matchTotp(person, plainCode(proof.code), facts.timeMs, deps);
  if (match === undefined)
    throw refuseFactor('wrong', 'no authenticator app shows this code', { attemptsLeft });
  const { factor, counter } = match;
  await useTotpStep({ secret: factor.secret, counter, nowMs: facts.timeMs, attemptsLeft }, deps);
  await changePerson(proof, deps, (now) => withUse(now, factor, facts.timeMs, attemptsLeft), {
    method: 'totp',
    factorId: factor.id,
  });
  return openProved(proof, 'totp', deps);
}

function matchTotp(
  person: Person,
  code: string,
  nowMs: number,
  { verifyTotp }: Pick<FactorDeps, 'verifyTotp'>,
): { readonly factor: TotpFactor; readonly counter: number } | undefined {
  for (const factor of person.factors) {
    if (factor.kind !== 'totp') continue;
    const match = verifyTotp({ secret: factor.secret, code, nowMs });
    if (match) return { factor, counter: match.counter };
  }
  return undefined;
}

/**
 * Takes a step of an app's clock, so that its code works once on all nodes, whether it enrols or proves.
 *
 * @throws FederationError `factor-refused` (`used`)
 */
export async function useTotpStep(
  step: {
    readonly secret: string;
    readonly counter: number;
    readonly nowMs: number;
    readonly attemptsLeft: number;
  },
  deps: Pick<FactorDeps, 'sessions'>,
): Promise<void> {
  const { secret, counter, nowMs, attemptsLeft } = step;
  const key = `totp:${hash('sha256', `totp ${secret}`, 'base64url')}:${counter}`;
  if (!(await takeCode(key, nowMs, deps)))
    throw refuseFactor('used', 'the code was used before', { attemptsLeft });
}

// A factor that was removed while its code was on the way proves nothing.
function withUse(person: Person, used: TotpFactor, nowMs: number, attemptsLeft: number): Person {
  const isThere = person.factors.some(({ id }) => id === used.id);
  if (!isThere) throw refuseFactor('wrong', 'the authenticator app was removed', { attemptsLeft });
  return {
    ...person,
    factors: person.factors.map((factor) =>
      factor.id === used.id ? { ...factor, lastUsedAtMs: nowMs } : factor,
    ),
  };
}

async function proveRecoveryCode(
  proof: CodeProof,
  attemptsLeft: number,
  deps: FactorDeps,
): Promise<OpenedSession> {
  const typed = recoveryCodeHash(proof.code);
  const nowMs = proof.draft.facts.timeMs;
  const use = (person: Person): Person => withoutCode(person, typed, nowMs, attemptsLeft);
  use(await findPerson(proof, deps));
  // Of two requests at once one would be refused only after the trail said that it was allowed.
  const key = `recovery-code:${typed ?? ''}`;
  if (!(await takeCode(key, nowMs, deps)))
    throw refuseFactor('used', 'the recovery code is being used', { attemptsLeft });
  await changePerson(proof, deps, use, { method: 'recovery-code' });
  return openProved(proof, 'recovery-code', deps);
}

function withoutCode(person: Person, typed: string | undefined, nowMs: number, attemptsLeft: number): Person {
  const found = person.recoveryCodes.find(({ hash: kept }) => kept === typed);
  if (found === undefined) throw refuseFactor('wrong', 'no recovery code of theirs', { attemptsLeft });
  if (found.usedAtMs !== undefined)
    throw refuseFactor('used', 'the recovery code was used before', { attemptsLeft });
  const recoveryCodes = person.recoveryCodes.map((code) =>
    code === found ? { ...code, usedAtMs: nowMs } : code,
  );
  return { ...person, recoveryCodes };
}
