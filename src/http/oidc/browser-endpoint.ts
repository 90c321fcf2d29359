import { errors } from 'oidc-provider';
import { z } from 'zod';
import { FederationError } from '../../domain/errors.ts';
import { recordAllowed } from '../../domain/federation/audited.ts';
import { seeOther, showError, type PageDeps, type PageExchange } from '../page-exchange.ts';
import { setSecurityHeaders } from '../security-headers.ts';
import type { ProviderDeps, ProviderSource } from './create-provider.ts';
import { headersForBrowser } from './inner-headers.ts';
import { oidcDraft } from './oidc-draft.ts';
import { auditRefusal, refusalOf } from './oidc-failure.ts';
import { OIDC_PATHS } from './oidc-paths.ts';
import { SESSION_COOKIE_NAME } from './provider-configuration.ts';
import { inScope, type OidcAnswer, type ProviderScope } from './provider-scope.ts';
import { runProvider, unforeseen } from './run-provider.ts';

export type BrowserDeps = PageDeps & ProviderDeps & { readonly provider: ProviderSource };

/** A request of a browser as the library is to see it. */
export type BrowserRequest = {
  readonly eventName: string;
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly url: string;
  readonly body?: string;
  /** The code of a device that a link brought. */
  readonly userCode?: string;
};

/**
 * Has the library answer a browser, and shows our pages in the place of its own.
 *
 * @returns how it went; what was refused is shown and recorded by then
 * @throws FederationError `store-unavailable`, and whatever nobody foresaw
 */
export async function answerBrowser(
  exchange: PageExchange,
  request: BrowserRequest,
  deps: BrowserDeps,
): Promise<ProviderScope> {
  const { ctx } = exchange;
  const { userCode } = request;
  const scope = { ...scopeOf(exchange), ...(userCode === undefined ? {} : { userCode }) };
  const answer = await run(exchange, request, { scope, deps });
  keepSessionCookie(exchange);
  const { Interaction: interaction } = answer.oidc.entities;
  if (interaction !== undefined && isOfSomebodyElse(answer)) {
    seeOther(ctx, `${OIDC_PATHS.interaction}/${interaction.uid}`);
    return scope;
  }
  const draft = await oidcDraft(request.eventName, paramsOf(answer), scope);
  if (scope.failure !== undefined) {
    const refusal = refusalOf(scope.failure);
    if (refusal?.code !== 'oauth-refused') throw forgetAnswer(exchange, scope.failure);
    await auditRefusal(refusal, { draft, isKnown: answer.oidc.client !== undefined }, deps);
    showRefusal({ exchange, answer, scope, refusal });
    return scope;
  }
  if (scope.response !== undefined) await recordAllowed(draft, null, deps);
  if (scope.show !== undefined) scope.show();
  else if (isFormPost(answer)) postBack(exchange, answer, scope.response);
  else pass(exchange, answer);
  if (ctx.status === 303) ctx.body = '';
  return scope;
}

/** A scope for what a browser asks. */
export function scopeOf(exchange: PageExchange): ProviderScope {
  const { facts, session } = exchange;
  return { facts, session, exchange, signIns: new Map(), signInEnds: new Map() };
}

async function run(
  { ctx, facts, session }: PageExchange,
  { method, url, body = '' }: BrowserRequest,
  { scope, deps }: { readonly scope: ProviderScope; readonly deps: BrowserDeps },
): Promise<OidcAnswer> {
  const headers = headersForBrowser({ ctx, facts, issuer: deps.issuer, body }, session?.signInId);
  const handler = await deps.provider();
  return runProvider(handler, { method, url, headers, body }, { scope, response: ctx.res });
}

// Who switched accounts in another tab before this one went on: the library would sign them out of both, by a page with a script.
// The interaction is still there, and is asked anew for whoever it is by now.
function isOfSomebodyElse({ oidc: { entities, session } }: OidcAnswer): boolean {
  const meant = entities.Interaction?.result?.login?.accountId;
  return meant !== undefined && session?.accountId !== undefined && meant !== session.accountId;
}

function paramsOf({ oidc }: OidcAnswer): Readonly<Record<string, unknown>> {
  return { ...oidc.params, client_id: oidc.client?.clientId ?? oidc.params?.['client_id'] };
}

// Our session's own cookie is the one that browsers have.
function keepSessionCookie({ ctx }: PageExchange): void {
  const cookies = [ctx.res.getHeader('set-cookie') ?? []].flat().map(String);
  const kept = cookies.filter((line) => !line.startsWith(`${SESSION_COOKIE_NAME}=`));
  ctx.remove('Set-Cookie');
  if (kept.length > 0) ctx.set('Set-Cookie', [...kept]);
}

function pass({ ctx, facts }: PageExchange, { status, body }: OidcAnswer): void {
  const leadsOn = ctx.res.hasHeader('location');
  ctx.body = leadsOn ? '' : (body ?? '');
  ctx.status = leadsOn ? 303 : status;
  ctx.set('Cache-Control', 'no-store');
  setSecurityHeaders(ctx, facts);
}

type Refused = {
  readonly exchange: PageExchange;
  readonly answer: OidcAnswer;
  readonly scope: ProviderScope;
  readonly refusal: FederationError;
};

// To the application where it may be told; else the person is, and stays here.
function showRefusal({ exchange, answer, scope, refusal }: Refused): void {
  const { ctx } = exchange;
  if (ctx.res.hasHeader('location')) {
    const reference = refusal.refusal?.reference;
    if (reference !== undefined) ctx.set('x-rolebridge-reference', reference);
    pass(exchange, answer);
  } else if (isFormPost(answer) && typeof answer.body === 'string' && answer.body !== '') {
    postBack(exchange, answer, errorResponse(answer, refusal));
  } else {
    const kind =
      scope.failure instanceof errors.SessionNotFound ? 'application-expired' : 'application-failed';
    showError(exchange, refusal, { kind });
  }
}

function errorResponse({ oidc }: OidcAnswer, { params, cause }: FederationError): object {
  const description = cause instanceof errors.OIDCProviderError ? cause.error_description : undefined;
  const state = oidc.params?.['state'];
  return { error: params['error'], error_description: description, state, iss: oidc.issuer };
}

function isFormPost({ oidc }: OidcAnswer): boolean {
  return oidc.params?.['response_mode'] === 'form_post';
}

const fieldsSchema = z.record(z.string(), z.unknown());

// The library's own page has a script in it, which our policy for pages does not let run.
function postBack(exchange: PageExchange, answer: OidcAnswer, response: unknown): void {
  const action = answer.oidc.params?.['redirect_uri'];
  const { data = {} } = fieldsSchema.safeParse(response);
  if (typeof action !== 'string' || response === undefined) {
    pass(exchange, answer);
    return;
  }
  const fields = Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
  exchange.show('post-message', { action, fields, purpose: 'sign-in' });
}

function forgetAnswer({ ctx }: PageExchange, failure: unknown): Error {
  ctx.remove('Location');
  return unforeseen(failure);
}

/** Asks the library for the interaction that a browser has before it. */
export async function findInteraction(exchange: PageExchange, deps: BrowserDeps) {
  const { provider } = await deps.provider();
  const { ctx } = exchange;
  try {
    const interaction = await inScope(scopeOf(exchange), () => provider.interactionDetails(ctx.req, ctx.res));
    const isNamed = `/${interaction.uid}` === ctx.path.slice(ctx.path.lastIndexOf('/'));
    if (isNamed && isOf(interaction, exchange)) return { provider, interaction };
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
  }
  return undefined;
}

// Another host of our domain can give a browser the cookie of somebody else's: that one's consent would be given by its person.
function isOf(
  { session: began }: { readonly session?: { readonly uid: string } | undefined },
  { session }: PageExchange,
): boolean {
  return began === undefined || began.uid === session?.signInId;
}
