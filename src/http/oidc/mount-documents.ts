import { hash } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import { JWKS_MAX_AGE_SECONDS } from '../../domain/token/key-schedule.ts';
import type { PublicKeySet, TokenSigner } from '../../domain/token/token-signer.ts';
import { discoveryDocument, type DiscoveryParts } from './discovery-document.ts';
import { OIDC_PATHS } from './oidc-paths.ts';

export type DocumentDeps = {
  readonly publicKeys: TokenSigner['publicKeys'];
  readonly discovery: DiscoveryParts;
};

type Rendered = { readonly body: string; readonly etag: string };

/** Mounts the issuer's documents. None asks the store: verifiers everywhere fetch them. */
export function mountDocuments(router: Router, deps: () => DocumentDeps): void {
  const renderKeys = createJsonRenderer((keys: PublicKeySet) => keys);
  const renderDiscovery = createJsonRenderer(discoveryDocument);
  // What `X-Forwarded-Host` says has no part in it: keys from an address of somebody else's would verify anything.
  const discovery = (ctx: Context): void => {
    send(ctx, renderDiscovery(deps().discovery));
  };
  router.get('/.well-known/openid-configuration', discovery);
  router.get('/.well-known/oauth-authorization-server', discovery);
  router.get(OIDC_PATHS.jwks, async (ctx) => {
    try {
      send(ctx, renderKeys(await deps().publicKeys()));
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

/** Renders the document of an object once, as long as it is the same object. */
function createJsonRenderer<Source extends object>(
  documentOf: (source: Source) => object,
): (source: Source) => Rendered {
  const known = new WeakMap<Source, Rendered>();
  return (source) => {
    const rendered = known.get(source) ?? renderJson(documentOf(source));
    known.set(source, rendered);
    return rendered;
  };
}

function renderJson(value: object): Rendered {
  const body = JSON.stringify(value);
  return { body, etag: `"${hash('sha256', body, 'base64url').slice(0, 22)}"` };
}
