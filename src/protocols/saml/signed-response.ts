import type { KeyObject } from 'node:crypto';
import type { SamlIdpEntity, SamlMetadata } from '../../domain/identity/saml-metadata.ts';
import type { SamlProvider, SamlSigned } from '../../domain/identity/saml-provider.ts';
import { decryptAssertion } from './decrypt-assertion.ts';
import { SAML_ASSERTION, SAML_PROTOCOL, XML_SIGNATURE } from './namespaces.ts';
import { ISSUER_UNKNOWN, refuseResponse } from './refusal.ts';
import { descendantsOf, isNamed, optionalChild, parseXml, textOf } from './xml-document.ts';
import { XmlError } from './xml-error.ts';
import { signatureOf, verifyEnvelopedSignature } from './xml-signature.ts';

/** An assertion as a signature of this entity covers it. */
export type SignedAssertion = { readonly entity: SamlIdpEntity; readonly assertion: Element };

/** A response whose signatures verified. */
export type SignedResponse = SignedAssertion & {
  /** As its signature covers it where it has one, else as it came: good for refusing, never for granting. */
  readonly response: Element;
  readonly signed: readonly Part[];
};

export type OpenResponseDeps = {
  readonly provider: SamlProvider;
  readonly metadata: SamlMetadata;
  readonly decryptionKeys: readonly KeyObject[];
  /** Epoch milliseconds. */
  readonly nowMs: number;
};

type Part = 'message' | 'assertion';

const IS_ENOUGH = {
  assertion: (signed) => signed.includes('assertion'),
  message: (signed) => signed.includes('message'),
  either: (signed) => signed.length > 0,
  both: (signed) => signed.length === 2,
} as const satisfies Record<SamlSigned, (signed: readonly Part[]) => boolean>;

/** Local names that any reader might take for the assertion or the message, whatever their namespace. */
const SINGULAR: readonly string[] = ['Assertion', 'EncryptedAssertion', 'Response'];

/**
 * Verifies every signature of a response and decrypts its assertion: what comes out stood under a signature of the
 * entity that the response names as its issuer.
 *
 * @throws XmlError, FederationError `invalid-identity-token`
 * @see SAML Core 5, Profiles 4.1.4.3
 */
export function openSignedResponse(xml: string, deps: OpenResponseDeps): SignedResponse {
  const document = parseXml(xml);
  if (!isNamed(document, SAML_PROTOCOL, 'Response')) throw new XmlError('is no Response (SAML Core 3.3.3)');
  const proof = onlyAssertion(document);
  const entity = findEntity([document, proof], deps);
  const keys = entity.signingKeys.map(({ key }) => key);
  const trust = { keys, algorithms: deps.provider.signatureAlgorithms };
  const isMessageSigned = signatureOf(document) !== undefined;
  // Before anything is decrypted: nobody but the entity then chooses what our keys are tried on.
  const response = isMessageSigned ? verifyEnvelopedSignature(xml, document, trust) : document;
  const covered = onlyAssertion(response);
  const found = isEncrypted(proof)
    ? decrypt(covered, deps)
    : // Its own signature may lean on namespaces that the message's canonical form has dropped.
      { xml, assertion: proof, covered };
  const isAssertionSigned = signatureOf(found.assertion) !== undefined;
  const signed: readonly Part[] = [
    ...(isMessageSigned ? (['message'] as const) : []),
    ...(isAssertionSigned ? (['assertion'] as const) : []),
  ];
  if (!IS_ENOUGH[deps.provider.signed](signed))
    throw new XmlError(`is not signed as the provider’s setting asks, signed: ${deps.provider.signed}`);
  const assertion = isAssertionSigned
    ? verifyEnvelopedSignature(found.xml, found.assertion, trust)
    : found.covered;
  return { entity, response, signed, assertion };
}

/**
 * Verifies the signature of an assertion that came without a message around it, as where an application was handed it on.
 * An encrypted one is refused: it could not say whose it is before our keys were tried on it.
 *
 * @throws XmlError, FederationError `invalid-identity-token`
 * @see SAML Core 5, RFC 8693 3
 */
export function openSignedAssertion(xml: string, deps: OpenResponseDeps): SignedAssertion {
  const document = parseXml(xml);
  if (!isNamed(document, SAML_ASSERTION, 'Assertion') || singularWithin(document).length !== 1)
    throw new XmlError('is not one Assertion with no other in it (SAML Core 2.3.3)');
  checkSignaturePlaces([document]);
  const entity = findEntity([document], deps);
  // No message can have been signed in its place, whatever the setting would take.
  if (signatureOf(document) === undefined || !IS_ENOUGH[deps.provider.signed](['assertion']))
    throw new XmlError(`is not signed as the provider’s setting asks, signed: ${deps.provider.signed}`);
  const trust = {
    keys: entity.signingKeys.map(({ key }) => key),
    algorithms: deps.provider.signatureAlgorithms,
  };
  return { entity, assertion: verifyEnvelopedSignature(xml, document, trust) };
}

function isEncrypted(proof: Element): boolean {
  return proof.localName === 'EncryptedAssertion';
}

function decrypt(encrypted: Element, { provider, decryptionKeys }: OpenResponseDeps) {
  const trust = { keys: decryptionKeys, algorithms: provider.encryptionAlgorithms };
  const { xml, root } = decryptAssertion(encrypted, trust);
  if (!isNamed(root, SAML_ASSERTION, 'Assertion') || singularWithin(root).length !== 1)
    throw new XmlError('has an EncryptedAssertion that holds something else than one Assertion');
  checkSignaturePlaces([root]);
  return { xml, assertion: root, covered: root };
}

/** The one assertion, encrypted or not. A second one anywhere is what signature wrapping needs (XSW 1 to 8). */
function onlyAssertion(response: Element): Element {
  const [message, proof, ...others] = singularWithin(response);
  const isAssertion = proof?.namespaceURI === SAML_ASSERTION && proof.localName !== 'Response';
  if (message !== response || !isAssertion || proof.parentNode !== response || others.length > 0)
    throw new XmlError('has not exactly one assertion, as a child of the one Response');
  checkSignaturePlaces([response, proof]);
  return proof;
}

function singularWithin(root: Element): readonly Element[] {
  return descendantsOf(root).filter(({ localName }) => SINGULAR.includes(localName));
}

function checkSignaturePlaces([root, ...others]: readonly [Element, ...Element[]]): void {
  const signatures = descendantsOf(root).filter((element) => isNamed(element, XML_SIGNATURE, 'Signature'));
  const placed = [root, ...others].map(signatureOf);
  if (!signatures.every((signature) => placed.includes(signature)))
    throw new XmlError('has a Signature in the wrong place (SAML Core schema)');
}

/** By the unverified issuer: it chooses whose keys are tried, and is compared again when it is verified. */
function findEntity(signed: readonly Element[], { metadata, nowMs }: OpenResponseDeps): SamlIdpEntity {
  if (metadata.validUntilMs !== undefined && nowMs >= metadata.validUntilMs)
    throw refuseResponse(ISSUER_UNKNOWN, 'the metadata is past its validUntil (SAML Metadata 2.3.1)');
  const entityId = issuerOf(signed);
  const entity = metadata.entities.find((candidate) => candidate.entityId === entityId);
  if (entity === undefined)
    throw refuseResponse(ISSUER_UNKNOWN, 'the Issuer is no entity of the metadata (SAML Core 2.2.5)');
  return entity;
}

/** The first Issuer that is there: of the message, else of the assertion. */
function issuerOf(elements: readonly Element[]): string {
  const [issuer] = elements.flatMap((element) => optionalChild(element, SAML_ASSERTION, 'Issuer') ?? []);
  if (issuer === undefined)
    throw new XmlError('has no Issuer to find the metadata by (SAML Profiles 4.1.4.2)');
  return textOf(issuer);
}

/**
 * Whose a response or an assertion says that it is, before anything of it is verified: good for choosing the provider, which
 * verifies it, for nothing else.
 *
 * @throws XmlError
 */
export function claimedIssuer(xml: string): {
  readonly form: 'response' | 'assertion';
  readonly issuer: string;
} {
  const document = parseXml(xml);
  if (isNamed(document, SAML_ASSERTION, 'Assertion'))
    return { form: 'assertion', issuer: issuerOf([document]) };
  if (!isNamed(document, SAML_PROTOCOL, 'Response')) throw new XmlError('is neither Response nor Assertion');
  return { form: 'response', issuer: issuerOf([document, onlyAssertion(document)]) };
}
