import type { CustomFetch } from 'openid-client';
import { FederationError } from '../../domain/errors.ts';
import { type JsonObject, parseJsonObject } from './json-object.ts';
import { providerRefused } from './provider-refusal.ts';

/** A token answer holds an ID token of at most 20,000 characters and two other tokens; userinfo is far smaller. */
const MAX_ANSWER_BYTES = 100_000;

/**
 * A fetch whose answers are looked at before the library sees them: an overloaded or broken provider can be tried again,
 * anything that is not one bounded JSON object is refused.
 *
 * @param change what the library is shown of a successful answer
 * @throws FederationError `identity-provider-unreachable`, `provider-refused`
 */
export function fetchJson(fetch: CustomFetch, change: (answer: JsonObject) => JsonObject): CustomFetch {
  return async (url, options) => {
    const response = await fetch(url, options);
    const { status } = response;
    if (status >= 500 || status === 429)
      throw new FederationError('identity-provider-unreachable', `${url} answered ${status}`);
    const answer = await readAnswer(response);
    return Response.json(response.ok ? change(answer) : answer, { status });
  };
}

async function readAnswer(response: Response): Promise<JsonObject> {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json')
    throw providerRefused('other', `an answer with status ${response.status} that is no JSON`);
  const body = Buffer.from(await response.arrayBuffer());
  if (body.length > MAX_ANSWER_BYTES) throw providerRefused('other', 'an answer that is too large');
  try {
    return parseJsonObject(body);
  } catch (cause) {
    throw providerRefused('other', 'an answer that is no JSON object', cause);
  }
}
