import { hash } from 'node:crypto';
import type { Context } from 'koa';
import type { Application } from '../../domain/application/application.ts';
import { FederationError } from '../../domain/errors.ts';
import { singleValues } from '../../protocols/oauth/single-values.ts';
import { readForm } from '../read-form.ts';

// Whoever knows an application's name may bring some, and they stay for a while (RFC 9126 2.3).
const KEPT = new Set(['PushAuthorizationRequest', 'AuthorizeDevice']);
const MAX_KEPT_CHARS = 20_000;

/**
 * The parameters of a request, each of which stands there once but for those that name a target.
 *
 * @throws FederationError `malformed-input`, `request-too-large`, `request-timeout`
 */
export async function readProgramForm(
  ctx: Context,
  { eventName }: { readonly eventName: string },
): Promise<URLSearchParams> {
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

const HASHED = ['subject_token', 'actor_token'];

/** The form as the library gets it. What is for us alone stays with us: it could do no more than lose it. */
export function formForLibrary(
  form: URLSearchParams,
  workload: Application | undefined,
  { workloadSecret }: { readonly workloadSecret: string },
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
