import { hash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../domain/credentials/credentials.ts';
import { FederationError } from '../domain/errors.ts';
import {
  LOGIN_ATTEMPT_MS,
  type LoginAttempt,
  type LoginAttemptStore,
} from '../domain/session/login-attempt.ts';
import { clearCookie, readCookie, setCookie, type CookieKind } from './middleware/cookies.ts';
import type { PageExchange } from './page-exchange.ts';

export type LoginAttemptDeps = { readonly random: Random; readonly loginAttempts: LoginAttemptStore };

/** An attempt, and what only its browser holds. */
export type BoundAttempt = { readonly attempt: LoginAttempt; readonly secret: string };

type Beginning = Omit<LoginAttempt, 'handle' | 'browserHash' | 'startedAtMs' | 'expiresAtMs' | 'replaces'> &
  Pick<CookieKind, 'site'>;

/** What an answer must fit: the cookie's site is that of its beginning. */
type Answer = Pick<LoginAttempt, 'handle' | 'purpose' | 'providerArn'> & Pick<CookieKind, 'site'>;

const HANDLE = /^[\w-]{43}$/;
const TAG_CHARS = 12;

/**
 * Starts an attempt: saves it, and gives the browser the secret that its end must bring back.
 *
 * @param about `site: 'cross'` where the answer may come by a form of the provider's, as SAML's do
 * @throws FederationError `store-unavailable`
 */
export async function startAttempt(
  { ctx, facts, session }: Pick<PageExchange, 'ctx' | 'facts' | 'session'>,
  { site, ...about }: Beginning,
  { random, loginAttempts }: LoginAttemptDeps,
): Promise<BoundAttempt> {
  const secret = Buffer.from(random(32)).toString('base64url');
  const attempt = {
    ...about,
    handle: Buffer.from(random(32)).toString('base64url'),
    browserHash: hash('sha256', secret),
    startedAtMs: facts.timeMs,
    expiresAtMs: facts.timeMs + LOGIN_ATTEMPT_MS,
    ...(session && { replaces: session.id }),
  };
  await loginAttempts.save(attempt);
  setCookie(ctx, cookieOf({ handle: attempt.handle, site }), secret, facts);
  return { attempt, secret };
}

/** Whether a RelayState or `state` could be a handle of ours; others are a provider's own, and mean nothing. */
export function isHandle(text: string | undefined): text is string {
  return text !== undefined && HANDLE.test(text);
}

/**
 * Ends an attempt: it must be this provider's, for this purpose, and of this browser. It is taken in any case, so that
 * nobody can try twice.
 *
 * @throws FederationError `login-attempt-unknown`, `store-unavailable`
 */
export async function takeAttempt(
  { ctx, facts }: Pick<PageExchange, 'ctx' | 'facts'>,
  answer: Answer,
  { loginAttempts }: Pick<LoginAttemptDeps, 'loginAttempts'>,
): Promise<BoundAttempt> {
  const kind = cookieOf(answer);
  const secret = readCookie(ctx, kind, facts);
  // Without the cookie it is another browser: login CSRF would sign the victim in as the attacker.
  if (!isHandle(secret)) throw unknown('the browser has no cookie of this attempt');
  clearCookie(ctx, kind, facts);
  const attempt = await loginAttempts.take(answer.handle);
  if (attempt === undefined) throw unknown('the attempt is unknown, used or older than ten minutes');
  const isSame = timingSafeEqual(Buffer.from(hash('sha256', secret)), Buffer.from(attempt.browserHash));
  if (!isSame) throw unknown('the cookie is of another attempt');
  if (attempt.providerArn !== answer.providerArn) throw unknown('the attempt is of another provider');
  if (attempt.purpose !== answer.purpose) throw unknown('the attempt is for something else');
  return { attempt, secret };
}

/** An answer that fits no attempt of this browser; the reason is for the audit trail. */
export function unknown(reason: string): FederationError {
  return new FederationError('login-attempt-unknown', reason);
}

/** A cookie for each attempt, so that sign-ins in two tabs do not end one another. */
function cookieOf({ handle, site }: Pick<Answer, 'handle' | 'site'>): CookieKind {
  return { name: `login-${handle.slice(0, TAG_CHARS)}`, site, maxAgeSeconds: LOGIN_ATTEMPT_MS / 1000 };
}
