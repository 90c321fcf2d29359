import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import { FederationError } from '../domain/errors.ts';
import { readBody } from './read-body.ts';

const BODY_LIMITS = { maxBytes: 300_000, timeoutMs: 10_000 };
const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/**
 * Reads a form's text.
 *
 * @throws FederationError `malformed-input`, `request-too-large`, `request-timeout`
 */
export async function readForm(ctx: Context): Promise<string> {
  const body = await readBody(ctx.req, BODY_LIMITS);
  if (!FORM.test(ctx.get('content-type'))) throw malformed('the body is not a form');
  if (!isUtf8(body)) throw malformed('the body is not UTF-8');
  return body.toString();
}

/**
 * The fields of a form of ours, none of which comes twice: two readers could take another one each.
 *
 * @throws FederationError `malformed-input`
 */
export function parseFields(text: string): URLSearchParams {
  const form = new URLSearchParams(text);
  const names = [...form.keys()];
  if (new Set(names).size !== names.length) throw malformed('a field is there twice');
  return form;
}

/** A request that no page of ours makes; the reason is for the log. */
export function malformed(reason: string): FederationError {
  const text = 'The request is malformed';
  return new FederationError('malformed-input', reason, { params: { text } });
}
