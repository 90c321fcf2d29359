import type { MfaProof } from '../mfa/factor.ts';
import type { BrowserSession } from './browser-session.ts';

/** How well somebody is known, as `acr_values` asks for it. Each but the first includes the one before. */
export const ACR = {
  signIn: 'urn:rolebridge:acr:sign-in',
  /** With a second factor, ours or the provider's. */
  mfa: 'urn:rolebridge:acr:mfa',
  /** Resistant to phishing: a passkey (OpenID Connect EAP ACR Values). */
  phishingResistant: 'phr',
} as const;

export type Acr = (typeof ACR)[keyof typeof ACR];

/** What tokens of ours say of a sign-in. @see OpenID Connect Core 2, RFC 9068 2.2.1 */
export type Authentication = {
  /** The later of sign-in and second factor, epoch seconds. */
  readonly auth_time: number;
  readonly acr: Acr;
  /** Absent where only the provider knows. @see RFC 8176 2 */
  readonly amr?: readonly string[];
};

const AMR = {
  passkey: ['pop', 'user', 'mfa'],
  totp: ['otp', 'mfa'],
  'recovery-code': ['otp', 'mfa'],
  provider: ['mfa'],
} as const satisfies Record<MfaProof['method'], readonly string[]>;

/** How and when somebody proved who they are. */
export function authenticationOf({
  startedAtMs,
  mfa,
}: Pick<BrowserSession, 'startedAtMs' | 'mfa'>): Authentication {
  if (mfa === undefined) return { auth_time: Math.floor(startedAtMs / 1000), acr: ACR.signIn };
  return {
    auth_time: Math.floor(Math.max(startedAtMs, mfa.authenticatedAtMs) / 1000),
    acr: mfa.method === 'passkey' ? ACR.phishingResistant : ACR.mfa,
    amr: AMR[mfa.method],
  };
}
