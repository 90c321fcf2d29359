import { Secret, TOTP } from 'otpauth';

const DIGITS = 6;
const CODE = /^[0-9]{6}$/;
const PERIOD_SECONDS = 30;

/**
 * Checks a six-digit SHA-1 code against this time step, the one before and the one after; returns the step that it belongs to,
 * so that the caller can mark it used (a code is accepted once), or `undefined`. `secret` is base32 text of our configuration.
 * @throws TypeError when the configured secret is not base32
 * @see RFC 6238 5.2
 */
export function verifyTotp(input: {
  readonly secret: string;
  readonly code: string;
  readonly nowMs: number;
}): { readonly counter: number } | undefined {
  const secret = Secret.fromBase32(input.secret);
  // A zero-length key is a key that everybody has. The library compares bytes and throws on six characters that are more.
  if (secret.bytes.length === 0 || !CODE.test(input.code)) return undefined;
  const totp = new TOTP({ secret, algorithm: 'SHA1', digits: DIGITS, period: PERIOD_SECONDS });
  const delta = totp.validate({ token: input.code, timestamp: input.nowMs, window: 1 });
  if (delta === null) return undefined;
  return { counter: totp.counter({ timestamp: input.nowMs }) + delta };
}
