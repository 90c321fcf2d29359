import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { oauthErrorCodeOf } from '../../protocols/oauth/errors.ts';
import type { ProviderScope } from './provider-scope.ts';

const MAX_CHARS = 300;

/** The beginning of an event of the provider. Of what came, only parameters that name things are in it, cut. */
export async function oidcDraft(
  eventName: string,
  params: Readonly<Record<string, unknown>>,
  scope: ProviderScope,
): Promise<AuditDraft> {
  const session = scope.session ?? (await firstSignIn(scope));
  return {
    facts: scope.facts,
    eventSource: 'oidc.rolebridge',
    eventName,
    errorCodeOf: oauthErrorCodeOf,
    requestParameters: namesIn({ ...params, sign_in_id: session?.signInId }),
    ...(session && { identity: session.signIn.identity }),
  };
}

async function firstSignIn({ signIns }: ProviderScope) {
  const [found] = signIns.values();
  return found;
}

const NAMED = {
  client_id: 'clientId',
  grant_type: 'grantType',
  scope: 'scope',
  resource: 'resource',
  redirect_uri: 'redirectUri',
  acr_values: 'acrValues',
  prompt: 'prompt',
  token_type_hint: 'tokenTypeHint',
  sign_in_id: 'signInId',
} as const;

function namesIn(params: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(NAMED).flatMap(([name, ours]) => {
      const value = params[name];
      return typeof value === 'string' && value !== '' ? [[ours, value.slice(0, MAX_CHARS)]] : [];
    }),
  );
}
