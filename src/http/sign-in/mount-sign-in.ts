import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { page, type PageExchange, type PageSurface } from '../page-exchange.ts';
import { chooseProvider, findProvider } from './choose-provider.ts';
import type { SignInDeps } from './exchange.ts';
import { finishSignIn, refusePostedCallback } from './finish-sign-in.ts';
import { askToSignOut, signedOut, signOut } from './sign-out.ts';
import { startSignIn } from './start-sign-in.ts';

/**
 * Mounts `/signin`, `/signin/{provider}` and its `callback`, `/signout` and `/signed-out`.
 *
 * @param deps read at each request, so that a reloaded configuration takes effect at once
 */
export function mountSignIn(router: Router, surface: () => PageSurface, deps: () => SignInDeps): void {
  const handle = (handler: (exchange: PageExchange, deps: SignInDeps) => Promise<void>): Middleware =>
    page(surface, deps, handler);
  router.get('/signin', handle(chooseProvider));
  router.post('/signin', handle(findProvider));
  router.get('/signin/:provider', handle(startSignIn));
  router.get('/signin/:provider/callback', handle(finishSignIn));
  router.post('/signin/:provider/callback', handle(refusePostedCallback));
  router.get('/signout', handle(askToSignOut));
  router.post('/signout', handle(signOut));
  router.get('/signed-out', handle(signedOut));
}
