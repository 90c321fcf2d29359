import { hash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Random } from '../../domain/credentials/credentials.ts';
import { FederationError } from '../../domain/errors.ts';
import { readCookie, setCookie, type CookieKind } from './cookies.ts';

/** Of browsers that are not signed in. */
const FORM_COOKIE: CookieKind = { name: 'form', site: 'same' };
const FORM_SECRET = /^[\w-]{43}$/;

export type FormTokenDeps = { readonly random: Random };

type Browser = { readonly secureTransport: boolean; readonly sessionSecret?: string };

/**
 * The token that every form of a page carries: a hash of what only this browser's cookies hold, so that another site can
 * neither know it nor plant one. It is bound to the session where there is one.
 */
export function formTokenOf(ctx: Context, browser: Browser, { random }: FormTokenDeps): string {
  if (browser.sessionSecret !== undefined) return tokenOf(browser.sessionSecret);
  const known = readCookie(ctx, FORM_COOKIE, browser);
  if (known !== undefined && FORM_SECRET.test(known)) return tokenOf(known);
  const secret = Buffer.from(random(32)).toString('base64url');
  setCookie(ctx, FORM_COOKIE, secret, browser);
  return tokenOf(secret);
}

/**
 * Checks that a form came from a page of ours in this very browser.
 *
 * @param origin our own, as browsers say it
 * @throws FederationError `request-forged`
 */
export function checkFormToken(
  ctx: Context,
  given: string,
  { origin, ...browser }: Browser & { readonly origin: string },
): void {
  if (!saysOurs(ctx, origin)) throw forged('the browser says that the form came from elsewhere');
  const secret = browser.sessionSecret ?? readCookie(ctx, FORM_COOKIE, browser);
  if (secret === undefined) throw forged('the browser has no cookie that the token could be of');
  const wanted = Buffer.from(tokenOf(secret));
  const token = Buffer.from(given);
  if (token.length !== wanted.length || !timingSafeEqual(token, wanted))
    throw forged('the token is another one');
}

/**
 * Whether nothing that the browser says of a post speaks against a page of ours. With `Referrer-Policy: no-referrer` browsers
 * say `Origin: null` of our own forms (Fetch 4.6, "append a request Origin header"); then Sec-Fetch-Site tells them from others.
 */
export function saysOurs(ctx: Context, origin: string): boolean {
  const said = ctx.get('origin');
  const site = ctx.get('sec-fetch-site');
  return ['', 'null', origin].includes(said) && ['', 'none', 'same-origin'].includes(site);
}

function tokenOf(secret: string): string {
  return hash('sha256', `form ${secret}`, 'base64url');
}

function forged(reason: string): FederationError {
  return new FederationError('request-forged', reason);
}
