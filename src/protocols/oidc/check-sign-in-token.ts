import { hash } from 'node:crypto';
import { type JsonObject, ownMember } from './json-object.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';
import { readAudiences, requireTime } from './registered-claims.ts';
import type { VerifiedIdToken } from './verify-id-token.ts';

/** What our request asked for, which the ID token has to answer. */
export type ExpectedAnswer = {
  readonly nonce: string;
  /** How old the authentication could be at most when the sign-in began. */
  readonly maxAgeSeconds?: number;
  readonly startedAtMs: number;
  /** Any of which will do; empty: whatever the provider has. */
  readonly acrValues: readonly string[];
};

/**
 * Checks that a verified ID token answers this very sign-in.
 *
 * @throws FederationError `invalid-identity-token`
 * @see OpenID Connect Core 3.1.3.7 (3 to 5, 11 to 13) and 3.1.3.8
 */
export function checkSignInToken(
  verified: VerifiedIdToken,
  expected: ExpectedAnswer,
  about: { readonly accessToken: string; readonly clientId: string; readonly nowMs: number },
): void {
  const { claims } = verified;
  // A token that an attacker got elsewhere, or that was made for another attempt, must not be injected here.
  if (ownMember(claims, 'nonce') !== expected.nonce) throw refused('nonce is not that of the attempt');
  // `azp` alone was tested so far: it says who asked for the token, not whom it is for.
  if (!readAudiences(claims).includes(about.clientId)) throw refused('aud does not name us');
  checkAccessTokenHash(verified, about.accessToken);
  checkAuthTime(verified, expected, about.nowMs);
  checkAcr(claims, expected);
}

/** The hash that each algorithm's tokens use; Ed25519 hashes with SHA-512. */
const HASHES: Readonly<Record<string, string>> = {
  '256': 'sha256',
  '384': 'sha384',
  '512': 'sha512',
  DSA: 'sha512',
};

function checkAccessTokenHash({ claims, jws }: VerifiedIdToken, accessToken: string): void {
  const expected = ownMember(claims, 'at_hash');
  if (expected === undefined) return;
  const algorithm = HASHES[String(jws.header['alg']).slice(-3)];
  if (algorithm === undefined) throw refused('alg has no hash');
  const digest = hash(algorithm, accessToken, 'buffer');
  const half = digest.subarray(0, digest.length / 2).toString('base64url');
  if (half !== expected) throw refused('at_hash is another access token’s');
}

function checkAuthTime(
  { claims, provider }: VerifiedIdToken,
  { maxAgeSeconds, startedAtMs }: ExpectedAnswer,
  nowMs: number,
): void {
  if (ownMember(claims, 'auth_time') === undefined && maxAgeSeconds === undefined) return;
  const authTime = requireTime(claims, 'auth_time');
  const skew = provider.clockSkewSeconds;
  if (authTime > nowMs / 1000 + skew) throw refused('auth_time is in the future');
  if (maxAgeSeconds !== undefined && authTime < Math.floor(startedAtMs / 1000) - maxAgeSeconds - skew)
    throw refused('auth_time is older than max_age allows');
}

/** A provider that ignores what was asked for must not pass for one that did it. */
function checkAcr(claims: JsonObject, { acrValues }: ExpectedAnswer): void {
  if (acrValues.length === 0) return;
  const acr = ownMember(claims, 'acr');
  if (!acrValues.some((value) => value === acr)) throw refused('acr is none that was requested');
}

function refused(reason: string) {
  return refuseToken(NOT_A_JWT, reason);
}
