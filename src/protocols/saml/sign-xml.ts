import type { KeyObject } from 'node:crypto';
import type { SamlSignatureAlgorithm } from '../../domain/identity/saml-provider.ts';
import { createClosedSignedXml, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from './closed-signed-xml.ts';
import { SAML_ASSERTION } from './namespaces.ts';
import { digestMethodUri, digestOf, signatureMethodUri } from './signature-algorithms.ts';
import { optionalChild, parseXml, requiredAttribute } from './xml-document.ts';

export type SigningKey = {
  /** Private. */
  readonly key: KeyObject;
  /** PEM; published in KeyInfo. */
  readonly certificate: string;
  /** Its type must be the key's. */
  readonly algorithm: SamlSignatureAlgorithm;
};

/**
 * Puts an enveloped signature over the root element into it, which must have an `ID`: after its Issuer, or first where
 * there is none, as the schemas of messages, assertions and metadata have it.
 *
 * @throws XmlError where the XML is not plain or its root has no ID
 * @see SAML Core 5.4
 */
export function signXml(xml: string, { key, certificate, algorithm }: SigningKey): string {
  const root = parseXml(xml);
  requiredAttribute(root, 'ID');
  const signedXml = createClosedSignedXml({ algorithm, digest: digestOf(algorithm), keys: [] });
  signedXml.privateKey = key;
  signedXml.publicCert = certificate;
  signedXml.signatureAlgorithm = signatureMethodUri(algorithm);
  signedXml.canonicalizationAlgorithm = EXCLUSIVE_C14N;
  signedXml.addReference({
    xpath: '/*',
    transforms: [ENVELOPED_SIGNATURE, EXCLUSIVE_C14N],
    digestAlgorithm: digestMethodUri(digestOf(algorithm)),
  });
  signedXml.computeSignature(xml, { prefix: 'ds', location: locationIn(root) });
  return signedXml.getSignedXml();
}

function locationIn(root: Element): { reference: string; action: 'after' | 'prepend' } {
  return optionalChild(root, SAML_ASSERTION, 'Issuer') === undefined
    ? { reference: '/*', action: 'prepend' }
    : { reference: `/*/*[local-name(.)='Issuer' and namespace-uri(.)='${SAML_ASSERTION}']`, action: 'after' };
}
