import { FederationError } from '../../domain/errors.ts';
import type { OidcProvider } from '../../domain/identity/oidc-provider.ts';
import { type JsonObject, ownMember } from './json-object.ts';
import { missingClaim, NOT_A_JWT, refuseToken } from './refusal.ts';

const MAX_ISSUER_CHARS = 255;

/** The audience that was tested and, where `azp` took its place, the claim `aud`. */
export type TestedAudience = { readonly audience: string; readonly originalAudience?: readonly string[] };

/** `iss`, read before the signature is verified: good for choosing the provider, for nothing else. */
export function readIssuer(claims: JsonObject): string {
  const issuer = requireText(claims, 'iss');
  // The refusal of an unknown issuer names it; the bound keeps that answer small.
  if (issuer.length > MAX_ISSUER_CHARS) throw refuseToken(NOT_A_JWT, 'iss is too long');
  return issuer;
}

/** A claim that has to be a text. Control characters and lone surrogates cannot be written in the XML answer. */
export function requireText(claims: JsonObject, name: string): string {
  const value = ownMember(claims, name);
  if (value === undefined || value === null || value === '') throw missingClaim(name);
  return asText(value, name);
}

function asText(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw refuseToken(NOT_A_JWT, `${name} is not a text`);
  if (/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(value)) {
    throw refuseToken(NOT_A_JWT, `${name} has characters that cannot be shown`);
  }
  return value;
}

/**
 * Checks `exp`, `nbf` and `iat` (whole seconds) and returns `exp`.
 *
 * @throws FederationError `expired-identity-token`, `invalid-identity-token`
 * @see RFC 7519 4.1.4 to 4.1.6, wire-spec 3.2
 */
export function checkTimes(claims: JsonObject, provider: OidcProvider, nowMs: number): number {
  const now = Math.floor(nowMs / 1000);
  const expiration = requireTime(claims, 'exp');
  const issuedAt = requireTime(claims, 'iat');
  const notBefore = ownMember(claims, 'nbf') === undefined ? issuedAt : requireTime(claims, 'nbf');
  if (now >= expiration + provider.clockSkewSeconds) {
    throw new FederationError('expired-identity-token', 'token expired', { params: { now, expiration } });
  }
  const start = Math.max(issuedAt, notBefore);
  if (start > now + provider.clockSkewSeconds) {
    const text = `Token not valid yet: current date/time ${now} must not be before the date/time ${start}`;
    throw refuseToken(text, 'nbf or iat is in the future');
  }
  return expiration;
}

/** A claim that has to be a time: whole seconds since the epoch. */
export function requireTime(claims: JsonObject, name: string): number {
  const value = ownMember(claims, name);
  if (value === undefined || value === null) throw missingClaim(name);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw refuseToken(NOT_A_JWT, `${name} is not a whole number of seconds`);
  }
  return value;
}

/**
 * Tests `azp`, or the only `aud` where there is none, against the provider's client ids.
 *
 * @throws FederationError `invalid-identity-token`
 * @see wire-spec 3.2 step 5
 */
export function checkAudience(claims: JsonObject, provider: OidcProvider): TestedAudience {
  const tested = testedAudience(claims);
  if (!provider.audiences.includes(tested.audience)) {
    throw refuseToken('Incorrect token audience', 'audience is not one of the provider’s');
  }
  return tested;
}

function testedAudience(claims: JsonObject): TestedAudience {
  const audiences = readAudiences(claims);
  if (ownMember(claims, 'azp') !== undefined) {
    return { audience: requireText(claims, 'azp'), originalAudience: audiences };
  }
  const [audience, ...others] = audiences;
  if (audience === undefined) throw missingClaim('aud');
  if (others.length > 0) {
    const text = 'Token audience contains more than one audience while authorized party is not present';
    throw refuseToken(text, 'several aud without azp');
  }
  return { audience };
}

/** `aud` as a list, whatever its form. */
export function readAudiences(claims: JsonObject): readonly string[] {
  const value = ownMember(claims, 'aud');
  if (!Array.isArray(value)) return [requireText(claims, 'aud')];
  if (value.length === 0) throw missingClaim('aud');
  return value.map((audience) => asText(audience, 'aud'));
}
