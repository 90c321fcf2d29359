import { calculateJwkThumbprint, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';

/** A provider's own key, which lives as long as the process. */
export type SigningKey = { readonly privateKey: CryptoKey; readonly kid: string; readonly jwk: JWK };

export const ALGORITHM = 'RS256';

export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { privateKey, kid, jwk: { ...jwk, kid, alg: ALGORITHM, use: 'sig' } };
}
