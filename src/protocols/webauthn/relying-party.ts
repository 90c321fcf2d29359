import { isIP } from 'node:net';

/** Who we are to authenticators. */
export type RelyingParty = {
  /** The host name that passkeys are bound to. */
  readonly id: string;
  /** The only origin that answers are taken from. */
  readonly origin: string;
};

/**
 * The relying party of an installation; `undefined` where browsers offer no passkeys: at an IP address, since its identifier must be
 * a domain, and over plain http, unless on this machine.
 *
 * @see WebAuthn Level 3, 5.1.3 step 8; Secure Contexts 3.1
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | undefined {
  const url = URL.parse(publicUrl);
  if (url === null) return undefined;
  const { hostname, origin, protocol } = url;
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost');
  const isAddress = isIP(hostname) !== 0 || hostname.startsWith('[');
  return isAddress || (protocol !== 'https:' && !isLocal) ? undefined : { id: hostname, origin };
}
