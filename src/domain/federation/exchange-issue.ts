import type { AuditDraft } from '../audit/audit-draft.ts';
import { createUuid } from '../credentials/uuid.ts';
import { FederationError } from '../errors.ts';
import { ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE } from '../token/own-token.ts';
import { recordAllowed } from './audited.ts';
import { accessTokenClaims, idTokenClaims, type ClaimsInput } from './exchange-claims.ts';
import type { Offer } from './exchange-target.ts';
import type { ExchangeDeps, ExchangedToken, PreparedExchange } from './exchange-request.ts';

/** What verifiers take, ours included, is 20,000 characters; the next exchange adds to it. */
const MAX_TOKEN_CHARS = 16_000;

/** Signs what the policy allowed, and hands it out once the trail and the record of its origin are written. */
export async function issueExchanged(
  offer: Offer,
  exchange: PreparedExchange,
  draft: AuditDraft,
  deps: ExchangeDeps,
): Promise<ExchangedToken> {
  const { kind, scopes } = offer;
  const claims = timedClaims(offer, exchange, draft, deps);
  const token = await sign(offer, claims, deps);
  const expiresAtMs = claims.expiresAt * 1000;
  const responseElements = {
    tokenHash: deps.hashProof(token),
    tokenId: claims.tokenId,
    subject: exchange.party.publicSubject,
    expiration: new Date(expiresAtMs).toISOString(),
    scope: scopes.join(' '),
  };
  const { origin } = exchange.party;
  const remember = origin && (() => deps.exchangedTokens.save(claims.tokenId, origin, expiresAtMs));
  await recordAllowed(draft, responseElements, deps, remember);
  return { kind, token, expiresAtMs, scopes };
}

function timedClaims(
  { kind, of }: Offer,
  { client, party, act, via, endsAtMs }: PreparedExchange,
  { facts }: AuditDraft,
  { issuer, random }: ExchangeDeps,
): ClaimsInput {
  const lifetime = kind === 'id-token' ? of.idTokenLifetimeSeconds : of.tokenLifetimeSeconds;
  const issuedAt = Math.floor(facts.timeMs / 1000);
  const expiresAt = Math.min(issuedAt + lifetime, Math.floor(endsAtMs / 1000));
  return { party, client, issuer, tokenId: createUuid(random), issuedAt, expiresAt, act, via };
}

async function sign(offer: Offer, input: ClaimsInput, { signer }: ExchangeDeps): Promise<string> {
  const token =
    offer.kind === 'id-token'
      ? await signer.sign(idTokenClaims(input, offer.of), {
          algorithm: offer.of.idTokenAlgorithm,
          type: ID_TOKEN_TYPE,
        })
      : await signer.sign(accessTokenClaims(input, offer.of, offer.scopes), {
          algorithm: offer.of.algorithm,
          type: ACCESS_TOKEN_TYPE,
        });
  if (token.length <= MAX_TOKEN_CHARS) return token;
  const params = { size: token.length, limit: MAX_TOKEN_CHARS };
  throw new FederationError('token-payload-too-large', `token of ${token.length} characters`, { params });
}
