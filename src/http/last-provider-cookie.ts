import { readCookie, setCookie, type CookieKind } from './middleware/cookies.ts';
import type { PageExchange } from './page-exchange.ts';

/** Holds the provider's name and nothing of the person. */
const COOKIE: CookieKind = { name: 'provider', site: 'same', maxAgeSeconds: 365 * 86_400 };

/** Notes with which provider this browser signed in, for the next time. */
export function rememberProvider({ ctx, facts }: Pick<PageExchange, 'ctx' | 'facts'>, name: string): void {
  setCookie(ctx, COOKIE, encodeURIComponent(name), facts);
}

/** Whether this browser signed in with that provider the last time. */
export function isLastProvider({ ctx, facts }: Pick<PageExchange, 'ctx' | 'facts'>, name: string): boolean {
  return readCookie(ctx, COOKIE, facts) === encodeURIComponent(name);
}
