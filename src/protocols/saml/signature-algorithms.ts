import { type BinaryLike, createSign, hash, type KeyObject, verify } from 'node:crypto';
import type { SamlSignatureAlgorithm } from '../../domain/identity/saml-provider.ts';

/** A digest method by its usual name. */
export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512';
type Method = { readonly uri: string; readonly digest: Digest; readonly keyType: 'rsa' | 'ec' };

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';

/** The closed table of signature methods. HMAC is not in it: keyed with a public key, anybody could forge. */
const METHODS = {
  'rsa-sha256': { uri: `${MORE}rsa-sha256`, digest: 'sha256', keyType: 'rsa' },
  'rsa-sha384': { uri: `${MORE}rsa-sha384`, digest: 'sha384', keyType: 'rsa' },
  'rsa-sha512': { uri: `${MORE}rsa-sha512`, digest: 'sha512', keyType: 'rsa' },
  'ecdsa-sha256': { uri: `${MORE}ecdsa-sha256`, digest: 'sha256', keyType: 'ec' },
  'ecdsa-sha384': { uri: `${MORE}ecdsa-sha384`, digest: 'sha384', keyType: 'ec' },
  'ecdsa-sha512': { uri: `${MORE}ecdsa-sha512`, digest: 'sha512', keyType: 'ec' },
  'rsa-sha1': { uri: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1', digest: 'sha1', keyType: 'rsa' },
} as const satisfies Record<SamlSignatureAlgorithm, Method>;

const DIGEST_URIS = {
  sha1: 'http://www.w3.org/2000/09/xmldsig#sha1',
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  sha384: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
  sha512: 'http://www.w3.org/2001/04/xmlenc#sha512',
} as const satisfies Record<Digest, string>;

/** The URI that names the algorithm in SignatureMethod and in `SigAlg`. */
export function signatureMethodUri(algorithm: SamlSignatureAlgorithm): string {
  return METHODS[algorithm].uri;
}

/** The allowed algorithm that a URI names; `undefined` where it names none of them. */
export function findSignatureAlgorithm(
  uri: string,
  allowed: readonly SamlSignatureAlgorithm[],
): SamlSignatureAlgorithm | undefined {
  return allowed.find((algorithm) => METHODS[algorithm].uri === uri);
}

/** The digest that a signature algorithm is named after. */
export function digestOf(algorithm: SamlSignatureAlgorithm): Digest {
  return METHODS[algorithm].digest;
}

/** The URI that names the digest in DigestMethod. */
export function digestMethodUri(digest: Digest): string {
  return DIGEST_URIS[digest];
}

/** The digest that a URI names, where one of the allowed signature algorithms uses it: SHA-1 only beside `rsa-sha1`. */
export function findDigest(uri: string, allowed: readonly SamlSignatureAlgorithm[]): Digest | undefined {
  return allowed.map(digestOf).find((digest) => DIGEST_URIS[digest] === uri);
}

/** Base64. */
export function digestText(text: string, digest: Digest): string {
  return hash(digest, text, 'base64');
}

/**
 * Signs with a private key; base64.
 *
 * ECDSA values are `r || s` as XML Signature 6.4.3 has them, not ASN.1.
 */
export function signText(text: BinaryLike, algorithm: SamlSignatureAlgorithm, key: KeyObject): string {
  return createSign(digestOf(algorithm)).update(text).sign({ key, dsaEncoding: 'ieee-p1363' }, 'base64');
}

/** Whether one of the keys made the signature (base64). A key of another type than the algorithm's is passed over. */
export function isSignedByAny(
  text: string,
  signature: string,
  algorithm: SamlSignatureAlgorithm,
  keys: readonly KeyObject[],
): boolean {
  const { digest, keyType } = METHODS[algorithm];
  const bytes = Buffer.from(signature, 'base64');
  return keys
    .filter((key) => key.asymmetricKeyType === keyType)
    .some((key) => verify(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, bytes));
}
