import { createRemoteJWKSet } from 'jose';
import { ResponseBodyError, type Configuration } from 'openid-client';
import { refusal, seeOther, type Answer, type Asked } from '../answer.ts';
import { createGrants, type Grants } from '../grants.ts';
import { startLocalServer, type LocalServer } from '../local-server.ts';
import { MFA_ACRS } from './dashboard-client.ts';
import {
  protect,
  renderDashboard,
  renderProblem,
  renderRefused,
  renderReports,
  renderResult,
  renderSignedOut,
} from './dashboard-pages.ts';
import {
  createDashboardSessions,
  randomName,
  type DashboardSession,
  type DashboardSessions,
} from './dashboard-sessions.ts';
import { callAsRole, exchangeForOrders, refusedOf } from './exchange.ts';
import { verifyLogoutToken } from './logout-token.ts';
import {
  createAttempt,
  discover,
  finishSignIn,
  refresh,
  signInUrl,
  signOutUrl,
  type Attempt,
} from './sign-in.ts';

export type DashboardOptions = {
  readonly port: number;
  /** The bridge, as its discovery document calls it. */
  readonly issuer: string;
  readonly ordersUrl: string;
};

type Dashboard = Omit<DashboardOptions, 'port'> & {
  readonly url: string;
  /** Read once the bridge answers. */
  readonly config: () => Promise<Configuration>;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
  readonly sessions: DashboardSessions;
  /** By `state`. */
  readonly attempts: Grants<Attempt>;
  /** Logout tokens that came, by `jti`. */
  readonly logouts: Set<string>;
};

const ATTEMPT_LIFETIME_MS = 10 * 60_000;
// Over plain http there are neither `Secure` nor `__Host-`, which an application in earnest has.
const SESSION = 'dashboard-session';
const VISITOR = 'dashboard-visitor';

/**
 * Starts the example application: it signs people in by the bridge, asks for a second factor where it wants one, exchanges
 * tokens, and hears when a sign-in has ended.
 */
export function startDashboard({ port, ...options }: DashboardOptions): Promise<LocalServer> {
  return startLocalServer(port, (url) => {
    const dashboard = createDashboard(url, options);
    return async (asked) => protect(await route(asked, dashboard), options.issuer);
  });
}

function createDashboard(url: string, options: Omit<DashboardOptions, 'port'>): Dashboard {
  const known: { config?: Configuration } = {};
  return {
    ...options,
    url,
    config: async () => (known.config ??= await discover(options.issuer)),
    keys: createRemoteJWKSet(new URL(`${options.issuer}/oidc/jwks`)),
    sessions: createDashboardSessions(),
    attempts: createGrants(ATTEMPT_LIFETIME_MS),
    logouts: new Set(),
  };
}

type Route = (asked: Asked, dashboard: Dashboard) => Answer | Promise<Answer>;
type PersonRoute = (session: DashboardSession, dashboard: Dashboard) => Answer | Promise<Answer>;

const OPEN_ROUTES: Readonly<Record<string, Route>> = {
  'GET /': home,
  'GET /signed-out': home,
  'GET /signin': signIn,
  'GET /callback': callback,
  'POST /backchannel-logout': backchannelLogout,
};

/** For people who are signed in; what is posted carries their form token. */
const PERSON_ROUTES: Readonly<Record<string, PersonRoute>> = {
  'GET /reports': reports,
  'POST /orders': (session, dashboard) =>
    askOrders(session, dashboard, { method: 'GET', scope: 'orders.read' }),
  'POST /orders/new': (session, dashboard) =>
    askOrders(session, dashboard, { method: 'POST', scope: 'orders.write' }),
  'POST /role': showRole,
  'POST /refresh': renew,
  'POST /signout': signOut,
};

async function route(asked: Asked, dashboard: Dashboard): Promise<Answer> {
  const name = `${asked.method} ${asked.path}`;
  const open = OPEN_ROUTES[name];
  if (open !== undefined) return open(asked, dashboard);
  const person = PERSON_ROUTES[name];
  if (person === undefined) return refusal(404, `there is ${dashboard.url}`);
  const session = dashboard.sessions.find(cookieOf(asked, SESSION));
  if (session === undefined) return seeOther('/');
  // Whatever listens at another port of this machine is the same site to a browser: SameSite keeps nothing of it away.
  if (asked.method === 'POST' && asked.form.get('form_token') !== session.formToken)
    return refusal(403, 'that form was not of this application');
  return person(session, dashboard);
}

function home(asked: Asked, { sessions }: Dashboard): Answer {
  const id = cookieOf(asked, SESSION);
  const session = sessions.find(id);
  return session === undefined ? renderSignedOut(sessions.findEnded(id)) : renderDashboard(session);
}

async function signIn(asked: Asked, { url, config, attempts }: Dashboard): Promise<Answer> {
  const visitor = cookieOf(asked, VISITOR) || randomName();
  const attempt = createAttempt(visitor, asked.query.get('mfa') === 'yes' ? 'yes' : 'no');
  const state = attempts.give(attempt);
  return seeOther(await signInUrl(await config(), attempt, { url, state }), giveCookie(VISITOR, visitor));
}

async function callback(asked: Asked, { url, config, attempts, sessions }: Dashboard): Promise<Answer> {
  const state = asked.query.get('state') ?? '';
  const attempt = attempts.take(state);
  // Else somebody could be signed in as somebody else, by a link (login CSRF).
  if (attempt === undefined || attempt.visitor !== cookieOf(asked, VISITOR))
    return renderProblem('Not signed in', 'This sign-in is too old, or was begun in another browser.', 400);
  if (asked.query.has('error')) return renderProblem('Not signed in', asked.query.get('error') ?? '', 403);
  const current = new URL(`${url}/callback?${asked.query.toString()}`);
  const tokens = await finishSignIn(await config(), current, { attempt, state });
  sessions.end(cookieOf(asked, SESSION));
  const session = sessions.start(tokens);
  const cookie = giveCookie(SESSION, session.id);
  if (attempt.wantsMfa === 'no') return seeOther('/', cookie);
  // Asked for, and not granted: to ask again would go round in circles.
  const hasMfa = MFA_ACRS.includes(tokens.claims['acr']);
  return seeOther(hasMfa ? '/reports' : '/', cookie);
}

function reports({ tokens }: DashboardSession): Answer {
  return MFA_ACRS.includes(tokens.claims['acr']) ? renderReports() : seeOther('/signin?mfa=yes');
}

type Order = { readonly method: 'GET' | 'POST'; readonly scope: string };

async function askOrders(
  { tokens }: DashboardSession,
  { config, ordersUrl }: Dashboard,
  { method, scope }: Order,
): Promise<Answer> {
  try {
    const { token, claims } = await exchangeForOrders(await config(), tokens, scope);
    const response = await fetch(`${ordersUrl}/orders`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    const answer: unknown = await response.json();
    return renderResult('Orders', {
      [`${method} /orders: ${response.status}`]: answer,
      'What its token says': claims,
    });
  } catch (error) {
    return renderRefused(refusedOf(error));
  }
}

async function showRole({ tokens }: DashboardSession, { config }: Dashboard): Promise<Answer> {
  const answer = await callAsRole(await config(), tokens);
  return 'error' in answer ? renderRefused(answer) : renderResult('As a role', { GetCallerIdentity: answer });
}

async function renew({ id, tokens }: DashboardSession, { config, sessions }: Dashboard): Promise<Answer> {
  try {
    sessions.keep(id, await refresh(await config(), tokens));
  } catch (error) {
    if (!(error instanceof ResponseBodyError)) throw error;
    // The sign-in has ended: what was got by it ends, too.
    sessions.end(id);
  }
  return seeOther('/');
}

async function signOut(
  { id, tokens }: DashboardSession,
  { url, config, sessions }: Dashboard,
): Promise<Answer> {
  sessions.end(id);
  return seeOther(signOutUrl(await config(), tokens, url));
}

async function backchannelLogout(
  { form }: Asked,
  { issuer, keys, sessions, logouts }: Dashboard,
): Promise<Answer> {
  try {
    const { sid, jti } = await verifyLogoutToken(form.get('logout_token') ?? '', { issuer, keys });
    if (logouts.has(jti)) throw new Error('the token came before');
    logouts.add(jti);
    sessions.endBySid(sid, Date.now());
    return { status: 200, type: 'text/plain', body: '' };
  } catch {
    return refusal(400, 'that is no logout token for this application');
  }
}

function cookieOf({ cookie }: Asked, name: string): string {
  return new RegExp(`(?:^|; )${name}=([\\w-]{43})(?:;|$)`).exec(cookie)?.[1] ?? '';
}

function giveCookie(name: string, value: string): Readonly<Record<string, string>> {
  return { 'set-cookie': `${name}=${value}; Path=/; HttpOnly; SameSite=Lax` };
}
