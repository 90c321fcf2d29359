import type { Application } from '../application/application.ts';
import { mappedClaims } from '../application/mapped-claims.ts';
import type { Service } from '../application/service.ts';
import { authenticationOf } from '../session/authentication.ts';
import type { Actor } from '../token/own-token.ts';
import type { TokenClaims } from '../token/token-signer.ts';
import type { Party } from './exchange-party.ts';

/** What stands in a token beside whom it is for. Times are epoch seconds. */
export type ClaimsInput = {
  readonly party: Party;
  /** Who asked for it. */
  readonly client: Application;
  readonly issuer: string;
  readonly tokenId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly act?: Actor | undefined;
  readonly via: readonly string[];
};

/** @see RFC 9068 2.2 */
export function accessTokenClaims(
  input: ClaimsInput,
  { audience, claims }: Service,
  scopes: readonly string[],
): TokenClaims {
  return {
    ...mappedClaims(claims, input.party.source),
    ...commonClaims(input),
    aud: audience,
    client_id: input.client.clientId,
    scope: scopes.length > 0 ? scopes.join(' ') : undefined,
  };
}

/** @see OpenID Connect Core 2 */
export function idTokenClaims(input: ClaimsInput, { clientId, claims }: Application): TokenClaims {
  return {
    ...mappedClaims(claims, input.party.source),
    ...commonClaims(input),
    aud: clientId,
    azp: input.client.clientId === clientId ? undefined : input.client.clientId,
  };
}

// After what was mapped, which cannot name them anyway: nothing that a proof says may pass for our own word. JSON leaves out what is undefined.
function commonClaims({ party, issuer, tokenId, issuedAt, expiresAt, act, via }: ClaimsInput) {
  const { session, publicSubject } = party;
  return {
    iss: issuer,
    sub: publicSubject,
    iat: issuedAt,
    exp: expiresAt,
    jti: tokenId,
    ...(session && { sid: session.signInId, ...authenticationOf(session) }),
    act,
    via,
  };
}
