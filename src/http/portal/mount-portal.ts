import type Router from '@koa/router';
import { personPage, seeOther, type PageSurface, type PersonExchange } from '../page-exchange.ts';
import { toggleFavourite } from './favourite.ts';
import type { PortalDeps } from './portal-deps.ts';
import { showRole, takeCredentials } from './role-page.ts';
import { parseRolePath, rolePathOf } from './role-path.ts';
import { showRoles } from './roles-page.ts';

/** Adds the role portal, `/roles` and all below it. */
export function mountPortal(router: Router, surface: () => PageSurface, deps: () => PortalDeps): void {
  router.get('/roles', personPage(surface, deps, showRoles));
  router.get('/roles/*path', personPage(surface, deps, readRole));
  router.post('/roles/*path', personPage(surface, deps, postRole));
}

async function readRole(exchange: PersonExchange, deps: PortalDeps): Promise<void> {
  const path = parseRolePath(exchange.ctx.path, 'GET');
  // Somebody came back here from a detour that a mark began.
  if (path.favourite)
    seeOther(exchange.ctx, path.roleArn === undefined ? '/roles' : rolePathOf(path.roleArn));
  else await showRole(exchange, path, deps);
}

async function postRole(exchange: PersonExchange, deps: PortalDeps): Promise<void> {
  const path = parseRolePath(exchange.ctx.path, 'POST');
  await (path.favourite ? toggleFavourite : takeCredentials)(exchange, path, deps);
}
