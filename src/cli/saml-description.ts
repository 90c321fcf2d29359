import { X509Certificate } from 'node:crypto';
import {
  SAML_ASSERTION,
  SAML_PROTOCOL,
  XML_ENCRYPTION,
  XML_SIGNATURE,
} from '../protocols/saml/namespaces.ts';
import { attributeOf, childrenNamed, descendantsOf, isNamed } from '../protocols/saml/xml-document.ts';

/** What a message says of itself, read without believing any of it. Absent members are not in the message. */
export type ResponseDescription = {
  readonly id: string | undefined;
  readonly issuer: string | undefined;
  readonly destination: string | undefined;
  readonly inResponseTo: string | undefined;
  readonly issueInstant: string | undefined;
  readonly status: string | undefined;
  readonly assertions: readonly AssertionDescription[];
  readonly encryptedAssertions: readonly { readonly algorithms: readonly string[] }[];
};

type AssertionDescription = {
  readonly id: string | undefined;
  readonly issuer: string | undefined;
  readonly issueInstant: string | undefined;
  readonly subject: string | undefined;
  readonly subjectFormat: string | undefined;
  readonly confirmations: readonly {
    readonly recipient: string | undefined;
    readonly notOnOrAfter: string | undefined;
    readonly inResponseTo: string | undefined;
  }[];
  readonly notBefore: string | undefined;
  readonly notOnOrAfter: string | undefined;
  readonly audiences: readonly string[];
  readonly sessionNotOnOrAfter: string | undefined;
  readonly attributes: readonly { readonly name: string; readonly values: readonly string[] }[];
};

export type SignatureDescription = {
  /** The element that the Signature stands in. */
  readonly over: string;
  readonly algorithm: string | undefined;
  /** The certificate that the message names itself. */
  readonly certificate: CertificateDescription | undefined;
};

export type CertificateDescription = {
  readonly subject: string;
  readonly fingerprint: string;
  readonly notAfter: string;
};

/** Reads a `samlp:Response` for people. */
export function describeResponse(root: Element): ResponseDescription {
  return {
    id: attributeOf(root, 'ID'),
    issuer: textIn(root, SAML_ASSERTION, 'Issuer'),
    destination: attributeOf(root, 'Destination'),
    inResponseTo: attributeOf(root, 'InResponseTo'),
    issueInstant: attributeOf(root, 'IssueInstant'),
    status: lastPart(valueOf(find(root, SAML_PROTOCOL, 'StatusCode')[0], 'Value')),
    assertions: find(root, SAML_ASSERTION, 'Assertion').map(describeAssertion),
    encryptedAssertions: find(root, SAML_ASSERTION, 'EncryptedAssertion').map((encrypted) => ({
      algorithms: find(encrypted, XML_ENCRYPTION, 'EncryptionMethod').map(
        (method) => lastPart(valueOf(method, 'Algorithm')) ?? '',
      ),
    })),
  };
}

function describeAssertion(assertion: Element): AssertionDescription {
  const [nameId] = find(assertion, SAML_ASSERTION, 'NameID');
  const [conditions] = childrenNamed(assertion, SAML_ASSERTION, 'Conditions');
  const [statement] = childrenNamed(assertion, SAML_ASSERTION, 'AuthnStatement');
  return {
    id: attributeOf(assertion, 'ID'),
    issuer: textIn(assertion, SAML_ASSERTION, 'Issuer'),
    issueInstant: attributeOf(assertion, 'IssueInstant'),
    subject: nameId?.textContent ?? undefined,
    subjectFormat: lastPart(valueOf(nameId, 'Format')),
    confirmations: find(assertion, SAML_ASSERTION, 'SubjectConfirmationData').map((data) => ({
      recipient: attributeOf(data, 'Recipient'),
      notOnOrAfter: attributeOf(data, 'NotOnOrAfter'),
      inResponseTo: attributeOf(data, 'InResponseTo'),
    })),
    notBefore: valueOf(conditions, 'NotBefore'),
    notOnOrAfter: valueOf(conditions, 'NotOnOrAfter'),
    audiences: find(assertion, SAML_ASSERTION, 'Audience').map(({ textContent }) => textContent),
    sessionNotOnOrAfter: valueOf(statement, 'SessionNotOnOrAfter'),
    attributes: find(assertion, SAML_ASSERTION, 'Attribute').map((attribute) => ({
      name: attributeOf(attribute, 'Name') ?? '',
      values: childrenNamed(attribute, SAML_ASSERTION, 'AttributeValue').map(
        ({ textContent }) => textContent,
      ),
    })),
  };
}

/** Every Signature that is a child of the root or of an assertion, with the element that it stands in. */
export function findSignatures(
  root: Element,
): readonly { readonly element: Element; readonly description: SignatureDescription }[] {
  return [root, ...find(root, SAML_ASSERTION, 'Assertion')].flatMap((element) =>
    childrenNamed(element, XML_SIGNATURE, 'Signature').map((signature) => ({
      element,
      description: {
        over: `${element.localName} ${attributeOf(element, 'ID') ?? ''}`.trim(),
        algorithm: lastPart(valueOf(find(signature, XML_SIGNATURE, 'SignatureMethod')[0], 'Algorithm')),
        certificate: describeCertificate(certificateIn(signature)),
      },
    })),
  );
}

/** The certificate that a Signature names itself: whoever wrote the message chose it. */
export function certificateIn(signature: Element): X509Certificate | undefined {
  const [element] = find(signature, XML_SIGNATURE, 'X509Certificate');
  try {
    return element && new X509Certificate(Buffer.from(element.textContent, 'base64'));
  } catch {
    return undefined;
  }
}

/** What tells certificates apart, for people. */
export function describeCertificate(
  certificate: X509Certificate | undefined,
): CertificateDescription | undefined {
  if (certificate === undefined) return undefined;
  const { subject, fingerprint256, validTo } = certificate;
  const oneLine = subject.replaceAll('\n', ', ');
  return { subject: oneLine, fingerprint: fingerprint256, notAfter: new Date(validTo).toISOString() };
}

function find(root: Element, namespace: string, localName: string): readonly Element[] {
  return descendantsOf(root).filter((element) => element !== root && isNamed(element, namespace, localName));
}

function textIn(parent: Element, namespace: string, localName: string): string | undefined {
  return childrenNamed(parent, namespace, localName)[0]?.textContent ?? undefined;
}

function valueOf(element: Element | undefined, name: string): string | undefined {
  return element && attributeOf(element, name);
}

/** `rsa-sha256` of `http://www.w3.org/2001/04/xmldsig-more#rsa-sha256`, `Success` of `urn:…:status:Success`. */
function lastPart(uri: string | undefined): string | undefined {
  return uri === undefined ? undefined : uri.slice(Math.max(uri.lastIndexOf('#'), uri.lastIndexOf(':')) + 1);
}
