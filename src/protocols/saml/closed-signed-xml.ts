import { type BinaryLike, createPrivateKey, type KeyLike, KeyObject } from 'node:crypto';
import { type HashAlgorithm, type SignatureAlgorithm, SignedXml } from 'xml-crypto';
import type { SamlSignatureAlgorithm } from '../../domain/identity/saml-provider.ts';
import {
  type Digest,
  digestMethodUri,
  digestText,
  isSignedByAny,
  signatureMethodUri,
  signText,
} from './signature-algorithms.ts';

export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

export type SignatureSuite = {
  readonly algorithm: SamlSignatureAlgorithm;
  readonly digest: Digest;
  /** The public keys of which any may have signed; empty for signing. */
  readonly keys: readonly KeyObject[];
};

/**
 * The library's SignedXml with all tables reduced to one signature method, one digest, exclusive canonicalisation
 * without comments and the enveloped-signature transform: what a message names beyond these does not exist.
 */
export function createClosedSignedXml(suite: SignatureSuite): SignedXml {
  const signedXml = new SignedXml();
  signedXml.SignatureAlgorithms = { [signatureMethodUri(suite.algorithm)]: signatureAlgorithmOf(suite) };
  signedXml.HashAlgorithms = { [digestMethodUri(suite.digest)]: hashAlgorithmOf(suite.digest) };
  const transforms = Object.entries(signedXml.CanonicalizationAlgorithms);
  signedXml.CanonicalizationAlgorithms = Object.fromEntries(
    transforms.filter(([uri]) => uri === EXCLUSIVE_C14N || uri === ENVELOPED_SIGNATURE),
  );
  // SAML's only ID attribute. Each further one would be looked for through the whole document.
  signedXml.idAttributes = ['ID'];
  return signedXml;
}

/**
 * The library wants constructors. It tries one key per whole verification; here all keys share one canonicalisation.
 * The key that it hands over, which could be one from KeyInfo, is not looked at: anybody can put their own there.
 */
function signatureAlgorithmOf({ algorithm, keys }: SignatureSuite): new () => SignatureAlgorithm {
  return class {
    getAlgorithmName = () => signatureMethodUri(algorithm);
    getSignature = (text: BinaryLike, key: KeyLike) =>
      signText(text, algorithm, key instanceof KeyObject ? key : createPrivateKey(key));
    verifySignature = (text: string, _key: unknown, signature: string) =>
      isSignedByAny(text, signature, algorithm, keys);
  };
}

function hashAlgorithmOf(digest: Digest): new () => HashAlgorithm {
  return class {
    getAlgorithmName = () => digestMethodUri(digest);
    getHash = (xml: string) => digestText(xml, digest);
  };
}
