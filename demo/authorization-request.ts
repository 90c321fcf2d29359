import { isOfThisMachine } from './answer.ts';
import type { DemoClient } from './demo-client.ts';

/** What a client wants of somebody, checked. */
export type AuthorizationRequest = {
  readonly redirectUri: string;
  readonly state: string | null;
  readonly nonce: string | null;
  readonly codeChallenge: string;
  readonly loginHint: string;
};

/** Whom to tell: the person at the page, as nobody else can be trusted with it; or the client, with a code of RFC 6749 4.1.2.1. */
export type RequestFault =
  | { readonly toPerson: string }
  | { readonly toClient: string; readonly redirectUri: string; readonly state: string | null };

const MAX_CHARS = 1000;

/** Reads an authorization request. @see OpenID Connect Core 3.1.2.1, RFC 7636 4.3 */
export function parseAuthorizationRequest(
  query: URLSearchParams,
  client: DemoClient,
): AuthorizationRequest | RequestFault {
  const names = [...query.keys()];
  if (new Set(names).size < names.length) return { toPerson: 'a parameter came twice' };
  if ([...query.values()].some((value) => value.length > MAX_CHARS))
    return { toPerson: 'a parameter is too long' };
  if (query.get('client_id') !== client.id) return { toPerson: 'there is no such client_id' };
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!isOfThisMachine(redirectUri)) return { toPerson: 'redirect_uri must be on this machine' };
  const state = query.get('state');
  const error = errorOf(query);
  if (error !== undefined) return { toClient: error, redirectUri, state };
  const codeChallenge = query.get('code_challenge') ?? '';
  return {
    redirectUri,
    state,
    nonce: query.get('nonce'),
    codeChallenge,
    loginHint: query.get('login_hint') ?? '',
  };
}

function errorOf(query: URLSearchParams): string | undefined {
  if (query.get('response_type') !== 'code') return 'unsupported_response_type';
  if (!(query.get('scope') ?? '').split(' ').includes('openid')) return 'invalid_scope';
  const isS256 = query.get('code_challenge_method') === 'S256';
  if (!isS256 || !/^[\w-]{43}$/.test(query.get('code_challenge') ?? '')) return 'invalid_request';
  return query.get('prompt') === 'none' ? 'login_required' : undefined;
}
