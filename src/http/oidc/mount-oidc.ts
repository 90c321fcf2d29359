import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import {
  page,
  personPage,
  requirePerson,
  seeOther,
  type PageExchange,
  type PageSurface,
  type PersonExchange,
} from '../page-exchange.ts';
import { parseFields, readForm } from '../read-form.ts';
import { answerBrowser, type BrowserDeps } from './browser-endpoint.ts';
import { askForCode, takeCode } from './device-endpoint.ts';
import { answerConsent, leadToSignIn, showInteraction } from './interaction-page.ts';
import { mountDocuments, type DocumentDeps } from './mount-documents.ts';
import { OIDC_PATHS } from './oidc-paths.ts';
import { answerProgram, type ProgramDeps, type ProgramEndpoint } from './program-endpoint.ts';
import { askToEndSession, endSession } from './sign-out-of-applications.ts';

export type OidcDeps = BrowserDeps & ProgramDeps & DocumentDeps;

const PROGRAM_ENDPOINTS = [
  [OIDC_PATHS.token, ['POST'], { eventName: 'IssueToken', provesClients: true }],
  [OIDC_PATHS.introspection, ['POST'], { eventName: 'IntrospectToken', provesClients: true }],
  [OIDC_PATHS.revocation, ['POST'], { eventName: 'RevokeToken', provesClients: true }],
  [OIDC_PATHS.pushedAuthorization, ['POST'], { eventName: 'PushAuthorizationRequest', provesClients: true }],
  [OIDC_PATHS.deviceAuthorization, ['POST'], { eventName: 'AuthorizeDevice', provesClients: true }],
  [OIDC_PATHS.userinfo, ['GET', 'POST'], { eventName: 'ReadUserinfo', provesClients: false }],
] as const;

/** A request that asks whether a script may ask. */
const PREFLIGHT: ProgramEndpoint = { eventName: 'AskForOrigin', provesClients: false };

/**
 * Mounts the OpenID provider: two documents that ask no store, endpoints of programs, and those of browsers.
 *
 * @param deps read at each request, so that a reloaded configuration takes effect at once
 */
export function mountOidc(router: Router, surface: () => PageSurface, deps: () => OidcDeps): void {
  mountDocuments(router, deps);
  for (const [path, methods, endpoint] of PROGRAM_ENDPOINTS) {
    const answer = (as: ProgramEndpoint): Middleware => {
      return (ctx) => answerProgram(ctx, as, { surface: surface(), deps: deps() });
    };
    router.register(path, [...methods], refuseHead(answer(endpoint)));
    router.options(path, answer(PREFLIGHT));
  }
  const anybody = (handler: (exchange: PageExchange, deps: OidcDeps) => Promise<void>): Middleware =>
    refuseHead(page(surface, deps, handler));
  const person = (handler: (exchange: PersonExchange, deps: OidcDeps) => Promise<void>): Middleware =>
    refuseHead(personPage(surface, deps, handler));
  const pass = (eventName: string) => (exchange: PageExchange, all: OidcDeps) =>
    answerBrowser(exchange, { eventName, method: 'GET', url: exchange.ctx.url }, all).then(() => undefined);
  router.get(OIDC_PATHS.authorization, anybody(pass('Authorize')));
  router.post(OIDC_PATHS.authorization, anybody(turnIntoGet));
  router.get(`${OIDC_PATHS.authorization}/:uid`, anybody(pass('Authorize')));
  router.get(`${OIDC_PATHS.interaction}/:uid`, anybody(interact));
  router.post(
    `${OIDC_PATHS.interaction}/:uid`,
    personPage(surface, deps, answerConsent, { before: 'sign-in' }),
  );
  router.get(OIDC_PATHS.endSession, anybody(askToEndSession));
  router.post(OIDC_PATHS.endSession, anybody(turnIntoGet));
  router.post(OIDC_PATHS.endSessionConfirm, anybody(endSession));
  router.get(OIDC_PATHS.endSessionSuccess, anybody(leadToSignedOut));
  router.get(OIDC_PATHS.device, person(askForCode));
  router.post(OIDC_PATHS.device, person(takeCode));
  router.get(`${OIDC_PATHS.device}/:uid`, person(pass('ApproveDevice')));
}

async function interact(exchange: PageExchange, deps: OidcDeps): Promise<void> {
  if (exchange.session === undefined) {
    await leadToSignIn(exchange, deps);
    return;
  }
  const person = await requirePerson(exchange, deps);
  if (person !== undefined) await showInteraction(person, deps);
}

/** Longer ones are pushed (RFC 9126). */
const MAX_QUERY_CHARS = 8000;

// A form of another site brings none of our cookies; the GET that follows it does (OpenID Connect Core 3.1.2.1 wants both).
async function turnIntoGet({ ctx }: PageExchange): Promise<void> {
  const query = parseFields(await readForm(ctx)).toString();
  if (query.length > MAX_QUERY_CHARS) throw new FederationError('request-too-large', 'too long for a query');
  seeOther(ctx, `${ctx.path}?${query}`);
}

function leadToSignedOut({ ctx }: PageExchange): Promise<void> {
  seeOther(ctx, '/signed-out');
  return Promise.resolve();
}

// It would do what a GET does, and show nobody what came of it.
function refuseHead(answer: Middleware): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'HEAD') {
      await answer(ctx, next);
      return;
    }
    ctx.status = 405;
    ctx.set('Allow', 'GET');
  };
}
