import { hash } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import { JWKS_MAX_AGE_SECONDS } from '../../domain/token/key-schedule.ts';
import type { TokenSigner } from '../../domain/token/token-signer.ts';
import { discoveryDocument, JWKS_PATH } from './discovery-document.ts';

export type OidcDeps = {
  /** Our issuer: the public URL. */
  readonly issuer: string;
  readonly publicKeys: TokenSigner['publicKeys'];
};

type Rendered = { readonly body: string; readonly etag: string };

/**
 * Mounts the issuer's two documents. Neither asks the store: verifiers everywhere fetch them.
 *
 * @param deps read at each request, so that a reloaded configuration takes effect at once
 */
export function mountOidc(router: Router, deps: () => OidcDeps): void {
  const render = createJsonRenderer();
  router.get('/.well-known/openid-configuration', (ctx) => {
    // What `X-Forwarded-Host` says has no part in it: keys from an address of somebody else's would verify anything.
    send(ctx, renderJson(discoveryDocument(deps().issuer)));
  });
  router.get(JWKS_PATH, async (ctx) => {
    try {
      send(ctx, render(await deps().publicKeys()));
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      refuse(ctx);
    }
  });
}

function send(ctx: Context, { body, etag }: Rendered): void {
  setHeaders(ctx);
  ctx.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`);
  ctx.set('ETag', etag);
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = body;
}

// An empty key set would be kept, and every token refused by it.
function refuse(ctx: Context): void {
  setHeaders(ctx);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Retry-After', '5');
  ctx.status = 503;
  ctx.body = { error: 'temporarily_unavailable' };
}

function setHeaders(ctx: Context): void {
  // Public, and the same for everybody: scripts of other origins may verify tokens, too.
  ctx.set('Access-Control-Allow-Origin', '*');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
}

/** Renders an object once, as long as it is the same object. */
function createJsonRenderer(): (value: object) => Rendered {
  const known = new WeakMap<object, Rendered>();
  return (value) => {
    const rendered = known.get(value) ?? renderJson(value);
    known.set(value, rendered);
    return rendered;
  };
}

function renderJson(value: object): Rendered {
  const body = JSON.stringify(value);
  return { body, etag: `"${hash('sha256', body, 'base64url').slice(0, 22)}"` };
}
