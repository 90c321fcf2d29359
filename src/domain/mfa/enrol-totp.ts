import { audited } from '../federation/audited.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { addFactor, createFactorId } from './add-factor.ts';
import { attemptOf } from './attempt.ts';
import { limitAttempts } from './attempt-limit.ts';
import { beginCeremony, livingCeremony, TOTP_CEREMONY_MS } from './ceremony.ts';
import type { Enrolled, FactorDeps, FactorRequest } from './factor-deps.ts';
import { plainCode } from './plain-code.ts';
import { useTotpStep } from './prove-code.ts';
import { createBase32 } from './random-base32.ts';
import { refuseExpired, refuseFactor } from './refusals.ts';

export type TotpEnrolment = FactorRequest & {
  /** As it was typed. */
  readonly code: string;
  /** As `parseFactorName` gave it. */
  readonly name: string;
};

/** 160 bits, as long as SHA-1's output (RFC 4226 4, R6). */
const SECRET_CHARACTERS = 32;

/**
 * The secret (base32) that an app is to learn. While an enrolment lasts it stays the same, so that a page that is loaded again, or
 * in another tab, shows what the app has already.
 *
 * @throws FederationError `sign-in-required` where the session has ended, `store-unavailable`
 */
export async function beginTotpEnrolment(
  session: BrowserSession,
  nowMs: number,
  deps: Pick<FactorDeps, 'random' | 'browserSessions'>,
): Promise<string> {
  const begun = livingCeremony(session, 'enrol-totp', nowMs);
  if (begun !== undefined) return begun.secret;
  const secret = createBase32(SECRET_CHARACTERS, deps.random);
  await beginCeremony(session, { kind: 'enrol-totp', secret, expiresAtMs: nowMs + TOTP_CEREMONY_MS }, deps);
  return secret;
}

/**
 * Adds an authenticator app that shows a right code, which proves it as well.
 *
 * @throws FederationError `factor-refused` (`problem`, `attemptsLeft`), `factor-locked`, `mfa-required` where another factor must
 *   be proved first, `sign-in-required`, `store-unavailable`
 */
export function enrolTotp(enrolment: TotpEnrolment, deps: FactorDeps): Promise<Enrolled> {
  return audited(enrolment.draft, deps, () =>
    limitAttempts(
      attemptOf(enrolment.session, enrolment.draft.facts, 'enrolment'),
      deps.sessions,
      (attemptsLeft) => enrol(enrolment, attemptsLeft, deps),
    ),
  );
}

async function enrol(enrolment: TotpEnrolment, attemptsLeft: number, deps: FactorDeps): Promise<Enrolled> {
  const { session, draft, code, name } = enrolment;
  const nowMs = draft.facts.timeMs;
  const begun = livingCeremony(session, 'enrol-totp', nowMs);
  if (begun === undefined) throw refuseExpired('no enrolment of an app is under way');
  const { secret } = begun;
  const match = deps.verifyTotp({ secret, code: plainCode(code), nowMs });
  if (!match) throw refuseFactor('wrong', 'the app does not show this code', { attemptsLeft });
  await useTotpStep({ secret, counter: match.counter, nowMs, attemptsLeft }, deps);
  const used = { addedAtMs: nowMs, lastUsedAtMs: nowMs };
  return addFactor(enrolment, { kind: 'totp', id: createFactorId(deps), name, secret, ...used }, deps);
}
