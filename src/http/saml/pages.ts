import type { Context } from 'koa';
import type { FailureCode, FederationError } from '../../domain/errors.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';

/** The only script: it sends the form of a page that has nothing else to do. A file, because inline ones are forbidden. */
export const AUTO_SUBMIT_SCRIPT = 'document.forms[0].submit();\n';
export const AUTO_SUBMIT_PATH = '/saml/auto-submit.js';

const BASE_POLICY = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"];

/** Headers of everything that the SAML endpoints answer. */
export function setSecurityHeaders(ctx: Context): void {
  setPolicy(ctx, ["form-action 'none'"]);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('X-Frame-Options', 'DENY');
}

function setPolicy(ctx: Context, more: readonly string[]): void {
  ctx.set('Content-Security-Policy', [...BASE_POLICY, ...more].join('; '));
}

type Form = {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly button: string;
};

type Page = {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly facts?: Readonly<Record<string, string>>;
  readonly link?: { readonly href: string; readonly text: string };
  readonly form?: Form;
  readonly script?: string;
};

/** Sends a page that posts a message on; where scripts are off its button does. @see SAML Bindings 3.5.4 */
export function sendAutoSubmitPage(
  ctx: Context,
  { action, fields, purpose }: Omit<Form, 'button'> & { readonly purpose: 'sign-in' | 'sign-out' },
): void {
  // Chromium and Safari apply form-action to the redirects after a form, too. A sign-in stays at the identity provider;
  // a sign-out goes on to every service that it knows, which nobody here can name.
  const target = purpose === 'sign-in' ? [`form-action ${new URL(action).origin}`] : [];
  setPolicy(ctx, [...target, "script-src 'self'"]);
  sendPage(ctx, 200, {
    title: 'One moment',
    paragraphs: ['You are being sent to your identity provider. If nothing happens, press the button.'],
    form: { action, fields, button: 'Continue' },
    script: AUTO_SUBMIT_PATH,
  });
}

/** Tells somebody who they are now; `logout` signs them out again. */
export function sendSignedInPage(
  ctx: Context,
  about: {
    readonly subject: string;
    readonly provider: string;
    readonly logout: Form;
  },
): void {
  // No form-action: the sign-out that the form begins leads through services that nobody here can name.
  setPolicy(ctx, []);
  sendPage(ctx, 200, {
    title: 'Signed in',
    paragraphs: ['Your identity provider has confirmed who you are. You can close this page.'],
    facts: { Name: about.subject, Provider: about.provider },
    form: about.logout,
  });
}

/** Says what has ended, and what has not. */
export function sendSignedOutPage(
  ctx: Context,
  {
    provider,
    identityProvider,
  }: { readonly provider: string; readonly identityProvider: 'ended' | 'unknown' },
): void {
  const paragraphs = [
    'You are signed out of Rolebridge.',
    identityProvider === 'ended'
      ? `${provider} says that it signed you out, too.`
      : `${provider} did not confirm that it signed you out. Sign out there, or close your browser.`,
    'Credentials that you were given before go on working until they expire or are revoked.',
  ];
  sendPage(ctx, 200, { title: 'Signed out', paragraphs });
}

type Kind = 'malformed' | 'refused' | 'too-large' | 'too-slow' | 'unavailable' | 'unreachable';

const KINDS = {
  malformed: { status: 400, text: 'Your browser brought something that is not a sign-in.' },
  refused: { status: 403, text: 'The answer of your identity provider was not accepted.' },
  'too-large': { status: 413, text: 'The answer of your identity provider is too large.' },
  'too-slow': { status: 408, text: 'Your browser did not send the answer in time.' },
  unavailable: { status: 503, text: 'Rolebridge cannot sign you in just now. Try again in a minute.' },
  unreachable: {
    status: 502,
    text: 'Your identity provider cannot be asked just now. Try again in a minute.',
  },
} as const satisfies Record<Kind, { status: number; text: string }>;

const KIND_OF = {
  'invalid-action': 'malformed',
  'malformed-input': 'malformed',
  'validation-failed': 'malformed',
  'invalid-parameter-value': 'malformed',
  'request-too-large': 'too-large',
  'request-timeout': 'too-slow',
  'missing-credentials': 'refused',
  'incomplete-signature': 'refused',
  'unknown-credentials': 'refused',
  'expired-credentials': 'refused',
  'signature-mismatch': 'refused',
  'invalid-identity-token': 'refused',
  'expired-identity-token': 'refused',
  'identity-provider-unreachable': 'unreachable',
  'caller-denied': 'refused',
  'federation-denied': 'refused',
  'action-denied': 'refused',
  'root-may-not-assume': 'refused',
  'session-credentials-refused': 'refused',
  'mfa-incomplete': 'refused',
  'mfa-device-unknown': 'refused',
  'mfa-code-wrong': 'refused',
  'duration-exceeds-role': 'refused',
  'duration-exceeds-chaining': 'refused',
  'malformed-policy': 'refused',
  'packed-policy-too-large': 'refused',
  'invalid-authorization-message': 'refused',
  'expired-trade-in-token': 'refused',
  'outbound-federation-disabled': 'refused',
  'sign-in-required': 'refused',
  'login-attempt-unknown': 'refused',
  'provider-refused': 'refused',
  'request-forged': 'refused',
  'mfa-required': 'refused',
  'factor-refused': 'refused',
  'factor-locked': 'refused',
  'not-found': 'refused',
  'store-unavailable': 'unavailable',
} as const satisfies Record<FailureCode, Kind>;

/** Never why: what exactly failed would guide a forger. The reference leads an operator to it. */
export function sendErrorPage(
  ctx: Context,
  { code, refusal }: FederationError,
  { facts, startAgain }: { readonly facts: RequestFacts; readonly startAgain: string },
): void {
  const { status, text } = KINDS[KIND_OF[code]];
  const reference = refusal?.reference;
  if (reference !== undefined) ctx.set('x-rolebridge-reference', reference);
  setPolicy(ctx, ["form-action 'none'"]);
  sendPage(ctx, status, {
    title: 'That did not work',
    paragraphs: [text, 'Start again. If it happens again, tell your administrator what stands below.'],
    facts: traceOf(facts, reference),
    link: { href: startAgain, text: 'Start again' },
  });
}

/** For what nobody foresaw. */
export function sendInternalErrorPage(ctx: Context, facts: RequestFacts): void {
  setPolicy(ctx, ["form-action 'none'"]);
  sendPage(ctx, 500, {
    title: 'That did not work',
    paragraphs: ['Something went wrong here. Tell your administrator what stands below.'],
    facts: traceOf(facts, undefined),
  });
}

export function sendNotFoundPage(ctx: Context): void {
  sendPage(ctx, 404, {
    title: 'Not found',
    paragraphs: [
      'There is no such identity provider here. Check the address, or ask your administrator for it.',
    ],
  });
}

function traceOf({ requestId, timeMs }: RequestFacts, reference: string | undefined) {
  const name = reference === undefined ? { Request: requestId } : { Reference: reference };
  return { ...name, Time: `${new Date(timeMs).toISOString().slice(0, 19)}Z` };
}

function sendPage(ctx: Context, status: number, page: Page): void {
  ctx.status = status;
  ctx.set('Content-Type', 'text/html; charset=utf-8');
  ctx.body = renderPage(page);
}

function renderPage({ title, paragraphs, facts = {}, link, form, script }: Page): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(title)} – Rolebridge</title>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${escapeHtml(title)}</h1>`,
    ...paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...renderFacts(facts),
    ...(link === undefined ? [] : [`<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></p>`]),
    ...(form === undefined ? [] : renderForm(form)),
    '</main>',
    ...(script === undefined ? [] : [`<script src="${escapeHtml(script)}"></script>`]),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function renderFacts(facts: Readonly<Record<string, string>>): readonly string[] {
  const rows = Object.entries(facts).map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  return rows.length === 0 ? [] : ['<dl>', ...rows, '</dl>'];
}

function renderForm({ action, fields, button }: Form): readonly string[] {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const submit = `<button type="submit">${escapeHtml(button)}</button>`;
  return [`<form method="post" action="${escapeHtml(action)}">`, ...inputs, submit, '</form>'];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
