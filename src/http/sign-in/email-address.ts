import { domainToASCII } from 'node:url';

const MAX_CHARS = 254;
const ADDRESS = /^[^\s@\p{Cc}\p{Cf}]{1,64}@([^\s@/:?#[\]\\%\p{Cc}\p{Cf}]{1,253})$/u;

/**
 * The domain of an e-mail address, in lower case and ASCII; `undefined`: it is no address. It leads to a provider and says
 * nothing of who somebody is.
 *
 * @see RFC 5321 4.5.3.1
 */
export function domainOf(email: string): string | undefined {
  if (email.length > MAX_CHARS) return undefined;
  const [, domain = ''] = ADDRESS.exec(email) ?? [];
  const ascii = domainToASCII(domain.toLowerCase());
  return ascii.includes('.') ? ascii : undefined;
}

/** What a link says of who is about to come: passed on to the provider, and into the field for the address. */
export function readHint(text: string | null): string | undefined {
  const hint = text?.trim() ?? '';
  return hint !== '' && hint.length <= MAX_CHARS && !/[\p{Cc}\p{Cf}]/u.test(hint) ? hint : undefined;
}
