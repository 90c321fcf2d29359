import type { Context, Middleware } from 'koa';
import type { AuditDraft } from '../domain/audit/audit-draft.ts';
import { FederationError } from '../domain/errors.ts';
import { audited } from '../domain/federation/audited.ts';
import type { FederationDeps } from '../domain/federation/deps.ts';
import type { RequestFacts } from '../domain/federation/request-facts.ts';
import type { People } from '../domain/identity/people.ts';
import { shownSubjectOf } from '../domain/identity/person.ts';
import type { SignInProvider } from '../domain/identity/sign-in-provider.ts';
import type { BrowserSession } from '../domain/session/browser-session.ts';
import type { BrowserSessions, OpenedSession } from '../domain/session/browser-sessions.ts';
import { ERROR_PAGES } from './error-page.ts';
import { clearCookie, readCookie, setCookie, type CookieKind } from './middleware/cookies.ts';
import { checkFormToken, formTokenOf } from './middleware/form-token.ts';
import { requestFacts, type RequestFactsDeps } from './middleware/request-facts.ts';
import type { ErrorKind, ErrorLink, PageName, Pages } from './page-data.ts';
import { parseFields, readForm } from './read-form.ts';
import { chooseLanguage } from './language.ts';
import type { PageOptions, Renderer } from './render.ts';

/** What every page needs of the world. */
export type PageDeps = FederationDeps & {
  readonly openSecret: (sealed: Uint8Array, context: string) => string;
  readonly browserSessions: BrowserSessions;
  readonly people: People;
  readonly render: Renderer;
  /** Tells applications that sign-ins end; never fails, and never waits long. */
  readonly tellApplications: (sessions: readonly BrowserSession[]) => Promise<void>;
};

export type PageSurface = RequestFactsDeps & {
  /** Our origin, without a slash at its end. */
  readonly publicUrl: string;
  /** `always`: nobody gets anywhere without a second factor. */
  readonly mfaRequired: 'always' | 'by-policy';
  /** What authenticator apps show. */
  readonly mfaIssuerName: string;
  /** Told of what nobody foresaw, with the request's id. */
  readonly onBug: (error: unknown, requestId: string) => void;
};

/** One request for a page. */
export type PageExchange = {
  readonly ctx: Context;
  readonly facts: RequestFacts;
  readonly surface: PageSurface;
  /** Who is signed in with this browser. */
  readonly session: BrowserSession | undefined;
  readonly show: <N extends PageName>(name: N, data: Pages[N], options?: PageOptions) => void;
  /**
   * The form that was posted, once it is sure that a page of ours posted it.
   *
   * @throws FederationError `request-forged`, `malformed-input`, `request-too-large`, `request-timeout`
   */
  readonly form: () => Promise<URLSearchParams>;
  /** Goes on under a new session: the browser gets its cookie, and what is shown from now on carries its form token. */
  readonly renew: (opened: OpenedSession) => PageExchange;
  /** Goes on without the session: the browser loses its cookie, and what is shown from now on is for anybody. */
  readonly leave: () => PageExchange;
};

/** A page for somebody who is signed in, with a provider that still exists. */
export type PersonExchange = PageExchange & {
  readonly session: BrowserSession;
  readonly provider: SignInProvider;
};

/** No `Max-Age`: it ends with the browser, and in the store at its time. */
const SESSION_COOKIE: CookieKind = { name: 'session', site: 'same' };
/** The rest of such a body is not read, so nothing else can follow it on the connection. */
const CLOSING = new Set(['request-too-large', 'request-timeout']);
const FORM_TOKEN = 'form_token';
/** Of a path in an event: what is longer is nobody's, and would only fill the trail. */
const MAX_PATH = 200;

/** A route of pages for anybody: failures end on the error page. */
export function page<D extends PageDeps>(
  surface: () => PageSurface,
  deps: () => D,
  handler: (exchange: PageExchange, deps: D) => Promise<void>,
): Middleware {
  return async (ctx) => {
    await answer(ctx, { surface: surface(), deps: deps() }, handler);
  };
}

/**
 * A route of pages for people who are signed in. Others are led to the sign-in and back; where a second factor is wanted of
 * everybody, those without one are led to that first.
 */
export function personPage<D extends PageDeps>(
  surface: () => PageSurface,
  deps: () => D,
  handler: (exchange: PersonExchange, deps: D) => Promise<void>,
  { before = 'mfa' }: { readonly before?: 'mfa' | 'sign-in' } = {},
): Middleware {
  return page(surface, deps, async (exchange, allDeps) => {
    const person = await requirePerson(exchange, allDeps);
    if (person === undefined) return;
    const lacksMfa = exchange.surface.mfaRequired === 'always' && person.session.mfa === undefined;
    if (before === 'mfa' && lacksMfa)
      seeOther(exchange.ctx, `/mfa/verify?return_to=${wayBack(exchange.ctx)}`);
    else await handler(person, allDeps);
  });
}

/** Sends the browser on with a GET, whatever it came with. */
export function seeOther(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.set('Location', location);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = '';
}

/** Gives a browser the cookie of its session. */
export function giveSession(
  { ctx, facts }: Pick<PageExchange, 'ctx' | 'facts'>,
  { secret }: OpenedSession,
): void {
  setCookie(ctx, SESSION_COOKIE, secret, facts);
}

function takeSessionBack({ ctx, facts }: Pick<PageExchange, 'ctx' | 'facts'>): void {
  clearCookie(ctx, SESSION_COOKIE, facts);
}

/** The beginning of an event of a page. Pages name failures as we do ourselves. */
export function pageDraft(
  { facts, session }: Pick<PageExchange, 'facts' | 'session'>,
  eventName: string,
  requestParameters: AuditDraft['requestParameters'] = {},
): AuditDraft {
  return {
    facts,
    eventSource: 'signin.amazonaws.com',
    eventName,
    errorCodeOf: (code) => code,
    requestParameters,
    ...(session && { identity: session.signIn.identity }),
  };
}

async function answer<D extends PageDeps>(
  ctx: Context,
  { surface, deps }: { readonly surface: PageSurface; readonly deps: D },
  handler: (exchange: PageExchange, deps: D) => Promise<void>,
): Promise<void> {
  const facts = requestFacts(ctx.req, surface);
  ctx.set('x-amzn-RequestId', facts.requestId);
  const home = homeOf(ctx, surface.publicUrl);
  if (home !== undefined) {
    seeOther(ctx, home);
    return;
  }
  let exchange = createExchange({ ctx, facts, surface }, deps);
  try {
    exchange = await openExchange(exchange, deps);
    await handler(exchange, deps);
  } catch (error) {
    showError(exchange, error);
  }
}

/**
 * The same page at the address that cookies and providers know, for whoever opened this machine by its other name. Elsewhere the
 * Host header decides nothing: a proxy may have put its own there.
 */
function homeOf(ctx: Context, publicUrl: string): string | undefined {
  const here = URL.parse(`http://${ctx.host}`);
  const home = new URL(publicUrl);
  if (ctx.method !== 'GET' || here === null || here.hostname === home.hostname) return undefined;
  const isSame = here.port === home.port && isLoopback(here.hostname) && isLoopback(home.hostname);
  return isSame ? `${publicUrl}${ctx.path}${ctx.search}` : undefined;
}

function isLoopback(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

async function openExchange(anonymous: PageExchange, deps: PageDeps): Promise<PageExchange> {
  const { ctx, facts } = anonymous;
  const secret = readCookie(ctx, SESSION_COOKIE, facts);
  if (secret === undefined) return anonymous;
  const session = await deps.browserSessions.find(secret, facts.timeMs).catch((error: unknown) => {
    noteUnreadable(error, anonymous);
    return undefined;
  });
  return session === undefined ? anonymous : createExchange({ ...anonymous, session, secret }, deps);
}

// Sealed by a key that has left the ring, or written by another version: no reason to keep its bearer from signing in anew.
function noteUnreadable(error: unknown, { facts, surface }: PageExchange): void {
  if (error instanceof FederationError) throw error;
  surface.onBug(error, facts.requestId);
}

type Beginning = Pick<PageExchange, 'ctx' | 'facts' | 'surface'> & {
  readonly session?: BrowserSession | undefined;
  readonly secret?: string;
};

function createExchange(beginning: Beginning, deps: PageDeps): PageExchange {
  const { ctx, facts, surface, session, secret } = beginning;
  const browser = {
    secureTransport: facts.secureTransport,
    ...(session && secret !== undefined && { sessionSecret: secret }),
  };
  const draft = (): AuditDraft =>
    pageDraft({ facts, session }, 'PostForm', { path: ctx.path.slice(0, MAX_PATH) });
  return {
    ctx,
    facts,
    surface,
    session,
    show: (name, data, options) => {
      const layout = {
        language: chooseLanguage(ctx.get('accept-language')),
        formToken: formTokenOf(ctx, browser, deps),
        ...(session && { person: layoutPerson(session, deps) }),
      };
      deps.render(ctx, { name, data, layout, ...(options && { options }) });
    },
    form: () =>
      audited(draft(), deps, async () => {
        const form = parseFields(await readForm(ctx));
        checkFormToken(ctx, form.get(FORM_TOKEN) ?? '', { ...browser, origin: surface.publicUrl });
        return form;
      }),
    renew: (opened) => {
      giveSession({ ctx, facts }, opened);
      return createExchange({ ctx, facts, surface, ...opened }, deps);
    },
    leave: () => {
      takeSessionBack({ ctx, facts });
      return createExchange({ ctx, facts, surface }, deps);
    },
  };
}

function layoutPerson({ signIn }: BrowserSession, { directory }: PageDeps) {
  const { profile, identity } = signIn;
  const provider = directory.signInProvider(identity.providerArn);
  return {
    name: profile.displayName ?? profile.email ?? shownSubjectOf(identity),
    provider: provider?.provider.signIn.displayName ?? '',
  };
}

/** Leads whoever is not signed in, or by a provider that is gone, to the sign-in; then there is nothing else to answer. */
export async function requirePerson(
  exchange: PageExchange,
  deps: PageDeps,
): Promise<PersonExchange | undefined> {
  const { ctx, session } = exchange;
  if (session === undefined) {
    const returnTo = ctx.method === 'GET' ? `return_to=${wayBack(ctx)}` : 'reason=session-ended';
    seeOther(ctx, `/signin?${returnTo}`);
    return undefined;
  }
  const provider = deps.directory.signInProvider(session.signIn.identity.providerArn);
  if (provider !== undefined) return { ...exchange, session, provider };
  await endOrphan(exchange, session, deps);
  return undefined;
}

// Whoever vouched for the person is not trusted any more.
async function endOrphan(exchange: PageExchange, session: BrowserSession, deps: PageDeps): Promise<void> {
  const failure = new FederationError(
    'sign-in-required',
    'the provider of the sign-in is not configured any more',
  );
  const draft = pageDraft(exchange, 'EndSignIn', { signInId: session.signInId });
  await audited(draft, deps, () => Promise.reject(failure)).catch((error: unknown) => {
    if (error !== failure) throw error;
  });
  await deps.browserSessions.end(session.id);
  takeSessionBack(exchange);
  seeOther(exchange.ctx, '/signin?reason=provider-removed');
}

// What was posted is lost: there is nothing to come back to but the roles.
function wayBack({ method, url }: Context): string {
  return encodeURIComponent(method === 'POST' ? '/roles' : url);
}

// To the page, not through it: after an error nobody is sent on without being asked.
const START_AGAIN: ErrorLink = { to: 'start-again', href: '/signin?choose=yes' };
const ROLES: ErrorLink = { to: 'roles', href: '/roles' };

/** Ends a request on the error page: what happened, what to do, and the words by which an operator finds it. */
export function showError(
  exchange: PageExchange,
  error: unknown,
  about: {
    readonly links?: readonly ErrorLink[];
    readonly provider?: string;
    readonly kind?: ErrorKind;
  } = {},
): void {
  const { ctx, facts, surface, session } = exchange;
  const known = error instanceof FederationError;
  if (!known) surface.onBug(error, facts.requestId);
  if (known && CLOSING.has(error.code)) ctx.set('Connection', 'close');
  const { kind, status } = known ? ERROR_PAGES[error.code] : ({ kind: 'internal', status: 500 } as const);
  const reference = known ? error.refusal?.reference : undefined;
  if (reference !== undefined) ctx.set('x-rolebridge-reference', reference);
  const retryAfterSeconds = known ? Number(error.params['retryAfterSeconds'] ?? 0) : 0;
  if (retryAfterSeconds > 0) ctx.set('Retry-After', String(retryAfterSeconds));
  else if (status === 503) ctx.set('Retry-After', '5');
  exchange.show(
    'error',
    {
      kind: about.kind ?? kind,
      ...(reference === undefined ? {} : { reference }),
      requestId: facts.requestId,
      timeMs: facts.timeMs,
      links: about.links ?? [session === undefined ? START_AGAIN : ROLES],
      ...(about.provider === undefined ? {} : { provider: about.provider }),
      ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
    },
    { status },
  );
}
