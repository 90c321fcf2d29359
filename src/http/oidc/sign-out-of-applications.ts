import { audited, recordAllowed } from '../../domain/federation/audited.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import { seeOther, type PageExchange } from '../page-exchange.ts';
import { answerBrowser, type BrowserDeps } from './browser-endpoint.ts';
import { oidcDraft } from './oidc-draft.ts';
import { OIDC_PATHS } from './oidc-paths.ts';
import type { ProviderScope } from './provider-scope.ts';

/** `GET /oidc/logout`: asks before it ends anything; whoever is signed out already goes on at once. */
export async function askToEndSession(exchange: PageExchange, deps: BrowserDeps): Promise<void> {
  const { ctx, session } = exchange;
  const request = { eventName: 'EndSession', method: 'GET', url: ctx.url } as const;
  const scope = await answerBrowser(exchange, request, deps);
  if (session !== undefined || scope.failure !== undefined) return;
  seeOther(ctx, placeAfter(scope) ?? '/signed-out');
}

/** `POST /oidc/logout/confirm`: ends the sign-in here, too, and tells the applications. */
export async function endSession(exchange: PageExchange, deps: BrowserDeps): Promise<void> {
  const { ctx, session } = exchange;
  const form = await exchange.form();
  const isConfirmed = form.get('logout') === 'yes';
  if (session !== undefined && !isConfirmed) {
    seeOther(ctx, '/roles');
    return;
  }
  const request = {
    eventName: 'EndSession',
    method: 'POST',
    url: OIDC_PATHS.endSessionConfirm,
    body: form.toString(),
  } as const;
  const scope = await answerBrowser(exchange, request, deps);
  if (session === undefined || scope.failure !== undefined) return;
  await endSignIn(exchange, { session, scope }, deps);
}

type Ending = { readonly session: BrowserSession; readonly scope: ProviderScope };

async function endSignIn(
  exchange: PageExchange,
  { session, scope }: Ending,
  deps: BrowserDeps,
): Promise<void> {
  const draft = await oidcDraft('SignOut', {}, scope);
  await audited(draft, deps, async () => {
    await deps.browserSessions.end(session.id);
    await deps.tellApplications([session]);
    await recordAllowed(draft, null, deps);
  });
  exchange.leave();
}

// Of nobody there is a form to confirm, but the address was compared with those of the application.
function placeAfter({ answer }: ProviderScope): string | undefined {
  const state = answer?.oidc.session?.state;
  const target = state?.['postLogoutRedirectUri'];
  if (typeof target !== 'string') return undefined;
  const url = new URL(target);
  if (typeof state?.['state'] === 'string') url.searchParams.set('state', state['state']);
  return url.href;
}
