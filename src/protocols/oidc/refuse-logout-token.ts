import type { CompactJws } from './compact-jws.ts';
import { type JsonObject, ownMember } from './json-object.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Of tokens that tell of an event, logout tokens among them. @see RFC 8417 2.3 */
const EVENT_TYPES = ['logout+jwt', 'secevent+jwt'];

/**
 * Refuses what tells an application that somebody signed out: it has all that an ID token needs, the same key signed it, and
 * every application of the provider gets some.
 *
 * @throws FederationError `invalid-identity-token`
 * @see OpenID Connect Back-Channel Logout 1.0 2.4, 2.6
 */
export function refuseLogoutToken({ header }: CompactJws, claims: JsonObject): void {
  const isTyped = EVENT_TYPES.includes(mediaTypeOf(ownMember(header, 'typ')));
  if (isTyped || ownMember(ownMember(claims, 'events'), LOGOUT_EVENT) !== undefined)
    throw refuseToken(NOT_A_JWT, 'a logout token is no ID token');
}

/** Case says nothing, and the prefix may be left out (RFC 7515 4.1.9). */
function mediaTypeOf(type: unknown): string {
  return typeof type === 'string' ? type.toLowerCase().replace(/^application\//, '') : '';
}
