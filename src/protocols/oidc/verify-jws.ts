import { constants, verify, type KeyObject } from 'node:crypto';
import type { TokenAlgorithm } from '../../domain/identity/oidc-provider.ts';
import type { CompactJws } from './compact-jws.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';

type Check = {
  /** `null` where the algorithm hashes by itself. */
  readonly hash: string | null;
  /** The one kind of key that the algorithm binds. */
  readonly key: { readonly type: string; readonly curve?: string };
  readonly options: Readonly<Record<string, number | 'ieee-p1363'>>;
};

const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const P1363 = { dsaEncoding: 'ieee-p1363' } as const;
const RSA = { type: 'rsa' };

/** Every signature algorithm that exists here (RFC 7518 3.1, RFC 8037 3.1). */
const CHECKS = {
  RS256: { hash: 'sha256', key: RSA, options: PKCS1 },
  RS384: { hash: 'sha384', key: RSA, options: PKCS1 },
  RS512: { hash: 'sha512', key: RSA, options: PKCS1 },
  PS256: { hash: 'sha256', key: RSA, options: PSS },
  PS384: { hash: 'sha384', key: RSA, options: PSS },
  PS512: { hash: 'sha512', key: RSA, options: PSS },
  ES256: { hash: 'sha256', key: { type: 'ec', curve: 'prime256v1' }, options: P1363 },
  ES384: { hash: 'sha384', key: { type: 'ec', curve: 'secp384r1' }, options: P1363 },
  ES512: { hash: 'sha512', key: { type: 'ec', curve: 'secp521r1' }, options: P1363 },
  EdDSA: { hash: null, key: { type: 'ed25519' }, options: {} },
} as const satisfies Record<TokenAlgorithm, Check>;

/**
 * Verifies the signature by the algorithm that the provider allows and the key's kind binds. The key comes from jose; the
 * check is OpenSSL's own and synchronous, since WebCrypto's way through the thread pool costs as much again (ADR 0010).
 *
 * @throws FederationError `invalid-identity-token`
 * @see RFC 7515 5.2, RFC 8725 3.1
 */
export function verifyJws(jws: CompactJws, key: KeyObject, algorithms: readonly TokenAlgorithm[]): void {
  const algorithm = algorithms.find((allowed) => allowed === jws.header['alg']);
  if (algorithm === undefined) throw refuseToken(NOT_A_JWT, 'alg is not one of the provider’s');
  const check: Check = CHECKS[algorithm];
  if (!isOfKind(key, check.key)) throw refuseToken(NOT_A_JWT, 'the key is not one for alg');
  if (!holds(jws, key, check)) throw refuseToken(NOT_A_JWT, 'signature does not verify');
}

function isOfKind(key: KeyObject, { type, curve }: Check['key']): boolean {
  if (key.type !== 'public' || key.asymmetricKeyType !== type) return false;
  return curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve;
}

function holds({ signingInput, signature }: CompactJws, key: KeyObject, { hash, options }: Check): boolean {
  try {
    return verify(hash, Buffer.from(signingInput), { key, ...options }, signature);
  } catch {
    return false;
  }
}
