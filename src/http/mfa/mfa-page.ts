import type { Middleware } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import { attemptOf } from '../../domain/mfa/attempt.ts';
import { lockedUntilMs } from '../../domain/mfa/attempt-limit.ts';
import type { FactorDeps, FactorRequest } from '../../domain/mfa/factor-deps.ts';
import { nextMfaStep, type MfaGoal, type MfaStep } from '../../domain/mfa/mfa-step.ts';
import type { Person } from '../../domain/identity/person.ts';
import { saysOurs } from '../middleware/form-token.ts';
import type { FactorProblem } from '../page-data.ts';
import {
  pageDraft,
  personPage,
  seeOther,
  type PageDeps,
  type PageSurface,
  type PersonExchange,
} from '../page-exchange.ts';

/** What the pages of second factors need. */
export type MfaDeps = PageDeps & FactorDeps;

export type MfaHandler = (exchange: PersonExchange, deps: MfaDeps) => Promise<void>;

export type MfaPages = { readonly surface: () => PageSurface; readonly deps: () => MfaDeps };

/**
 * A route of these pages. They stand before the second factor, or nobody could give one. What a person must do first leads them
 * there, and back to `start`, the page that a form of theirs came from.
 */
export function mfaPage({ surface, deps }: MfaPages, handler: MfaHandler, start: string): Middleware {
  const leading = async (exchange: PersonExchange, allDeps: MfaDeps): Promise<void> => {
    try {
      await handler(exchange, allDeps);
    } catch (error) {
      const elsewhere = wayOn(error, exchange, start);
      if (elsewhere === undefined) throw error;
      seeOther(exchange.ctx, elsewhere);
    }
  };
  return personPage(surface, deps, leading, { before: 'sign-in' });
}

function wayOn(error: unknown, exchange: PersonExchange, start: string): string | undefined {
  if (!(error instanceof FederationError)) return undefined;
  const { ctx } = exchange;
  const back = ctx.method === 'POST' ? start : ctx.url;
  if (error.code === 'sign-in-required') return signInAgain(back);
  if (error.code === 'mfa-required') return withReturn('/mfa/verify?reason=manage', back);
  // A tab from before the last proof: its form has the token of a session id that is no more.
  if (error.code === 'request-forged' && isOwnForm(exchange)) return `${start}?problem=expired`;
  return undefined;
}

/**
 * Where somebody signs in anew, to come back. It is a page, as a form began the way there, perhaps of another page: Chromium and
 * Safari follow no redirect to a provider that a page's form-action does not name.
 */
export function signInAgain(back: string): string {
  return withReturn('/signin?reason=sign-in-again', back);
}

/** A path of ours, and where it leads back to. */
export function withReturn(path: string, returnTo: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}return_to=${encodeURIComponent(returnTo)}`;
}

// It takes a browser's word that it is ours, not just silence: what may be forged ends on the error page.
function isOwnForm({ ctx, surface: { publicUrl } }: PersonExchange): boolean {
  const isVouchedFor = ctx.get('origin') === publicUrl || ctx.get('sec-fetch-site') === 'same-origin';
  return isVouchedFor && saysOurs(ctx, publicUrl);
}

/** The beginning of a use case. */
export function factorRequest(
  exchange: PersonExchange,
  eventName: string,
  parameters: Readonly<Record<string, unknown>> = {},
): FactorRequest {
  const { session } = exchange;
  const draft = pageDraft(exchange, eventName, { ...parameters, signInId: session.signInId });
  return { session, draft };
}

/** How far the person of an exchange is from a goal. */
export async function stepTowards(
  goal: MfaGoal,
  { session, facts }: PersonExchange,
  person: Person,
  deps: MfaDeps,
): Promise<MfaStep> {
  const codesLockedUntilMs = await lockedUntilMs(attemptOf(session, facts, 'code'), deps.sessions);
  const passkeys = deps.passkeys === undefined ? 'need-host-name' : 'work';
  return nextMfaStep(goal, { session, person, nowMs: facts.timeMs, passkeys, codesLockedUntilMs });
}

/** What a page says of a refusal, and the status that it has then. */
export type Told = { readonly problem: FactorProblem; readonly status: number };

/** @returns what to tell of a factor that was not accepted; `undefined` for any other failure */
export function refusalIn(error: unknown, { ctx }: Pick<PersonExchange, 'ctx'>): Told | undefined {
  if (!(error instanceof FederationError) || error.code !== 'factor-refused') return undefined;
  if (error.refusal !== undefined) ctx.set('x-rolebridge-reference', error.refusal.reference);
  const attemptsLeft = Number(error.params['attemptsLeft'] ?? 0);
  const kind = error.params['problem'];
  if (kind === 'wrong' || kind === 'used') return { problem: { kind, attemptsLeft }, status: 403 };
  return kind === 'expired' ? EXPIRED : { problem: { kind: 'passkey-refused' }, status: 403 };
}

const EXPIRED: Told = { problem: { kind: 'expired' }, status: 409 };

/** What a link to a page says of a form that came too late. */
export function problemIn(query: URLSearchParams): Told | undefined {
  return query.get('problem') === 'expired' ? { ...EXPIRED, status: 200 } : undefined;
}

/** The members of page and options that tell a problem, where there is one. */
export function problemPart(told: Told | undefined): { readonly problem?: FactorProblem } {
  return told === undefined ? {} : { problem: told.problem };
}
