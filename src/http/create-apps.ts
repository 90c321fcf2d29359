import Router from '@koa/router';
import Koa from 'koa';
import { mountAssets, type Assets } from './assets.ts';
import { mountManagement, type ManagementDeps } from './management/mount-management.ts';
import { mountMfa } from './mfa/mount-mfa.ts';
import type { MfaDeps } from './mfa/mfa-page.ts';
import { measure } from './middleware/measure.ts';
import { nothingHere } from './nothing-here.ts';
import { mountOidc, type OidcDeps } from './oidc/mount-oidc.ts';
import type { PageSurface } from './page-exchange.ts';
import { mountPortal } from './portal/mount-portal.ts';
import type { SamlDeps } from './saml/exchange.ts';
import { mountSaml } from './saml/mount-saml.ts';
import { mountSessions } from './sessions/mount-sessions.ts';
import type { SignInDeps } from './sign-in/exchange.ts';
import { mountSignIn } from './sign-in/mount-sign-in.ts';
import type { StsDeps } from './sts/actions.ts';
import { mountSts, type StsSurface } from './sts/mount-sts.ts';

/** What the pages for people need, all families of them together. */
type PagesDeps = SamlDeps & SignInDeps & MfaDeps;

/** Everything that a configuration decides about what is answered. */
export type Answering = {
  readonly deps: StsDeps;
  readonly surface: StsSurface;
  readonly pages: { readonly surface: PageSurface; readonly deps: PagesDeps; readonly assets: Assets };
  readonly oidc: OidcDeps;
};

/**
 * All that the public listener answers.
 *
 * @param answering read at each request, so that a reloaded configuration takes effect at once
 */
export function createPublicApp(
  answering: () => Answering,
  { onAnswer }: { readonly onAnswer: Parameters<typeof measure>[0] },
): Koa {
  const app = new Koa();
  const router = new Router();
  mountSts(
    router,
    () => answering().surface,
    () => answering().deps,
  );
  const surface = (): PageSurface => answering().pages.surface;
  const deps = (): PagesDeps => answering().pages.deps;
  mountOidc(router, surface, () => answering().oidc);
  mountAssets(router, () => answering().pages.assets);
  for (const mount of [mountSaml, mountSignIn, mountSessions, mountMfa, mountPortal])
    mount(router, surface, deps);
  app.use(measure(onAnswer));
  app.use(router.routes()).use(router.allowedMethods()).use(nothingHere(surface, deps));
  return app;
}

/** All that the management listener answers. */
export function createManagementApp(deps: ManagementDeps): Koa {
  const app = new Koa();
  const router = new Router();
  mountManagement(router, deps);
  app.use(router.routes()).use(router.allowedMethods());
  return app;
}
