import type { Identity } from '../../domain/identity/identity.ts';
import type { OwnToken } from '../../domain/token/own-token.ts';
import { parseCompactJws } from './compact-jws.ts';
import { ownMember, parseJsonObject } from './json-object.ts';
import { toIdentity, verifyParsed, type VerifyIdTokenDeps } from './verify-id-token.ts';
import { verifyOwnToken, type VerifyOwnTokenDeps } from './verify-own-token.ts';

export type VerifyAnyTokenDeps = VerifyOwnTokenDeps &
  VerifyIdTokenDeps & {
    /** Our own. */
    readonly issuer: string;
  };

/** A token of ours, or a proof of a configured provider's. */
export type VerifiedToken =
  | { readonly kind: 'own'; readonly token: OwnToken }
  | { readonly kind: 'proof'; readonly identity: Identity };

/**
 * Verifies a JWT of at most 20,000 characters by whose it says that it is. A token in our name is verified with our keys alone,
 * even where a provider is configured under it; whether it has expired is for the caller to see.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`, `identity-provider-unreachable`,
 *   `store-unavailable`
 */
export async function verifyAnyToken(token: string, deps: VerifyAnyTokenDeps): Promise<VerifiedToken> {
  const jws = parseCompactJws(token);
  const claims = parseJsonObject(jws.payload);
  if (ownMember(claims, 'iss') === deps.issuer)
    return { kind: 'own', token: await verifyOwnToken(jws, claims, deps) };
  const verified = await verifyParsed(jws, claims, deps);
  return { kind: 'proof', identity: toIdentity(verified, verified.claims) };
}
