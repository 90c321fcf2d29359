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
  const said = ctx.get('origin');
  // Browsers say where a post comes from; what says nothing at all is no browser of today and has the token to pass.
  if (said !== '' && said !== origin) throw forged(`the form came from ${said.slice(0, 200)}`);
  const site = ctx.get('sec-fetch-site');
  if (site !== '' && site !== 'same-origin' && site !== 'none')
    throw forged(`the form came ${site.slice(0, 20)}`);
  const secret = browser.sessionSecret ?? readCookie(ctx, FORM_COOKIE, browser);
  if (secret === undefined) throw forged('the browser has no cookie that the token could be of');
  const wanted = Buffer.from(tokenOf(secret));
  const token = Buffer.from(given);
  if (token.length !== wanted.length || !timingSafeEqual(token, wanted))
    throw forged('the token is another one');
}

function tokenOf(secret: string): string {
  return hash('sha256', `form ${secret}`, 'base64url');
}

function forged(reason: string): FederationError {
  return new FederationError('request-forged', reason);
}
