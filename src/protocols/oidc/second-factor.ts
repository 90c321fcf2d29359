import type { SignInSettings } from '../../domain/identity/sign-in-settings.ts';
import { type JsonObject, ownMember } from './json-object.ts';
import { requireTime } from './registered-claims.ts';

/**
 * When the provider saw a second factor, epoch milliseconds: `auth_time`, or `iat` where there is none. `undefined` where it
 * saw none, or where its word on that is not trusted. Never later than now, whatever its clock says.
 *
 * @param claims the ID token's own, verified
 * @see RFC 8176, OpenID Connect Core 2 (`acr`, `amr`)
 */
export function secondFactorAtMs(
  claims: JsonObject,
  { mfa, mfaValues }: Pick<SignInSettings, 'mfa' | 'mfaValues'>,
  nowMs: number,
): number | undefined {
  if (mfa === 'never') return undefined;
  const claim = ownMember(claims, mfa === 'trust-amr' ? 'amr' : 'acr');
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (!mfaValues.some((trusted) => values.includes(trusted))) return undefined;
  const time = ownMember(claims, 'auth_time') === undefined ? 'iat' : 'auth_time';
  return Math.min(requireTime(claims, time) * 1000, nowMs);
}
