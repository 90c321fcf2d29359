import { Secret, TOTP } from 'otpauth';

/** Longer names make the picture too fine for cameras. */
const MAX_NAME = 64;

/**
 * What an authenticator app reads: `otpauth://totp/…`, with the settings that `verifyTotp` assumes.
 *
 * @param about `secret` is base32; `issuer` and `account` are what the app shows
 */
export function renderTotpUri(about: {
  readonly issuer: string;
  readonly account: string;
  readonly secret: string;
}): string {
  const totp = new TOTP({
    issuer: plain(about.issuer),
    label: plain(about.account),
    secret: Secret.fromBase32(about.secret),
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
  });
  return totp.toString();
}

// A colon parts issuer and account, and some apps decode before they part. Cut by characters: half of one is no text.
function plain(text: string): string {
  return Array.from(text.replaceAll(':', ' ')).slice(0, MAX_NAME).join('').toWellFormed();
}
