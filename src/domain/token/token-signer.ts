/** What we sign with: asymmetric algorithms only, so that whoever can verify a token cannot make one. */
export const SIGNING_ALGORITHMS = ['EdDSA', 'ES256', 'ES384', 'RS256'] as const;

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** The claims of a token of ours; all times are epoch seconds. @see RFC 7519 4.1 */
export type TokenClaims = {
  readonly iss: string;
  readonly sub: string;
  /** A text for one audience, which every verifier understands, a list for several. */
  readonly aud: string | readonly string[];
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly [claim: string]: unknown;
};

export type TokenHeader = {
  readonly algorithm: SigningAlgorithm;
  /** `typ`: `JWT`, `at+jwt` (RFC 9068), … keeps one kind of token from being taken for another. */
  readonly type: string;
};

/** A public key as it is published. @see RFC 7517 4 */
export type PublicJwk = Readonly<Record<string, string>> & {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly use: 'sig';
};

/** @see RFC 7517 5 */
export type PublicKeySet = { readonly keys: readonly PublicJwk[] };

/** Signs tokens with the key of the moment, and tells everybody the keys that verify them. */
export interface TokenSigner {
  /**
   * Signs what `JSON.stringify` makes of the claims: a compact JWS. The first token of an algorithm waits until its key is made.
   *
   * @throws FederationError `store-unavailable` where the keys cannot be had, or were not seen for too long
   */
  sign(claims: TokenClaims, header: TokenHeader): Promise<string>;
  /**
   * The public keys, from memory: at most the first request waits for the store. The same object as long as they are the same.
   *
   * @throws FederationError `store-unavailable` where they were never read
   */
  publicKeys(): Promise<PublicKeySet>;
}
