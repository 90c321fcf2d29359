import type { webcrypto } from 'node:crypto';
import { compactVerify } from 'jose';
import type { TokenAlgorithm } from '../../domain/identity/oidc-provider.ts';
import type { CompactJws } from './compact-jws.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';

/**
 * Verifies the signature with a key that was imported for one algorithm, so key, `alg` and list are bound together.
 *
 * @throws FederationError `invalid-identity-token`
 * @see RFC 7515 5.2, RFC 8725 3.1
 */
export async function verifyJws(
  jws: CompactJws,
  key: webcrypto.CryptoKey,
  algorithms: readonly TokenAlgorithm[],
): Promise<void> {
  try {
    // compactVerify, not jwtVerify: the claims are judged here by AWS's rules, and decoding them once is enough.
    await compactVerify(jws.token, key, { algorithms: [...algorithms] });
  } catch (cause) {
    throw refuseToken(NOT_A_JWT, 'signature does not verify', cause);
  }
}
