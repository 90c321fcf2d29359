import type { Context } from 'koa';

/** One of our cookies. `site: 'cross'` comes along with posts from other sites, too, as SAML answers are. */
export type CookieKind = {
  readonly name: string;
  readonly site: 'same' | 'cross';
  /** Absent: until the browser closes. */
  readonly maxAgeSeconds?: number;
};

type Transport = { readonly secureTransport: boolean };

/**
 * `__Host-`: no other host, and no page without TLS, can set or shadow it. Plain http on this machine cannot have it, nor
 * `SameSite=None`; there `Lax` does for both, since all ports of one host are one site.
 */
function nameOf({ name }: CookieKind, { secureTransport }: Transport): string {
  return `${secureTransport ? '__Host-' : ''}rolebridge-${name}`;
}

/** Sets a cookie of ours: `HttpOnly`, for this host and all paths. */
export function setCookie(ctx: Context, kind: CookieKind, value: string, transport: Transport): void {
  const { site, maxAgeSeconds } = kind;
  const attributes = [
    'Path=/',
    ...(maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`]),
    'HttpOnly',
    transport.secureTransport && site === 'cross' ? 'SameSite=None' : 'SameSite=Lax',
    ...(transport.secureTransport ? ['Secure'] : []),
  ];
  ctx.append('Set-Cookie', [`${nameOf(kind, transport)}=${value}`, ...attributes].join('; '));
}

export function clearCookie(ctx: Context, kind: CookieKind, transport: Transport): void {
  setCookie(ctx, { ...kind, maxAgeSeconds: 0 }, '', transport);
}

/** The value of a cookie of ours; `undefined` where there is none, or two of one name: one was planted, nobody knows which. */
export function readCookie(ctx: Context, kind: CookieKind, transport: Transport): string | undefined {
  const name = nameOf(kind, transport);
  const values = ctx
    .get('cookie')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined;
}
