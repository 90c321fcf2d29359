import type { Context } from 'koa';

/** Where the forms of a page may lead, redirects included; `anywhere` where nobody can name it beforehand. */
export type FormTargets = readonly string[] | 'anywhere';

type Protection = {
  /** Whether browsers reach us by https. */
  readonly secureTransport: boolean;
  /** Origins or URLs beside our own; default: none. */
  readonly formTargets?: FormTargets;
};

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self' data:",
  "script-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
];

const HEADERS = {
  'Cache-Control': 'no-store',
  // Paths of ours name roles: no other site is to learn them.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'publickey-credentials-get=(self), publickey-credentials-create=(self), clipboard-write=(self), camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};
const TWO_YEARS_SECONDS = 63_072_000;

/** Sets what every answer to a browser carries. */
export function setSecurityHeaders(ctx: Context, { secureTransport, formTargets = [] }: Protection): void {
  ctx.set('Content-Security-Policy', [...POLICY, ...formAction(formTargets)].join('; '));
  ctx.set(HEADERS);
  // Over plain http browsers ignore it, and a service must not send it (RFC 6797 7.2).
  if (secureTransport) ctx.set('Strict-Transport-Security', `max-age=${TWO_YEARS_SECONDS}`);
}

// Chromium and Safari apply form-action to the redirects that follow a form as well. default-src does not stand in for it,
// so that leaving it out allows all. An origin of a parsed URL has neither spaces nor semicolons to smuggle a directive in.
function formAction(targets: FormTargets): readonly string[] {
  if (targets === 'anywhere') return [];
  const origins = targets.map((target) => new URL(target).origin).filter((origin) => origin !== 'null');
  return [`form-action ${["'self'", ...new Set(origins)].join(' ')}`];
}
