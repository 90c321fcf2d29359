import { hash } from 'node:crypto';
import { z } from 'zod';
import { recordAllowed } from '../../domain/federation/audited.ts';
import type { FederationDeps } from '../../domain/federation/deps.ts';
import { TOKEN_EXCHANGE } from '../../protocols/oauth/parse-exchange.ts';
import { oidcDraft } from './oidc-draft.ts';
import { auditRefusal, refusalOf } from './oidc-failure.ts';
import type { OidcAnswer, ProviderScope } from './provider-scope.ts';
import { unforeseen } from './run-provider.ts';

/** How a request ended: `Success` or the error's code, and the reference of a refusal. */
export type Recorded = { readonly code: string; readonly reference?: string };

/**
 * Records what the library answered a program.
 *
 * @throws FederationError of ours that came through the library, `store-unavailable`; Error of what nobody foresaw
 */
export async function recordAnswer(
  eventName: string,
  { oidc, body }: OidcAnswer,
  { scope, form }: { readonly scope: ProviderScope; readonly form: URLSearchParams },
  deps: FederationDeps,
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
