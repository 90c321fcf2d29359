import { hash } from 'node:crypto';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Application } from '../../domain/application/application.ts';
import { FederationError } from '../../domain/errors.ts';
import { recordAllowed } from '../../domain/federation/audited.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import { oauthErrorOf } from '../../protocols/oauth/errors.ts';
import { TOKEN_EXCHANGE } from '../../protocols/oauth/parse-exchange.ts';
import { singleValues } from '../../protocols/oauth/single-values.ts';
import { requestFacts, type RequestFactsDeps } from '../middleware/request-facts.ts';
import { readForm } from '../read-form.ts';
import { authenticateWorkload, type AuthenticateWorkloadDeps } from './authenticate-workload.ts';
import { GRANT_TYPES } from './client-metadata.ts';
import type { ProviderDeps, ProviderSource } from './create-provider.ts';
import { exchangingClient } from './exchanging-client.ts';
import { headersForProgram } from './inner-headers.ts';
import { oidcDraft } from './oidc-draft.ts';
import { auditRefusal, refusalOf } from './oidc-failure.ts';
import type { OidcAnswer, ProviderScope } from './provider-scope.ts';
import { runProvider, unforeseen } from './run-provider.ts';
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
  try {
    const form = await formOf(ctx, endpoint);
    const code = await answerForm({ ctx, facts, form, endpoint }, deps);
    if (endpoint.eventName === 'IssueToken') deps.onTokenAnswer(grantOf(form), code);
  } catch (error) {
    const code = refuse(ctx, error);
    if (code === undefined) surface.onBug(error, facts.requestId);
    if (endpoint.eventName === 'IssueToken') deps.onTokenAnswer('unknown', code ?? 'server_error');
  }
}

// Whoever knows an application's name may bring some, and they stay for a while (RFC 9126 2.3).
const KEPT = new Set(['PushAuthorizationRequest', 'AuthorizeDevice']);
const MAX_KEPT_CHARS = 20_000;

async function formOf(ctx: Context, { eventName }: ProgramEndpoint): Promise<URLSearchParams> {
  // Userinfo is asked with a POST that has no body, too.
  const isEmpty = ctx.get('content-type') === '' && ['', '0'].includes(ctx.get('content-length'));
  if (ctx.method !== 'POST' || isEmpty) return new URLSearchParams();
  const body = await readForm(ctx);
  if (KEPT.has(eventName) && body.length > MAX_KEPT_CHARS)
    throw new FederationError('request-too-large', 'too long to be kept');
  const form = new URLSearchParams(body);
  singleValues(form, ['resource', 'audience']);
  return form;
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
  const code = await record(endpoint, answer, { scope, form }, deps);
  send(ctx, answer.body, answer.status, code.reference);
  return code.code;
}

const HASHED = ['subject_token', 'actor_token'];

// What is for us alone stays with us: the library could do no more than lose it.
function formForLibrary(
  form: URLSearchParams,
  workload: Application | undefined,
  { workloadSecret }: ProgramDeps,
): URLSearchParams {
  const passed = new URLSearchParams(form);
  for (const name of HASHED) {
    const token = passed.get(name);
    if (token !== null) passed.set(name, hash('sha256', token, 'base64url'));
  }
  if (workload === undefined) return passed;
  passed.delete('client_assertion');
  passed.delete('client_assertion_type');
  passed.set('client_id', workload.clientId);
  passed.set('client_secret', workloadSecret);
  return passed;
}

type Recorded = { readonly code: string; readonly reference?: string };

async function record(
  { eventName }: ProgramEndpoint,
  { oidc, body }: OidcAnswer,
  { scope, form }: { readonly scope: ProviderScope; readonly form: URLSearchParams },
  deps: ProgramDeps,
): Promise<Recorded> {
  const client_id = oidc.client?.clientId ?? form.get('client_id');
  const draft = await oidcDraft(eventName, { ...Object.fromEntries(form), client_id }, scope);
  if (scope.failure !== undefined) {
    const refusal = refusalOf(scope.failure);
    if (refusal?.code !== 'oauth-refused') throw unforeseen(scope.failure);
    const { reused } = scope;
    // Elsewhere it is only asked about, or revoked.
    const named = eventName === 'IssueToken' && reused ? { ...draft, reused } : draft;
    await auditRefusal(refusal, { draft: named, isKnown: oidc.client !== undefined }, deps);
    const reference = refusal.refusal?.reference;
    return { code: String(refusal.params['error']), ...(reference === undefined ? {} : { reference }) };
  }
  // The exchange has written its own, with the decision.
  const isExchange = form.get('grant_type') === TOKEN_EXCHANGE;
  if (RECORDED.has(eventName) && !isExchange) await recordAllowed(draft, issuedIn(body), deps);
  return { code: 'Success' };
}

/** What issues or ends something; reading is recorded where it is refused. */
const RECORDED = new Set(['IssueToken', 'RevokeToken', 'PushAuthorizationRequest', 'AuthorizeDevice']);

const issued = z.object({
  access_token: z.string().optional(),
  id_token: z.string().optional(),
  refresh_token: z.string().optional(),
  scope: z.string().optional(),
  expires_in: z.number().optional(),
});

/** What was issued, tokens by their hashes. */
function issuedIn(body: unknown): Readonly<Record<string, unknown>> | null {
  const { data } = issued.safeParse(body);
  if (data === undefined) return null;
  const { access_token, id_token, refresh_token, scope, expires_in } = data;
  const hashOf = (token: string | undefined): string | undefined => token && hash('sha256', token);
  return {
    accessTokenHash: hashOf(access_token),
    idTokenHash: hashOf(id_token),
    refreshTokenHash: hashOf(refresh_token),
    scope,
    expiresIn: expires_in,
  };
}

function send(ctx: Context, body: unknown, status: number, reference: string | undefined): void {
  ctx.set('Cache-Control', 'no-store');
  if (reference !== undefined) ctx.set('x-rolebridge-reference', reference);
  const isJson = typeof body === 'object' && body !== null && !Buffer.isBuffer(body);
  ctx.body = isJson && reference !== undefined ? { ...body, reference } : (body ?? '');
  ctx.status = status;
}

/** @returns the error's code; `undefined` for what nobody foresaw */
function refuse(ctx: Context, error: unknown): string | undefined {
  ctx.set('Cache-Control', 'no-store');
  if (!(error instanceof FederationError)) {
    ctx.status = 500;
    ctx.body = { error: 'server_error', error_description: 'Something failed here.' };
    return undefined;
  }
  if (error.code === 'request-too-large' || error.code === 'request-timeout') ctx.set('Connection', 'close');
  const { status, headers, body } = oauthErrorOf(error);
  ctx.set({ ...headers });
  ctx.body = body;
  ctx.status = status;
  return body['error'];
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
