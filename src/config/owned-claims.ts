import type { Path } from './fault.ts';
import { reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';

/** Claims that say what the protocol made sure of: nothing that a provider sends may stand in their place. */
const OWNED_CLAIMS: ReadonlySet<string> = new Set([
  // RFC 7519 4.1
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'],
  // OpenID Connect Core 2, 3.1.3.6, 3.3.2.11, 5.6.2; Back-Channel Logout 2.4
  ...['auth_time', 'nonce', 'acr', 'amr', 'azp', 'at_hash', 'c_hash', 's_hash', 'rt_hash'],
  ...['_claim_names', '_claim_sources', 'sid', 'events', 'sub_jwk'],
  // RFC 8693 4, RFC 7800, RFC 9068 2.2, RFC 7662 2.2, RFC 9396 9.1
  ...['act', 'may_act', 'client_id', 'scope', 'cnf', 'active', 'token_type', 'username'],
  'authorization_details',
  // Ours
  ...['via', 'roles'],
]);

/** Reports names of a mapping that tokens already have a meaning for. */
export function reportOwnedClaims(
  claims: Readonly<Record<string, string>>,
  path: Path,
  resolution: Resolution,
): void {
  for (const name of Object.keys(claims).filter((claim) => OWNED_CLAIMS.has(claim))) {
    reportError(resolution, 'reserved-claim', [...path, name], {
      message: `The claim ${name} is set by the bridge itself.`,
      remedy: 'Give it another name.',
    });
  }
}
