import type { KeyObject } from 'node:crypto';
import { FederationError } from '../../domain/errors.ts';
import { type OwnToken, parseOwnToken } from '../../domain/token/own-token.ts';
import { SIGNING_ALGORITHMS } from '../../domain/token/token-signer.ts';
import type { CompactJws } from './compact-jws.ts';
import { type JsonObject, ownMember } from './json-object.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';
import { requireTime } from './registered-claims.ts';
import { verifyJws } from './verify-jws.ts';

export type VerifyOwnTokenDeps = {
  /** Our public key of this id; `undefined`: none is published. @throws FederationError `store-unavailable` */
  readonly findKey: (kid: string) => Promise<KeyObject | undefined>;
  /** Epoch milliseconds. */
  readonly nowMs: number;
};

/**
 * Verifies a JWT whose `iss` is ours: signature, kind, end. Whoever stands behind it may have left since.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`, `store-unavailable`
 * @see RFC 7519 7.2, RFC 9068 4
 */
export async function verifyOwnToken(
  jws: CompactJws,
  claims: JsonObject,
  { findKey, nowMs }: VerifyOwnTokenDeps,
): Promise<OwnToken> {
  await verifyOwnSignature(jws, findKey);
  const token = parseOwnToken(ownMember(jws.header, 'typ'), claims);
  if (token === undefined) throw refused('neither an access token nor an ID token');
  const expiration = requireTime(claims, 'exp');
  // No skew: it is our own clock that wrote it.
  if (nowMs < expiration * 1000) return token;
  const params = { now: Math.floor(nowMs / 1000), expiration };
  throw new FederationError('expired-identity-token', 'token expired', { params });
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
