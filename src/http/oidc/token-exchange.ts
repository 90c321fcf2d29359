import type { Application } from '../../domain/application/application.ts';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { audited } from '../../domain/federation/audited.ts';
import type { ExchangeDeps, ExchangeTarget } from '../../domain/federation/exchange-request.ts';
import { exchangeToken } from '../../domain/federation/exchange-token.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import type { Directory } from '../../domain/role/directory.ts';
import { splitArn } from '../../domain/role/arn.ts';
import { oauthErrorCodeOf } from '../../protocols/oauth/errors.ts';
import { parseExchange, type PresentedToken } from '../../protocols/oauth/parse-exchange.ts';
import { renderExchange } from '../../protocols/oauth/render-exchange.ts';
import { verifySubjectToken, type SubjectTokenDeps } from '../../protocols/oauth/verify-subject-token.ts';

/** A request for the token exchange grant, once the client has proved who it is. */
export type TokenExchangeCall = {
  readonly client: Application;
  readonly form: URLSearchParams;
  readonly facts: RequestFacts;
};

export type TokenExchangeDeps = ExchangeDeps & SubjectTokenDeps;

/**
 * Exchanges the token in a form; the members of the JSON answer. Refusals are in the audit trail when this throws.
 *
 * @throws FederationError which `oauthErrorOf` words
 * @see RFC 8693 2
 */
export async function exchangeTokens(
  { client, form, facts }: TokenExchangeCall,
  deps: TokenExchangeDeps,
): Promise<Readonly<Record<string, unknown>>> {
  const draft = draftOf(client, facts);
  return audited(draft, deps, async () => {
    const { subject: subjectToken, actor: actorToken, target } = parseExchange(form, client.clientId);
    noteTokens(draft, subjectToken, actorToken, deps);
    const at = { client, account: accountOf(target, client, deps.directory), nowMs: facts.timeMs };
    const subject = await verifySubjectToken({ presented: subjectToken, ...at }, deps);
    const actor = actorToken && (await verifySubjectToken({ presented: actorToken, ...at }, deps));
    const request = { client, subject, subjectTokenType: subjectToken.type, target };
    const issued = await exchangeToken({ ...request, ...(actor && { actor }) }, draft, deps);
    return renderExchange(issued, facts.timeMs);
  });
}

function draftOf({ clientId }: Application, facts: RequestFacts): AuditDraft {
  return {
    facts,
    eventSource: 'oidc.rolebridge',
    eventName: 'ExchangeToken',
    errorCodeOf: oauthErrorCodeOf,
    requestParameters: { clientId },
  };
}

/** Before they are verified: of a token that is refused the trail has its hash, too. */
function noteTokens(
  draft: AuditDraft,
  subject: PresentedToken,
  actor: PresentedToken | undefined,
  { hashProof }: TokenExchangeDeps,
): void {
  draft.tokenHash = hashProof(subject.token);
  if (actor === undefined) return;
  draft.requestParameters = { ...draft.requestParameters, actorTokenHash: hashProof(actor.token) };
}

/**
 * Whose providers count: those of the account that the target belongs to, as in the STS API.
 *
 * Of services only those that the client may ask for tell their account; else the difference between two refusals would
 * tell which exist.
 */
function accountOf(target: ExchangeTarget, client: Application, directory: Directory): string {
  switch (target.kind) {
    case 'credentials':
      return splitArn(target.roleArn)?.account ?? client.account;
    case 'id-token':
      return directory.application(target.audience)?.account ?? client.account;
    case 'access-token': {
      const isListed = client.audiences.includes(target.audience);
      return (isListed ? directory.service(target.audience)?.account : undefined) ?? client.account;
    }
  }
}
