import type { Person } from '../identity/person.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { MfaMethod, MfaProof } from './factor.ts';

/**
 * What stands between a person and what they want, as states and what leads on from each:
 *
 *     sign-in-again ──sign in──▶ add-first ──a factor proved as it is added──▶ done
 *     verify ──passkey, code or recovery code proved──▶ done
 *     verify ──too many wrong codes──▶ locked ──time──▶ verify
 *     done ──15 minutes, for managing; whatever the role's policy says, for roles──▶ verify
 *
 * Nothing is kept of the state itself: it follows from the person's factors, the session's last proof and the counters, so it
 * cannot disagree with them. Whatever is begun between two requests is the session's one `ceremony`: the later begun wins.
 */
export type MfaStep =
  | { readonly kind: 'done' }
  /** No factor yet, and the sign-in is old: a stolen cookie must not enrol. */
  | { readonly kind: 'sign-in-again' }
  | { readonly kind: 'add-first' }
  /** The preferred one first. */
  | { readonly kind: 'verify'; readonly methods: readonly [MfaMethod, ...MfaMethod[]] }
  | { readonly kind: 'locked'; readonly untilMs: number };

/** What a second factor is wanted for. */
export type MfaGoal =
  /** To be let on. Proofs from before `sinceMs` (epoch milliseconds) do not count. */
  | { readonly kind: 'present'; readonly sinceMs: number }
  /** To change one's factors. */
  | { readonly kind: 'manage' };

export type MfaSituation = {
  readonly session: Pick<BrowserSession, 'mfa' | 'startedAtMs'>;
  readonly person: Pick<Person, 'factors' | 'recoveryCodes'>;
  readonly nowMs: number;
  readonly passkeys: 'work' | 'need-host-name';
  /** Until when no code is looked at, epoch milliseconds; passkeys cannot be guessed and stay. */
  readonly codesLockedUntilMs: number;
};

/** How long a proof, or a sign-in, is good for changing factors. */
export const FRESH_MS = 15 * 60_000;

/** The state that somebody is in on their way to a goal. */
export function nextMfaStep(goal: MfaGoal, situation: MfaSituation): MfaStep {
  const { session, person } = situation;
  if (goal.kind === 'present' && session.mfa !== undefined && session.mfa.authenticatedAtMs >= goal.sinceMs)
    return { kind: 'done' };
  if (person.factors.length === 0) return stepWithoutFactors(goal, situation);
  if (goal.kind === 'manage' && mayChangeFactors(situation)) return { kind: 'done' };
  return stepToProof(situation);
}

/**
 * Whether somebody may add, remove and replace factors now: with a factor of theirs proved in this very session a short while ago,
 * or, where they have none, after a sign-in as young. A provider's word is no factor of theirs.
 */
export function mayChangeFactors({
  session,
  person,
  nowMs,
}: Pick<MfaSituation, 'session' | 'person' | 'nowMs'>): boolean {
  if (person.factors.length === 0) return nowMs - session.startedAtMs <= FRESH_MS;
  return isOwnProof(session.mfa) && nowMs - session.mfa.authenticatedAtMs <= FRESH_MS;
}

function isOwnProof(mfa: MfaProof | undefined): mfa is MfaProof & { readonly method: MfaMethod } {
  return mfa !== undefined && mfa.method !== 'provider';
}

function stepWithoutFactors(goal: MfaGoal, situation: MfaSituation): MfaStep {
  if (!mayChangeFactors(situation)) return { kind: 'sign-in-again' };
  return goal.kind === 'manage' ? { kind: 'done' } : { kind: 'add-first' };
}

function stepToProof(situation: MfaSituation): MfaStep {
  const [first, ...rest] = usableMethods(situation);
  if (first !== undefined) return { kind: 'verify', methods: [first, ...rest] };
  if (situation.nowMs < situation.codesLockedUntilMs)
    return { kind: 'locked', untilMs: situation.codesLockedUntilMs };
  // Passkeys of a host name that is no more, and every code used: only an operator can help, and that page says so.
  return { kind: 'verify', methods: ['recovery-code'] };
}

/** Passkeys first: they cannot be phished. */
function usableMethods({ person, passkeys, nowMs, codesLockedUntilMs }: MfaSituation): readonly MfaMethod[] {
  const codesWork = nowMs >= codesLockedUntilMs;
  const has = (kind: 'totp' | 'passkey'): boolean => person.factors.some((factor) => factor.kind === kind);
  const codesLeft = person.recoveryCodes.some(({ usedAtMs }) => usedAtMs === undefined);
  return [
    ...(passkeys === 'work' && has('passkey') ? (['passkey'] as const) : []),
    ...(codesWork && has('totp') ? (['totp'] as const) : []),
    ...(codesWork && codesLeft ? (['recovery-code'] as const) : []),
  ];
}
