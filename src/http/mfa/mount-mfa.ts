import type Router from '@koa/router';
import type { PageSurface } from '../page-exchange.ts';
import { addPasskey, addTotp, showAdd, showAddPasskey, showAddTotp } from './add-page.ts';
import { createCodes, leaveCodes, remove, rename, showFactors } from './factors-page.ts';
import { mfaPage, type MfaDeps, type MfaHandler } from './mfa-page.ts';
import { showVerify, verifyFactor } from './verify-page.ts';

type Route = {
  readonly path: string;
  readonly get?: MfaHandler;
  readonly post?: MfaHandler;
  /** The page that has the form. */
  readonly start: string;
};

const ROUTES: readonly Route[] = [
  { path: '/mfa', get: showFactors, start: '/mfa' },
  { path: '/mfa/verify', get: showVerify, post: verifyFactor, start: '/mfa/verify' },
  { path: '/mfa/add', get: showAdd, start: '/mfa/add' },
  { path: '/mfa/add/totp', get: showAddTotp, post: addTotp, start: '/mfa/add/totp' },
  { path: '/mfa/add/passkey', get: showAddPasskey, post: addPasskey, start: '/mfa/add/passkey' },
  { path: '/mfa/recovery-codes', post: createCodes, start: '/mfa' },
  { path: '/mfa/recovery-codes/saved', post: leaveCodes, start: '/mfa' },
  { path: '/mfa/factors/:id/rename', post: rename, start: '/mfa' },
  { path: '/mfa/factors/:id/remove', post: remove, start: '/mfa' },
];

/**
 * Mounts the pages of second factors: prove one, add one, manage them.
 *
 * @param deps read at each request, so that a reloaded configuration takes effect at once
 */
export function mountMfa(router: Router, surface: () => PageSurface, deps: () => MfaDeps): void {
  const pages = { surface, deps };
  for (const { path, get, post, start } of ROUTES) {
    if (get) router.get(path, mfaPage(pages, get, start));
    if (post) router.post(path, mfaPage(pages, post, start));
  }
}
