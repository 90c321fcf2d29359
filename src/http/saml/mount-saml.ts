import type Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import { renderSpMetadata, serviceProviderOf } from '../../protocols/saml/sp-metadata.ts';
import { requestFacts, type RequestFactsDeps } from '../middleware/request-facts.ts';
import { consumeAssertion } from './assertion-consumer.ts';
import { createMessageId, type SamlDeps, type SamlExchange } from './exchange.ts';
import { startLogin } from './login.ts';
import {
  AUTO_SUBMIT_PATH,
  AUTO_SUBMIT_SCRIPT,
  sendErrorPage,
  sendInternalErrorPage,
  sendNotFoundPage,
  setSecurityHeaders,
} from './pages.ts';
import { singleLogout, startLogout } from './single-logout.ts';

export type SamlSurface = RequestFactsDeps & {
  /** Our origin, without a slash at its end. */
  readonly publicUrl: string;
  /** Told of what nobody foresaw, with the request's id. */
  readonly onBug: (error: unknown, requestId: string) => void;
};

type Handler = (exchange: SamlExchange, deps: SamlDeps) => Promise<void>;

/** The rest of such a body is not read, so nothing else can follow it on the connection. */
const CLOSING = new Set(['request-too-large', 'request-timeout']);

/**
 * Mounts the SAML service provider: `/saml/{provider}/metadata`, `login`, `acs`, `slo`, `logout`.
 *
 * @param deps read at each request, so that a reloaded configuration takes effect at once
 */
export function mountSaml(router: Router, surface: () => SamlSurface, deps: () => SamlDeps): void {
  const handle =
    (handler: Handler): Middleware =>
    (ctx) =>
      answer(ctx, handler, surface(), deps());
  router.get('/saml/:provider/metadata', handle(sendMetadata));
  router.get('/saml/:provider/login', handle(startLogin));
  router.post('/saml/:provider/acs', handle(consumeAssertion));
  router.register('/saml/:provider/slo', ['GET', 'POST'], handle(singleLogout));
  router.post('/saml/:provider/logout', handle(startLogout));
  router.get(AUTO_SUBMIT_PATH, (ctx) => {
    setSecurityHeaders(ctx);
    ctx.set('Content-Type', 'text/javascript; charset=utf-8');
    ctx.body = AUTO_SUBMIT_SCRIPT;
  });
}

async function answer(ctx: Context, handler: Handler, surface: SamlSurface, deps: SamlDeps): Promise<void> {
  const facts = requestFacts(ctx.req, surface);
  setSecurityHeaders(ctx);
  ctx.set('x-amzn-RequestId', facts.requestId);
  const provider = deps.directory.samlProviderNamed(providerNameOf(ctx));
  if (provider === undefined) {
    sendNotFoundPage(ctx);
    return;
  }
  try {
    await handler({ ctx, facts, provider, sp: serviceProviderOf(provider, surface.publicUrl) }, deps);
  } catch (error) {
    if (error instanceof FederationError) {
      if (CLOSING.has(error.code)) ctx.set('Connection', 'close');
      sendErrorPage(ctx, error, { facts, startAgain: `/saml/${provider.name}/login` });
    } else {
      surface.onBug(error, facts.requestId);
      sendInternalErrorPage(ctx, facts);
    }
  }
}

function providerNameOf(ctx: Context): string {
  const params: unknown = ctx['params'];
  if (typeof params !== 'object' || params === null || !('provider' in params)) return '';
  return typeof params.provider === 'string' ? params.provider : '';
}

async function sendMetadata({ ctx, provider, sp }: SamlExchange, deps: SamlDeps): Promise<void> {
  const keys = await deps.spKeys();
  ctx.set('Content-Type', 'application/samlmetadata+xml; charset=utf-8');
  ctx.body = renderSpMetadata({ id: createMessageId(deps), provider, keys }, sp);
}
