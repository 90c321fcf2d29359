import { hash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import {
  LOGIN_ATTEMPT_MS,
  type LoginAttempt,
  type LoginAttemptStore,
} from '../../domain/session/login-attempt.ts';
import { refused, type SamlDeps, type SamlExchange } from './exchange.ts';

const HANDLE = /^[\w-]{43}$/;
const TAG_CHARS = 12;

/**
 * Starts an attempt: saves it, and gives the browser the secret that its end must bring back.
 *
 * A cookie for each attempt, so that sign-ins in two tabs do not end one another.
 *
 * @throws FederationError `store-unavailable`
 */
export async function startAttempt(
  { ctx, facts, provider }: SamlExchange,
  about: Pick<LoginAttempt, 'purpose' | 'requestId' | 'forceAuthn' | 'authnContextClassRefs' | 'returnTo'>,
  { random, loginAttempts }: Pick<SamlDeps, 'random' | 'loginAttempts'>,
): Promise<LoginAttempt> {
  const secret = Buffer.from(random(32)).toString('base64url');
  const attempt = {
    ...about,
    handle: Buffer.from(random(32)).toString('base64url'),
    providerArn: provider.arn,
    browserHash: hash('sha256', secret),
    startedAtMs: facts.timeMs,
    expiresAtMs: facts.timeMs + LOGIN_ATTEMPT_MS,
  };
  await loginAttempts.save(attempt);
  setCookie(ctx, facts, {
    name: nameOf(attempt.handle, facts),
    value: secret,
    maxAge: LOGIN_ATTEMPT_MS / 1000,
  });
  return attempt;
}

/** Whether a RelayState could be a handle of ours; others are an identity provider's own, and mean nothing. */
export function isHandle(relayState: string | undefined): relayState is string {
  return relayState !== undefined && HANDLE.test(relayState);
}

/**
 * Ends an attempt: it must be this provider's, for this purpose, and of this browser. It is taken in any case, so that
 * nobody can try twice.
 *
 * @throws FederationError `invalid-identity-token`, `store-unavailable`
 */
export async function takeAttempt(
  { ctx, facts, provider }: SamlExchange,
  { handle, purpose }: Pick<LoginAttempt, 'handle' | 'purpose'>,
  attempts: LoginAttemptStore,
): Promise<LoginAttempt> {
  const name = nameOf(handle, facts);
  const secret = readCookie(ctx, name);
  // Without the cookie it is another browser: login CSRF would sign the victim in as the attacker.
  if (secret === undefined) throw refused('the browser has no request cookie of this attempt');
  setCookie(ctx, facts, { name, value: '', maxAge: 0 });
  const attempt = await attempts.take(handle);
  if (attempt === undefined) throw refused('the attempt is unknown, used or older than ten minutes');
  const isSame = timingSafeEqual(Buffer.from(hash('sha256', secret)), Buffer.from(attempt.browserHash));
  if (!isSame) throw refused('the request cookie is of another attempt');
  if (attempt.providerArn !== provider.arn) throw refused('the attempt is of another provider');
  if (attempt.purpose !== purpose) throw refused('the attempt is for something else');
  return attempt;
}

/** `__Host-`: no other host, and no page without TLS, can set or shadow it. */
function nameOf(handle: string, { secureTransport }: SamlExchange['facts']): string {
  return `${secureTransport ? '__Host-' : ''}rolebridge-saml-${handle.slice(0, TAG_CHARS)}`;
}

type Cookie = { readonly name: string; readonly value: string; readonly maxAge: number };

/**
 * The identity provider's answer is a POST from another site, which takes `SameSite=None` cookies only. Browsers take
 * those with `Secure` only, which plain http on this machine cannot have; there `Lax` does, since all ports of one host
 * are one site.
 */
function setCookie(ctx: Context, { secureTransport }: SamlExchange['facts'], cookie: Cookie): void {
  const site = secureTransport ? 'SameSite=None; Secure' : 'SameSite=Lax';
  const { name, value, maxAge } = cookie;
  ctx.append('Set-Cookie', `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; ${site}`);
}

function readCookie(ctx: Context, name: string): string | undefined {
  const values = ctx
    .get('cookie')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  // Two of one name: one of them was planted, and nobody can tell which.
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined;
}
