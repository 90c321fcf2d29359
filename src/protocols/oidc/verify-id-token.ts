import { hash } from 'node:crypto';
import type { Identity } from '../../domain/identity/identity.ts';
import type { OidcProvider } from '../../domain/identity/oidc-provider.ts';
import type { ProviderKeys, WantedKey } from '../../domain/identity/provider-keys.ts';
import { type CompactJws, parseCompactJws } from './compact-jws.ts';
import { claimsToConditionKeys } from './condition-keys.ts';
import { type JsonObject, ownMember, parseJsonObject } from './json-object.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';
import { refuseLogoutToken } from './refuse-logout-token.ts';
import {
  checkAudience,
  checkTimes,
  readIssuer,
  requireText,
  type TestedAudience,
} from './registered-claims.ts';
import { readSessionAttributes } from './session-tags.ts';
import { verifyJws } from './verify-jws.ts';

export type VerifyIdTokenDeps = {
  /** The providers of the role's account. */
  readonly providers: readonly OidcProvider[];
  readonly keysOf: ProviderKeys;
  /** Epoch milliseconds. */
  readonly nowMs: number;
};

const MAX_PROOF_ID_CHARS = 255;

/** A token that was verified, before anything is made of its claims. */
export type VerifiedIdToken = {
  readonly jws: CompactJws;
  readonly claims: JsonObject;
  readonly provider: OidcProvider;
  readonly subject: string;
  /** `exp`, epoch seconds. */
  readonly expiration: number;
  readonly tested: TestedAudience;
};

/**
 * Verifies a web identity token of at most 20,000 characters in AWS's order: form, provider, key, signature, claims, audience.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`, `identity-provider-unreachable`
 * @see wire-spec 3.2, OpenID Connect Core 3.1.3.7
 */
export async function verifyIdToken(
  token: string,
  deps: VerifyIdTokenDeps,
): Promise<{ identity: Identity; provider: OidcProvider }> {
  const verified = await verifyClaims(token, deps);
  return { identity: toIdentity(verified, verified.claims), provider: verified.provider };
}

/** As {@link verifyIdToken}, for whoever has more to check, or to add, before there is an identity. */
export async function verifyClaims(token: string, deps: VerifyIdTokenDeps): Promise<VerifiedIdToken> {
  const jws = parseCompactJws(token);
  return verifyParsed(jws, parseJsonObject(jws.payload), deps);
}

/** As {@link verifyClaims}, for whoever had to read the token before: to see whose it says that it is. */
export async function verifyParsed(
  jws: CompactJws,
  claims: JsonObject,
  { providers, keysOf, nowMs }: VerifyIdTokenDeps,
): Promise<VerifiedIdToken> {
  const provider = findProvider(readIssuer(claims), providers);
  const key = await keysOf(provider, readWantedKey(jws.header, provider));
  verifyJws(jws, key, provider.algorithms);
  refuseLogoutToken(jws, claims);
  return {
    jws,
    claims,
    provider,
    subject: requireText(claims, 'sub'),
    expiration: checkTimes(claims, provider, nowMs),
    tested: checkAudience(claims, provider),
  };
}

function findProvider(issuer: string, providers: readonly OidcProvider[]): OidcProvider {
  // Google's tokens have named their issuer without a scheme since before OpenID Connect (wire-spec 3.2).
  const url = issuer === 'accounts.google.com' ? `https://${issuer}` : issuer;
  const provider = providers.find((candidate) => candidate.issuer === url);
  if (provider !== undefined) return provider;
  throw refuseToken(`No OpenIDConnect provider found in your account for ${issuer}`, 'unknown issuer');
}

function readWantedKey(header: JsonObject, provider: OidcProvider): WantedKey {
  // The list holds asymmetric algorithms only: `none`, and HS* keyed with a public key, end here.
  const algorithm = provider.algorithms.find((allowed) => allowed === ownMember(header, 'alg'));
  if (algorithm === undefined) throw refuseToken(NOT_A_JWT, 'alg is not one of the provider’s');
  const keyId = ownMember(header, 'kid');
  if (keyId === undefined) return { algorithm };
  if (typeof keyId !== 'string') throw refuseToken(NOT_A_JWT, 'kid is not a text');
  return { algorithm, keyId };
}

/** @param claims the token's own, and what the provider said elsewhere of the same person */
export function toIdentity(verified: VerifiedIdToken, claims: JsonObject): Identity {
  const { jws, provider, subject, expiration, tested } = verified;
  return {
    kind: 'web-identity',
    providerArn: provider.arn,
    issuer: readIssuer(verified.claims),
    subject,
    audience: tested.audience,
    conditionKeys: claimsToConditionKeys(claims, provider.issuer, tested),
    ...readSessionAttributes(claims, provider),
    proofHash: hash('sha256', jws.token),
    proofId: readProofId(jws, verified.claims),
    // Within the skew the token is still taken, so a single use has to be remembered until then.
    expiresAtMs: (expiration + provider.clockSkewSeconds) * 1000,
  };
}

/** Without `jti` the hash of what is signed: an ECDSA signature has a second valid form, which would make a second proof. */
function readProofId(jws: CompactJws, claims: JsonObject): string {
  const jti = ownMember(claims, 'jti');
  const usable = typeof jti === 'string' && jti !== '' && jti.length <= MAX_PROOF_ID_CHARS;
  return usable ? jti : hash('sha256', jws.signingInput);
}
