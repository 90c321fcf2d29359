import type { KeyObject } from 'node:crypto';
import type { FederationError } from '../../domain/errors.ts';
import { type OwnToken, parseOwnToken } from '../../domain/token/own-token.ts';
import { SIGNING_ALGORITHMS } from '../../domain/token/token-signer.ts';
import type { CompactJws } from './compact-jws.ts';
import { type JsonObject, ownMember } from './json-object.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';
import { verifyJws } from './verify-jws.ts';

export type VerifyOwnTokenDeps = {
  /** Our public key of this id; `undefined`: none is published. @throws FederationError `store-unavailable` */
  readonly findKey: (kid: string) => Promise<KeyObject | undefined>;
};

/**
 * Verifies signature and kind of a JWT whose `iss` is ours. It may have expired, or whoever stands behind it left.
 *
 * @throws FederationError `invalid-identity-token`, `store-unavailable`
 * @see RFC 7519 7.2, RFC 9068 4
 */
export async function verifyOwnToken(
  jws: CompactJws,
  claims: JsonObject,
  { findKey }: VerifyOwnTokenDeps,
): Promise<OwnToken> {
  await verifyOwnSignature(jws, findKey);
  const token = parseOwnToken(ownMember(jws.header, 'typ'), claims);
  if (token === undefined) throw refused('neither an access token nor an ID token');
  return token;
}

/** The key decides what it verifies: each kind of key has one algorithm here, so a token cannot choose another one for it. */
async function verifyOwnSignature(jws: CompactJws, findKey: VerifyOwnTokenDeps['findKey']): Promise<void> {
  const algorithm = SIGNING_ALGORITHMS.find((known) => known === ownMember(jws.header, 'alg'));
  if (algorithm === undefined) throw refused('alg is none that we sign with');
  const kid = ownMember(jws.header, 'kid');
  const key = typeof kid === 'string' ? await findKey(kid) : undefined;
  if (key === undefined) throw refused('kid is no key of ours');
  verifyJws(jws, key, [algorithm]);
}

function refused(reason: string): FederationError {
  return refuseToken(NOT_A_JWT, reason);
}
