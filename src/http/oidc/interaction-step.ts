import { decodeJwt } from 'jose';
import { authenticationOf } from '../../domain/session/authentication.ts';
import { publicSubjectOf } from '../../domain/identity/person.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import type { Began } from './interaction-policy.ts';
import { acrWishOf, satisfiedAcr } from './acr-wish.ts';

/** What an application waits for, as the library tells it. */
export type AskedInteraction = {
  readonly began: Began;
  readonly params: Readonly<Record<string, unknown>>;
  readonly prompt: {
    readonly name: string;
    readonly reasons: readonly string[];
    readonly details: Readonly<Record<string, unknown>>;
  };
};

/** What is to be done next. Nobody is sent the same way twice: what a proof from after the beginning did not bring, cannot be had. */
export type InteractionStep =
  | { readonly kind: 'sign-in'; readonly prompt: 'login' | 'select_account' }
  /** A second factor, proved since then, epoch milliseconds. */
  | { readonly kind: 'second-factor'; readonly sinceMs: number }
  | { readonly kind: 'consent' }
  | { readonly kind: 'signed-in' }
  | { readonly kind: 'refused'; readonly error: 'unmet_authentication_requirements' | 'login_required' };

export type InteractionSituation = {
  readonly session: BrowserSession;
  readonly mfaRequired: 'always' | 'by-policy';
  readonly nowMs: number;
};

/** Reasons that only a new sign-in does away with. */
const FOR_SIGN_IN = new Set([
  'login_prompt',
  'select_account_prompt',
  'id_token_hint',
  'claims_id_token_sub_value',
]);

/** The next step of an interaction, of somebody who is signed in. */
export function interactionStep(asked: AskedInteraction, situation: InteractionSituation): InteractionStep {
  const { prompt } = asked;
  const step =
    signInStep(asked, situation) ??
    ageStep(asked, situation) ??
    factorStep(asked, situation) ??
    subjectStep(asked, situation);
  if (step !== undefined) return step;
  return prompt.name === 'consent' ? { kind: 'consent' } : { kind: 'signed-in' };
}

function signInStep(
  { began, prompt }: AskedInteraction,
  { session }: InteractionSituation,
): InteractionStep | undefined {
  const isAnew = session.signInId !== began.signInId;
  if (isAnew || !prompt.reasons.some((reason) => FOR_SIGN_IN.has(reason))) return undefined;
  return { kind: 'sign-in', prompt: prompt.name === 'select_account' ? 'select_account' : 'login' };
}

// Who has a factor proves that: it takes less than signing in at the provider again.
function ageStep(
  { began, params, prompt }: AskedInteraction,
  { session, nowMs }: InteractionSituation,
): InteractionStep | undefined {
  if (!prompt.reasons.includes('max_age')) return undefined;
  const authenticatedAtMs = Math.max(session.startedAtMs, session.mfa?.authenticatedAtMs ?? 0);
  const maxAgeMs = Number(params['max_age'] ?? 0) * 1000;
  if (authenticatedAtMs >= began.atMs || nowMs - authenticatedAtMs <= maxAgeMs) return undefined;
  if (session.mfa === undefined || session.mfa.method === 'provider')
    return { kind: 'sign-in', prompt: 'login' };
  return { kind: 'second-factor', sinceMs: began.atMs };
}

function factorStep(
  { began, params, prompt }: AskedInteraction,
  { session, mfaRequired }: InteractionSituation,
): InteractionStep | undefined {
  const { mfa } = session;
  if (mfaRequired === 'always' && mfa === undefined) return { kind: 'second-factor', sinceMs: 0 };
  if (prompt.name === 'consent') return undefined;
  const wish = acrWishOf(params);
  if (wish === undefined || satisfiedAcr(wish, authenticationOf(session).acr) !== undefined) return undefined;
  const hasTried = mfa !== undefined && mfa.authenticatedAtMs >= began.atMs;
  if (wish.values.length > 0 && !hasTried) return { kind: 'second-factor', sinceMs: began.atMs };
  return wish.essential ? { kind: 'refused', error: 'unmet_authentication_requirements' } : undefined;
}

// Signed in anew, and still somebody else than the application means.
function subjectStep(
  { prompt: { details } }: AskedInteraction,
  { session }: InteractionSituation,
): InteractionStep | undefined {
  const meant = subjectMeant(details);
  if (meant === undefined || meant === publicSubjectOf(session.signIn.identity)) return undefined;
  return { kind: 'refused', error: 'login_required' };
}

function subjectMeant({ id_token_hint: hint, sub }: Readonly<Record<string, unknown>>): unknown {
  // The library has verified it.
  if (typeof hint === 'string') return decodeJwt(hint).sub;
  return typeof sub === 'object' && sub !== null && 'value' in sub ? sub.value : undefined;
}
