import { AsyncLocalStorage } from 'node:async_hooks';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import type { Pages } from '../page-data.ts';
import type { PageExchange } from '../page-exchange.ts';

/** The library's context after it answered: nothing is sent yet. */
export type OidcAnswer = KoaContextWithOIDC;

/** One request that the library answers, as its callbacks and its storage know it. */
export type ProviderScope = {
  readonly facts: RequestFacts;
  /** Who is signed in with the browser; absent at endpoints that programs call. */
  readonly session?: BrowserSession | undefined;
  /** Where pages are shown; absent at endpoints that programs call. */
  readonly exchange?: PageExchange;
  /** The form as it came, with what the library is not given. */
  readonly form?: URLSearchParams;
  /** The code of a device that a link brought. */
  readonly userCode?: string;
  /** The sign-ins that were looked up for this request, by their ids: several steps of the library ask for the same one. */
  readonly signIns: Map<string, Promise<BrowserSession | undefined>>;
  /** When those that live end, epoch milliseconds: lifetimes are asked for where nothing can be waited for. */
  readonly signInEnds: Map<string, number>;
  /** The library's context, once it has answered. */
  answer?: OidcAnswer;
  /** The parameters that an application gets back by the browser. */
  response?: unknown;
  /** Shows a page of ours in the place of the library's. */
  show?: () => void;
  /** What was wrong with the code of a device. */
  codeProblem?: Pages['device-code']['problem'];
  /** What was shown that had been used up before. */
  reused?: AuditDraft['reused'];
  /** What the library refused, or failed with. */
  failure?: unknown;
};

// The library asks its storage without saying for which request.
const scopes = new AsyncLocalStorage<ProviderScope>();

/** Runs something of the library for one request. */
export function inScope<T>(scope: ProviderScope, run: () => Promise<T>): Promise<T> {
  return scopes.run(scope, run);
}

/** The request that the library answers now; `undefined` for what we ask of it ourselves. */
export function currentScope(): ProviderScope | undefined {
  return scopes.getStore();
}

/** The request that the library answers now, where there must be one. */
export function requireScope(): ProviderScope {
  const scope = scopes.getStore();
  if (scope === undefined) throw new Error('the library called back outside of a request');
  return scope;
}
