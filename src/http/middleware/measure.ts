import type { Middleware } from 'koa';

export type HttpAnswer = { route: string; method: string; status: number; seconds: number };

/** Tells of each answer: the route's template, never the path that came. */
export function measure(onAnswer: (answer: HttpAnswer) => void): Middleware {
  return async (ctx, next) => {
    const start = performance.now();
    await next();
    const matched: unknown = ctx['_matchedRoute'];
    const route = typeof matched === 'string' ? matched : 'none';
    const method = ctx.method === 'GET' || ctx.method === 'POST' ? ctx.method : '_OTHER';
    onAnswer({ route, method, status: ctx.status, seconds: (performance.now() - start) / 1000 });
  };
}
