import type { KeyObject } from 'node:crypto';
import type { SamlSignatureAlgorithm } from '../../domain/identity/saml-provider.ts';
import { createClosedSignedXml, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from './closed-signed-xml.ts';
import { SAML_ASSERTION, XML_SIGNATURE } from './namespaces.ts';
import { findDigest, findSignatureAlgorithm } from './signature-algorithms.ts';
import {
  attributeOf,
  childrenOf,
  isNamed,
  optionalChild,
  parseXml,
  requiredAttribute,
  textOf,
} from './xml-document.ts';
import { XmlError } from './xml-error.ts';

export type SignatureTrust = {
  /** The public keys of which any may have signed. */
  readonly keys: readonly KeyObject[];
  readonly algorithms: readonly SamlSignatureAlgorithm[];
};

/** No quotes and nothing else that a look-up by XPath could read as syntax. */
const ID = /^[\w.:-]{1,255}$/;

/** Each prefix is looked for at every attribute, before anything is known to be genuine. */
const MAX_PREFIX_LIST_CHARS = 256;
/** Longer than a message may be: canonical XML repeats namespace declarations, once for each of a thousand groups. */
const MAX_CANONICAL_CHARACTERS = 1_000_000;

/**
 * Verifies the enveloped signature of an element and returns the element as the signature covers it: parsed anew from
 * the canonical form that was digested. Nothing else may be read of it.
 *
 * @param xml the very text that `element` was parsed from
 * @throws XmlError where the element has no signature, or one that is not exactly as SAML wants it, or a false one
 * @see SAML Core 5.4, XML Signature 3.2
 */
export function verifyEnvelopedSignature(xml: string, element: Element, trust: SignatureTrust): Element {
  const signature = signatureOf(element);
  if (signature === undefined) throw new XmlError(`has no signature in its ${element.localName}`);
  const id = requiredAttribute(element, 'ID');
  if (!ID.test(id)) throw new XmlError('has an ID with characters that no ID has');
  const suite = readSuite(signature, id, trust);
  const signedXml = createClosedSignedXml({ ...suite, keys: trust.keys });
  const canonical = digestedXml(signedXml, signature, xml);
  const signed = parseXml(canonical, { maxCharacters: MAX_CANONICAL_CHARACTERS });
  // Empty or foreign canonical forms: a digest that verifies says nothing of what was digested (void canonicalisation).
  const isParent = signed.localName === element.localName && signed.namespaceURI === element.namespaceURI;
  if (!isParent || attributeOf(signed, 'ID') !== id)
    throw new XmlError('has a signature over something else than its parent (SAML Core 5.4.2)');
  return signed;
}

type Verifier = ReturnType<typeof createClosedSignedXml>;

function digestedXml(signedXml: Verifier, signature: Element, xml: string): string {
  try {
    // The library asks for a key and hands it to our own method, which has the provider's.
    signedXml.publicCert = 'unused';
    signedXml.loadSignature(signature);
    const [canonical] = signedXml.checkSignature(xml) ? signedXml.getSignedReferences() : [];
    if (canonical === undefined) throw new XmlError('has a digest that does not match');
    return canonical;
  } catch (cause) {
    throw new XmlError('has a signature that no key of the provider’s metadata made over it', { cause });
  }
}

/**
 * The Signature that is a child of the element; `undefined` where there is none.
 *
 * @throws XmlError where it stands elsewhere than after the Issuer, or first where there is no Issuer
 */
export function signatureOf(element: Element): Element | undefined {
  const signature = optionalChild(element, XML_SIGNATURE, 'Signature');
  if (signature === undefined) return undefined;
  const [first, second] = childrenOf(element);
  const place = first !== undefined && isNamed(first, SAML_ASSERTION, 'Issuer') ? second : first;
  if (place !== signature) throw new XmlError('has its Signature in the wrong place (SAML Core schema)');
  return signature;
}

/** The one form that SAML allows: what else could stand here is what signature wrapping is made of. */
function readSuite(signature: Element, id: string, { algorithms }: SignatureTrust) {
  const [signedInfo, value, keyInfo, ...others] = childrenOf(signature);
  expectNamed(signedInfo, 'SignedInfo');
  expectNamed(value, 'SignatureValue');
  if (keyInfo !== undefined) expectNamed(keyInfo, 'KeyInfo');
  if (others.length > 0)
    throw new XmlError('has more in its Signature than one SignedInfo, value and KeyInfo');
  textOf(value);
  const [canonicalization, method, reference, ...more] = childrenOf(signedInfo);
  expectNamed(canonicalization, 'CanonicalizationMethod');
  expectNamed(method, 'SignatureMethod');
  expectNamed(reference, 'Reference');
  if (more.length > 0) throw new XmlError('has more than one Reference in its SignedInfo (SAML Core 5.4.2)');
  expectTransform(canonicalization, EXCLUSIVE_C14N);
  return { algorithm: readAlgorithm(method, algorithms), digest: readReference(reference, id, algorithms) };
}

function expectNamed(element: Element | undefined, name: string): asserts element is Element {
  if (element === undefined || !isNamed(element, XML_SIGNATURE, name))
    throw new XmlError(`has a Signature without ${name} in its place (XML Signature 4)`);
}

function readAlgorithm(
  method: Element,
  algorithms: readonly SamlSignatureAlgorithm[],
): SamlSignatureAlgorithm {
  const algorithm = findSignatureAlgorithm(requiredAttribute(method, 'Algorithm'), algorithms);
  if (algorithm === undefined || childrenOf(method).length > 0)
    throw new XmlError('has a SignatureMethod that is not one of the provider’s signatureAlgorithms');
  return algorithm;
}

function readReference(reference: Element, id: string, algorithms: readonly SamlSignatureAlgorithm[]) {
  const [transforms, method, value, ...others] = childrenOf(reference);
  expectNamed(transforms, 'Transforms');
  expectNamed(method, 'DigestMethod');
  expectNamed(value, 'DigestValue');
  if (others.length > 0) throw new XmlError('has more in its Reference than transforms and one digest');
  // An empty URI would mean the whole document, which is not what the parent of the Signature is in an assertion.
  if (attributeOf(reference, 'URI') !== `#${id}`)
    throw new XmlError(
      'has a Reference to something else than the parent of the Signature (SAML Core 5.4.2)',
    );
  const [enveloped, exclusive, ...more] = childrenOf(transforms);
  expectTransform(enveloped, ENVELOPED_SIGNATURE);
  expectTransform(exclusive, EXCLUSIVE_C14N);
  if (more.length > 0) throw new XmlError('has more than two transforms (SAML Core 5.4.4)');
  // A comment in the value made xml-crypto compare another digest than the signed one (CVE-2025-29775).
  textOf(value);
  const digest = findDigest(requiredAttribute(method, 'Algorithm'), algorithms);
  if (digest === undefined) throw new XmlError('has a DigestMethod that is not one of the provider’s');
  return digest;
}

function expectTransform(element: Element | undefined, algorithm: string): void {
  if (element === undefined || attributeOf(element, 'Algorithm') !== algorithm)
    throw new XmlError(
      'has a canonicalisation or transform other than enveloped and exclusive without comments (SAML Core 5.4.4)',
    );
  const [namespaces, ...others] = childrenOf(element);
  if (namespaces === undefined) return;
  const isAllowed =
    isNamed(namespaces, EXCLUSIVE_C14N, 'InclusiveNamespaces') &&
    (attributeOf(namespaces, 'PrefixList') ?? '').length <= MAX_PREFIX_LIST_CHARS;
  if (!isAllowed || others.length > 0)
    throw new XmlError('has a transform with parameters other than a short InclusiveNamespaces');
}
