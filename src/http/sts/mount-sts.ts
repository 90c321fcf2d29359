import { isUtf8 } from 'node:buffer';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import { parseAction, parseStsRequest, type StsAction } from '../../protocols/sts/actions.ts';
import { errorCodeOf } from '../../protocols/sts/errors.ts';
import { parseParameters, type Parameters } from '../../protocols/sts/parameters.ts';
import {
  renderError,
  renderInternalFailure,
  renderResult,
  type Format,
  type Rendered,
} from '../../protocols/sts/render.ts';
import type { SignedRequest } from '../../protocols/sigv4/signed-request.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { requestFacts, type RequestFactsDeps } from '../middleware/request-facts.ts';
import { readBody } from '../read-body.ts';
import { callAction, type StsDeps } from './actions.ts';

export type StsSurface = RequestFactsDeps & {
  readonly errorReference: 'element' | 'message';
  /** Told of every answer: for metrics. Both are of closed sets. */
  readonly onAnswer: (answer: { action: StsAction | 'none'; code: string }) => void;
  /** Told of what nobody foresaw, with the request's id. */
  readonly onBug: (error: unknown, requestId: string) => void;
};

/** Bodies above 300 kB and bodies that take longer than 10 s are refused. */
const BODY_LIMITS = { maxBytes: 300_000, timeoutMs: 10_000 };
const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;
/** Where STS sends requests that name no action (wire-spec 1.2). */
const REDIRECT = 'https://aws.amazon.com/iam';
/** Where people want to go who type our address. */
const FRONT_PAGE = '/roles';

/**
 * Mounts the STS Query API at `/`, `/sts` (botocore) and `/sts/` (JavaScript SDK), GET and POST.
 *
 * @param deps read at each request, so that a reloaded configuration takes effect at once
 */
export function mountSts(router: Router, surface: () => StsSurface, deps: () => StsDeps): void {
  router.register(['/', '/sts', '/sts/'], ['GET', 'POST'], async (ctx) => {
    await answer(ctx, surface(), deps());
  });
}

async function answer(ctx: Context, surface: StsSurface, deps: StsDeps): Promise<void> {
  const facts = requestFacts(ctx.req, surface);
  const format: Format = /^application\/json\b/.test(ctx.get('accept')) ? 'json' : 'xml';
  setHeaders(ctx, facts);
  let action: StsAction | undefined;
  try {
    const body = await readBody(ctx.req, BODY_LIMITS);
    const parameters = parametersOf(ctx, body);
    action = parseAction(parameters);
    if (action === undefined) {
      redirect(ctx);
      return;
    }
    const result = await run(ctx, { action, parameters, body, facts }, deps);
    send(ctx, renderResult(action, result, facts.requestId, format));
    surface.onAnswer({ action, code: 'Success' });
  } catch (error) {
    sendError(ctx, error, { surface, facts, format, action });
  }
}

type Received = {
  readonly action: StsAction;
  readonly parameters: Parameters;
  readonly body: Buffer;
  readonly facts: RequestFacts;
};

function run(ctx: Context, { action, parameters, body, facts }: Received, deps: StsDeps) {
  const request = parseStsRequest(action, parameters);
  const signed = signedRequestOf(ctx, body);
  const options = { nowMs: facts.timeMs, service: 'sts' };
  return callAction(
    { request, facts, authenticate: (onClaim) => authenticate(signed, { ...options, onClaim }, deps) },
    deps,
  );
}

// A POST names its action in a form body only; whatever has another type carries no parameters (wire-spec 1.2).
function parametersOf(ctx: Context, body: Buffer): Parameters {
  if (ctx.method === 'GET') return parseParameters(ctx.querystring);
  if (!FORM.test(ctx.get('content-type'))) return new Map();
  if (!isUtf8(body)) throw new FederationError('malformed-input', 'body is not UTF-8');
  return parseParameters(body.toString());
}

function signedRequestOf(ctx: Context, body: Buffer): SignedRequest {
  const target = ctx.req.url ?? '/';
  const query = target.indexOf('?');
  const raw = ctx.req.rawHeaders;
  const headers: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    headers.push([(raw[index] ?? '').toLowerCase(), raw[index + 1] ?? '']);
  return {
    method: ctx.method,
    rawPath: query < 0 ? target : target.slice(0, query),
    rawQuery: query < 0 ? '' : target.slice(query + 1),
    headers,
    body,
  };
}

// Also on errors and redirects; JavaScript's SDK reads the request id from nowhere else (wire-spec 1.1).
function setHeaders(ctx: Context, { requestId, region, timeMs }: RequestFacts): void {
  const extended = `1:${region}:S:${timeMs}:R:${requestId.slice(0, 8)}`;
  ctx.set('x-amzn-RequestId', requestId);
  ctx.set('x-amz-sts-extended-request-id', Buffer.from(extended).toString('base64'));
  ctx.set('Cache-Control', 'no-store');
}

function redirect(ctx: Context): void {
  ctx.status = 302;
  ctx.set('Location', destinationOf(ctx));
  ctx.body = '';
}

function destinationOf(ctx: Context): string {
  const { method, path, querystring } = ctx;
  if (method !== 'GET') return REDIRECT;
  // Tools ask for anything, browsers for HTML.
  if (path === '/' && /\btext\/html\b/.test(ctx.get('accept'))) return FRONT_PAGE;
  return querystring === '' ? REDIRECT : `${REDIRECT}?${querystring}`;
}

function send(ctx: Context, { status, contentType, body }: Rendered): void {
  ctx.status = status;
  ctx.set('Content-Type', contentType);
  ctx.body = body;
}

type ErrorContext = {
  readonly surface: StsSurface;
  readonly facts: RequestFacts;
  readonly format: Format;
  readonly action: StsAction | undefined;
};

function sendError(ctx: Context, error: unknown, { surface, facts, format, action }: ErrorContext): void {
  const { requestId } = facts;
  if (!(error instanceof FederationError)) {
    surface.onBug(error, requestId);
    surface.onAnswer({ action: action ?? 'none', code: 'InternalFailure' });
    send(ctx, renderInternalFailure(requestId));
    return;
  }
  if (error.code === 'request-too-large' || error.code === 'request-timeout') ctx.set('Connection', 'close');
  if (error.refusal) ctx.set('x-rolebridge-reference', error.refusal.reference);
  send(ctx, renderError(error, { requestId, format, errorReference: surface.errorReference }));
  surface.onAnswer({ action: action ?? 'none', code: errorCodeOf(error.code) });
}
