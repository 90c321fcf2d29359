import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { personPage, type PageDeps, type PageSurface, type PersonExchange } from '../page-exchange.ts';
import { revokeAll, revokeOne, revokeOthers } from './revoke-sessions.ts';
import { showSessions } from './show-sessions.ts';

/** Mounts `/sessions` and its posts: a person's own sessions, to see and to end. */
export function mountSessions(router: Router, surface: () => PageSurface, deps: () => PageDeps): void {
  const handle = (handler: (exchange: PersonExchange, deps: PageDeps) => Promise<void>): Middleware =>
    personPage(surface, deps, handler);
  router.get('/sessions', handle(showSessions));
  router.post('/sessions/revoke', handle(revokeOne));
  router.post('/sessions/revoke-others', handle(revokeOthers));
  router.post('/sessions/revoke-all', handle(revokeAll));
}
