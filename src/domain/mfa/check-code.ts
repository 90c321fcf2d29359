import { FederationError } from '../errors.ts';
import type { User } from '../role/user.ts';
import type { SessionStore } from '../session/session-store.ts';
import { takeCode } from './take-code.ts';

export type MfaParameters = { readonly serialNumber?: string; readonly tokenCode?: string };

export type MfaDeps = {
  readonly sessions: Pick<SessionStore, 'claim' | 'countAttempt'>;
  /** The time step that `code` belongs to, or `undefined` for a wrong code (RFC 6238). */
  readonly verifyTotp: (input: {
    secret: string;
    code: string;
    nowMs: number;
  }) => { counter: number } | undefined;
};

/** A code works once, so nobody can succeed more often than once in 30 s: who tries more often is guessing. */
const ATTEMPTS_PER_WINDOW = 15;
const WINDOW_MS = 5 * 60_000;

/**
 * Checks SerialNumber and TokenCode of a call (wire-spec 1.6, 5).
 *
 * @param user the caller; `undefined` for role sessions, which own no device
 * @returns when the factor was proved, or `undefined` where the call names none
 * @throws FederationError `mfa-incomplete`, `mfa-device-unknown`, `mfa-code-wrong` (also for a used code and for too many tries)
 */
export async function checkMfaCode(
  { serialNumber, tokenCode }: MfaParameters,
  user: User | undefined,
  nowMs: number,
  deps: MfaDeps,
): Promise<number | undefined> {
  if (serialNumber === undefined && tokenCode === undefined) return undefined;
  if (serialNumber === undefined || tokenCode === undefined)
    throw new FederationError('mfa-incomplete', 'serial number or code missing');
  const device = user?.mfaDevices.find(({ serial }) => serial === serialNumber);
  if (!user || !device) throw new FederationError('mfa-device-unknown', 'not a device of the caller');
  // Counted before the code is looked at, so that parallel guesses cannot slip past the limit.
  const attempts = await deps.sessions.countAttempt(`mfa:${user.arn}`, WINDOW_MS);
  if (attempts > ATTEMPTS_PER_WINDOW) throw new FederationError('mfa-code-wrong', 'too many attempts');
  const match = deps.verifyTotp({ secret: device.totpSecret.reveal(), code: tokenCode, nowMs });
  if (!match) throw new FederationError('mfa-code-wrong', 'wrong code');
  if (!(await takeCode(`totp:${serialNumber}:${match.counter}`, nowMs, deps)))
    throw new FederationError('mfa-code-wrong', 'code used before');
  return nowMs;
}
