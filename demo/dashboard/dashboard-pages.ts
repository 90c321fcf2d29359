import type { Answer } from '../answer.ts';
import { escapeHtml, renderPage, STYLE_SOURCE } from '../page.ts';
import type { DashboardSession, EndedSession } from './dashboard-sessions.ts';
import type { Refused } from './exchange.ts';

const TITLE = 'Example dashboard';
const SIGN_IN = '<a class="button" href="/signin">Sign in with Rolebridge</a>';
const BACK = '<p><a href="/">Back to the dashboard</a></p>';

/** Claims of the ID token that are worth a look; all of them are the person's own. */
const SHOWN = ['sub', 'name', 'email', 'roles', 'acr', 'amr', 'auth_time', 'sid'] as const;

const ACTIONS = [
  ['/orders', 'Show orders', 'Exchanges the token for one of the service “orders”, and asks there'],
  ['/orders/new', 'Place an order', 'The same with more scope: the policy wants a second factor'],
  ['/role', 'Who am I as read-only?', 'Exchanges the token for credentials of a role'],
  ['/refresh', 'Refresh', 'New tokens, as long as the sign-in lasts'],
  ['/signout', 'Sign out everywhere', 'Here, at Rolebridge and at its other applications'],
] as const;

/**
 * What every page of the application carries. A form may lead to the bridge, as browsers check redirects after a form as well.
 *
 * @param issuer the bridge
 */
export function protect(answer: Answer, issuer: string): Answer {
  const policy = [
    "default-src 'none'",
    `style-src ${STYLE_SOURCE}`,
    `form-action 'self' ${issuer}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    ...answer,
    headers: {
      'content-security-policy': policy.join('; '),
      // Codes stand in addresses for a moment.
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...answer.headers,
    },
  };
}

export function renderSignedOut(ended: EndedSession | undefined): Answer {
  return renderPage(TITLE, `<p role="status">${wordsOf(ended)}</p>${SIGN_IN}`);
}

function wordsOf(ended: EndedSession | undefined): string {
  if (ended === undefined) return 'Nobody is signed in.';
  if (ended.toldAtMs === undefined) return 'You are signed out of this application.';
  return `You are signed out. Rolebridge said so by back-channel logout at ${timeOf(ended.toldAtMs)}.`;
}

export function renderDashboard({ formToken, tokens }: DashboardSession): Answer {
  const { claims, expiresAtMs } = tokens;
  const rows = SHOWN.filter((name) => claims[name] !== undefined).map(
    (name) => `<dt>${name}</dt><dd>${escapeHtml(textOf(claims[name]))}</dd>`,
  );
  const actions = ACTIONS.map(
    ([action, label, note]) =>
      `<form method="post" action="${action}"><input type="hidden" name="form_token" value="${formToken}">` +
      `<button>${label}<span>${note}</span></button></form>`,
  );
  return renderPage(
    TITLE,
    `<p>Signed in as ${escapeHtml(textOf(claims['name'] ?? claims.sub))}</p>
<a class="button" href="/reports">Open reports<span>Asks for a second factor, by acr_values</span></a>
${actions.join('\n')}
<h2>What the ID token says</h2>
<dl>${rows.join('')}<dt>access token until</dt><dd>${timeOf(expiresAtMs)}</dd></dl>`,
  );
}

/** @param shown claims and answers, never a token */
export function renderResult(title: string, shown: Readonly<Record<string, unknown>>): Answer {
  const parts = Object.entries(shown).map(
    // A pane that scrolls must be reached by the keyboard, too.
    ([name, value]) =>
      `<h2>${name}</h2><pre tabindex="0">${escapeHtml(JSON.stringify(value, null, 2))}</pre>`,
  );
  return renderPage(title, `${parts.join('\n')}${BACK}`);
}

export function renderReports(): Answer {
  return renderPage('Reports', `<p>Shown to people who confirmed that it is them.</p>${BACK}`);
}

export function renderProblem(title: string, words: string, status: number): Answer {
  return renderPage(title, `<p role="alert">${escapeHtml(words)}</p>${BACK}`, status);
}

export function renderRefused({ error, description, reference, needsMfa }: Refused): Answer {
  const words = `${error}: ${description} Reference ${reference}`;
  const stepUp =
    '<a class="button" href="/signin?mfa=yes">Confirm that it is you<span>Then try again</span></a>';
  return renderPage(
    'Rolebridge refused',
    `<p role="alert">${escapeHtml(words)}</p>${needsMfa ? stepUp : ''}${BACK}`,
    403,
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
