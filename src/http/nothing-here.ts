import type { Middleware } from 'koa';
import { FederationError } from '../domain/errors.ts';
import { page, showError, type PageDeps, type PageSurface } from './page-exchange.ts';

/** Answers what no route takes: with a page like any other, as people mistype addresses, and with its headers. */
export function nothingHere(surface: () => PageSurface, deps: () => PageDeps): Middleware {
  return page(surface, deps, (exchange) => {
    showError(exchange, new FederationError('not-found', 'no route has this address'));
    return Promise.resolve();
  });
}
