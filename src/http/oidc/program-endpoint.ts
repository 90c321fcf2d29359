import type { Context } from 'koa';
import { FederationError } from '../../domain/errors.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import { oauthErrorOf } from '../../protocols/oauth/errors.ts';
import { requestFacts, type RequestFactsDeps } from '../middleware/request-facts.ts';
import { authenticateWorkload, type AuthenticateWorkloadDeps } from './authenticate-workload.ts';
import { GRANT_TYPES } from './client-metadata.ts';
import type { ProviderDeps, ProviderSource } from './create-provider.ts';
import { exchangingClient } from './exchanging-client.ts';
import { headersForProgram } from './inner-headers.ts';
import { formForLibrary, readProgramForm } from './program-form.ts';
import type { ProviderScope } from './provider-scope.ts';
import { recordAnswer } from './record-answer.ts';
import { runProvider } from './run-provider.ts';
import { exchangeTokens } from './token-exchange.ts';

export type ProgramSurface = RequestFactsDeps & {
  readonly onBug: (error: unknown, requestId: string) => void;
};

export type ProgramDeps = ProviderDeps &
  AuthenticateWorkloadDeps & {
    readonly provider: ProviderSource;
    /** Told how token requests end; both are of closed sets. */
    readonly onTokenAnswer: (grant: string, code: string) => void;
  };

/** An endpoint that programs call, and the name of its events. */
export type ProgramEndpoint = {
  readonly eventName: string;
  /** Whether clients prove who they are there. */
  readonly provesClients: boolean;
};

/** Answers a request of a program: JSON, recorded before it leaves. */
export async function answerProgram(
  ctx: Context,
  endpoint: ProgramEndpoint,
  { surface, deps }: { readonly surface: ProgramSurface; readonly deps: ProgramDeps },
): Promise<void> {
  const facts = requestFacts(ctx.req, surface);
  setHeaders(ctx, facts);
  let [grant, code] = ['unknown', 'server_error'];
  try {
    const form = await readProgramForm(ctx, endpoint);
    grant = grantOf(form);
    code = await answerForm({ ctx, facts, form, endpoint }, deps);
  } catch (error) {
    if (!(error instanceof FederationError)) surface.onBug(error, facts.requestId);
    code = refuse(ctx, error);
  }
  if (endpoint.eventName === 'IssueToken') deps.onTokenAnswer(grant, code);
}

type Asked = {
  readonly ctx: Context;
  readonly facts: RequestFacts;
  readonly form: URLSearchParams;
  readonly endpoint: ProgramEndpoint;
};

/** @returns `Success`, or the error's code */
async function answerForm({ ctx, facts, form, endpoint }: Asked, deps: ProgramDeps): Promise<string> {
  const workload = endpoint.provesClients ? await authenticateWorkload({ form, facts }, deps) : undefined;
  const exchanging =
    endpoint.eventName === 'IssueToken'
      ? exchangingClient({ form, header: (name) => ctx.get(name), workload }, deps.directory)
      : undefined;
  if (exchanging !== undefined) {
    send(ctx, await exchangeTokens({ client: exchanging, form, facts }, deps), 200, undefined);
    return 'Success';
  }
  const scope: ProviderScope = { facts, form, signIns: new Map(), signInEnds: new Map() };
  const body = formForLibrary(form, workload, deps).toString();
  const { method, path } = ctx;
  const headers = headersForProgram({ ctx, facts, issuer: deps.issuer, body });
  const request = { method, url: path, headers, body };
  const answer = await runProvider(await deps.provider(), request, { scope, response: ctx.res });
  const { code, reference } = await recordAnswer(endpoint.eventName, answer, { scope, form }, deps);
  send(ctx, answer.body, answer.status, reference);
  return code;
}

function send(ctx: Context, body: unknown, status: number, reference: string | undefined): void {
  ctx.set('Cache-Control', 'no-store');
  if (reference !== undefined) ctx.set('x-rolebridge-reference', reference);
  const isJson = typeof body === 'object' && body !== null && !Buffer.isBuffer(body);
  ctx.body = isJson && reference !== undefined ? { ...body, reference } : (body ?? '');
  ctx.status = status;
}

/** @returns the error's code */
function refuse(ctx: Context, error: unknown): string {
  ctx.set('Cache-Control', 'no-store');
  if (!(error instanceof FederationError)) {
    ctx.status = 500;
    ctx.body = { error: 'server_error', error_description: 'Something failed here.' };
    return 'server_error';
  }
  if (error.code === 'request-too-large' || error.code === 'request-timeout') ctx.set('Connection', 'close');
  const { status, headers, body } = oauthErrorOf(error);
  ctx.set({ ...headers });
  ctx.body = body;
  ctx.status = status;
  return body['error'] ?? '';
}

function setHeaders(ctx: Context, { requestId, secureTransport }: RequestFacts): void {
  ctx.set('x-amzn-RequestId', requestId);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  ctx.set('Referrer-Policy', 'no-referrer');
  if (secureTransport) ctx.set('Strict-Transport-Security', 'max-age=63072000');
}

/** For metrics: never what a client made up. */
function grantOf(form: URLSearchParams): string {
  const grant = form.get('grant_type');
  return Object.entries(GRANT_TYPES).find(([, value]) => value === grant)?.[0] ?? 'unknown';
}
