import type Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import { renderSpMetadata, serviceProviderOf } from '../../protocols/saml/sp-metadata.ts';
import { page, type PageExchange, type PageSurface, showError } from '../page-exchange.ts';
import { showUnknownProvider, signInFailure } from '../sign-in-failure.ts';
import { consumeAssertion } from './assertion-consumer.ts';
import { createMessageId, type SamlDeps, type SamlExchange } from './exchange.ts';
import { startLogin } from './login.ts';
import { singleLogout } from './single-logout.ts';

type Handler = (exchange: SamlExchange, deps: SamlDeps) => Promise<void>;

/**
 * Mounts the SAML service provider: `/saml/{provider}/metadata`, `login`, `acs`, `slo`.
 *
 * @param deps read at each request, so that a reloaded configuration takes effect at once
 */
export function mountSaml(router: Router, surface: () => PageSurface, deps: () => SamlDeps): void {
  const handle = (handler: Handler): Middleware =>
    page(surface, deps, (exchange, now) => answer(exchange, handler, now));
  router.get('/saml/:provider/metadata', handle(sendMetadata));
  router.get('/saml/:provider/login', handle(signingIn(startLogin)));
  router.post('/saml/:provider/acs', handle(signingIn(consumeAssertion)));
  router.register('/saml/:provider/slo', ['GET', 'POST'], handle(singleLogout));
}

async function answer(exchange: PageExchange, handler: Handler, deps: SamlDeps): Promise<void> {
  const provider = deps.directory.samlProviderNamed(providerNameOf(exchange.ctx));
  if (provider === undefined) {
    showUnknownProvider(exchange);
    return;
  }
  const sp = serviceProviderOf(provider, exchange.surface.publicUrl);
  try {
    await handler({ ...exchange, provider, sp }, deps);
  } catch (error) {
    showError(exchange, error, signInFailure(error, choiceOf(provider)));
  }
}

function signingIn(handler: Handler): Handler {
  return async (exchange, deps) => {
    try {
      await handler(exchange, deps);
    } catch (error) {
      if (error instanceof FederationError) deps.onSignIn(exchange.provider.name, 'failure');
      throw error;
    }
  };
}

function choiceOf({ name, signIn }: SamlProvider): Parameters<typeof signInFailure>[1] {
  return signIn === undefined ? { displayName: name } : { name, displayName: signIn.displayName };
}

function providerNameOf(ctx: Context): string {
  const params: unknown = ctx['params'];
  if (typeof params !== 'object' || params === null || !('provider' in params)) return '';
  return typeof params.provider === 'string' ? params.provider : '';
}

async function sendMetadata({ ctx, provider, sp }: SamlExchange, deps: SamlDeps): Promise<void> {
  const keys = await deps.spKeys();
  ctx.set('Content-Type', 'application/samlmetadata+xml; charset=utf-8');
  ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  ctx.set('Cache-Control', 'no-store');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = renderSpMetadata({ id: createMessageId(deps), provider, keys }, sp);
}
