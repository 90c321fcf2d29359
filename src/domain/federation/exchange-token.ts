import { TOKEN_TYPES } from '../application/token-type.ts';
import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import { actingOf, requireBearer, viaOf } from './exchange-chain.ts';
import { exchangeForCredentials, stsActionOf } from './exchange-credentials.ts';
import { exchangeKeys, permitExchange } from './exchange-gate.ts';
import { issueExchanged } from './exchange-issue.ts';
import { partyOf } from './exchange-party.ts';
import type {
  ExchangedToken,
  ExchangeDeps,
  ExchangeTarget,
  ExchangeTokenRequest,
  PreparedExchange,
} from './exchange-request.ts';
import type { ExchangeSubject } from './exchange-subject.ts';
import { offerOf } from './exchange-target.ts';
import { singleUseOf } from './single-use.ts';

/**
 * Token exchange: who stands behind one token gets another, or credentials of a role, where its policy allows.
 *
 * @param draft is told all that becomes known; `tokenHash` is the subject token's
 * @throws FederationError `client-unauthorized`, `invalid-identity-token`, `expired-identity-token`, `exchange-loop`,
 *   `exchange-denied`, `scope-refused`, `mfa-required`, `token-payload-too-large`, `store-unavailable`; for credentials also
 *   what `assumeRole` throws
 * @see RFC 8693 2
 */
export async function exchangeToken(
  request: ExchangeTokenRequest,
  draft: AuditDraft,
  deps: ExchangeDeps,
): Promise<ExchangedToken> {
  const { target, actor } = request;
  noteRequest(request, draft);
  const exchange = prepare(request, deps);
  if (actor) draft.requestParameters = { ...draft.requestParameters, actor: exchange.act };
  requireTime(exchange, draft);
  if (target.kind === 'credentials') {
    await useAssertions(actor ? [actor] : [], deps);
    const keys = exchangeKeys(request, { act: exchange.act, scopes: [] });
    const terms = { rolebridge: keys, notOnOrAfterMs: exchange.endsAtMs };
    const { subject } = exchange.party;
    const assumed = await exchangeForCredentials({ request, target, subject, terms }, draft, deps);
    return { kind: 'credentials', ...assumed };
  }
  const offer = offerOf(target, exchange, deps);
  const keys = exchangeKeys(request, { act: exchange.act, scopes: offer.scopes });
  permitExchange(exchange.party, { of: offer.of, keys }, draft, deps);
  await useAssertions(actor ? [request.subject, actor] : [request.subject], deps);
  return issueExchanged(offer, exchange, draft, deps);
}

function noteRequest(
  { client, subject, subjectTokenType, target }: ExchangeTokenRequest,
  draft: AuditDraft,
): void {
  noteSubject(subject, draft);
  const { tokenHash: subjectTokenHash } = draft;
  const parties = {
    clientId: client.clientId,
    subjectTokenType: TOKEN_TYPES[subjectTokenType],
    // The event's own hash is that of the first proof, where there is one.
    ...(subjectTokenHash === undefined ? {} : { subjectTokenHash }),
  };
  draft.requestParameters = { ...draft.requestParameters, ...parties, ...wishOf(target) };
  if (target.kind !== 'credentials') return;
  draft.eventName = stsActionOf(subject);
  draft.roleArn = target.roleArn;
}

function noteSubject(subject: ExchangeSubject, draft: AuditDraft): void {
  if (subject.kind === 'role-session') draft.caller = subject.caller;
  else if (subject.kind === 'sign-in') draft.identity = subject.session.signIn.identity;
  else if (subject.kind !== 'application') draft.identity = subject.identity;
}

function wishOf(target: ExchangeTarget): Readonly<Record<string, unknown>> {
  switch (target.kind) {
    case 'access-token': {
      const { audience, scopes } = target;
      return { requestedTokenType: TOKEN_TYPES[target.kind], audience, scope: scopes?.join(' ') };
    }
    case 'id-token':
      return { requestedTokenType: TOKEN_TYPES[target.kind], audience: target.audience };
    case 'credentials': {
      const { roleArn, durationSeconds } = target;
      return { requestedTokenType: TOKEN_TYPES.aws4, roleArn, durationSeconds };
    }
  }
}

function prepare(
  { client, subject, actor, target }: ExchangeTokenRequest,
  deps: ExchangeDeps,
): PreparedExchange {
  const { directory, issuer } = deps;
  if (!client.grants.includes('token_exchange'))
    throw new FederationError('client-unauthorized', 'the client has no grant for exchanges');
  const party = partyOf(subject, directory);
  requireBearer(party.token, client, directory);
  const via = viaOf(party, target.kind === 'credentials' ? target.roleArn : target.audience, issuer);
  const acting = actor && actingOf(actor, { party, client, issuer, directory });
  return {
    client,
    party,
    via,
    // Who acted before still does: an exchange without an actor token does not wash them off.
    act: acting ? acting.act : party.token?.act,
    endsAtMs: Math.min(party.endsAtMs, acting?.endsAtMs ?? Infinity),
  };
}

// A token lives for whole seconds.
function requireTime({ endsAtMs }: PreparedExchange, { facts }: AuditDraft): void {
  if (Math.floor(endsAtMs / 1000) > Math.floor(facts.timeMs / 1000)) return;
  throw new FederationError('expired-identity-token', 'nothing is left of what was brought');
}

// An assertion works once whatever it is brought for: it passes through a browser, and a copy must open nothing.
async function useAssertions(brought: readonly ExchangeSubject[], { sessions }: ExchangeDeps): Promise<void> {
  for (const one of brought) {
    if (one.kind !== 'proof' || one.identity.kind !== 'saml') continue;
    if (await sessions.claim(singleUseOf(one.identity))) continue;
    const text = 'Response has already been used';
    throw new FederationError('invalid-identity-token', 'single-use proof used again', { params: { text } });
  }
}
