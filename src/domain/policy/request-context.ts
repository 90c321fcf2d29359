import type { ContextValue, RequestContext } from './request.ts';

/** Collects condition keys; names are put in lower case because they compare without case, a later entry replaces an earlier one. */
export function createRequestContext(entries: Iterable<readonly [string, ContextValue]>): RequestContext {
  const context = new Map<string, ContextValue>();
  for (const [key, value] of entries) context.set(key.toLowerCase(), value);
  return context;
}
