import type { SamlIdpEntity } from '../../domain/identity/saml-metadata.ts';
import { SAML_ASSERTION, SAML_PROTOCOL } from './namespaces.ts';
import { ISSUER_UNKNOWN, refuseResponse, RESPONSE_INVALID } from './refusal.ts';
import type { SignedResponse } from './signed-response.ts';
import { attributeOf, optionalChild, requiredAttribute, requiredChild, textOf } from './xml-document.ts';

/** What a response must name to be meant for us. */
export type ExpectedResponse = {
  /** URLs of which Recipient, and Destination, must be one. */
  readonly recipients: readonly string[];
  /** Of which every AudienceRestriction must name one. */
  readonly audiences: readonly string[];
  /** `anything`: requests are not ours to know, as where a tool hands over what it asked an identity provider for. */
  readonly inResponseTo:
    | { readonly kind: 'request'; readonly id: string }
    | { readonly kind: 'unsolicited' }
    | { readonly kind: 'anything' };
  /** Since IssueInstant; AssumeRoleWithSAML has 300. */
  readonly maxAgeSeconds?: number;
};

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const ENTITY_FORMAT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';

/**
 * Checks what stands on the message itself: Version, Issuer, Status, Destination, InResponseTo.
 *
 * @throws XmlError, FederationError `invalid-identity-token`
 * @see SAML Core 3.2.2, Profiles 4.1.4.2
 */
export function checkResponse(
  { response, signed, entity }: SignedResponse,
  { recipients, inResponseTo }: ExpectedResponse,
): void {
  checkVersion(response);
  const issuer = optionalChild(response, SAML_ASSERTION, 'Issuer');
  if (issuer !== undefined) checkIssuer(issuer, entity);
  checkStatus(response);
  const destination = attributeOf(response, 'Destination');
  // A signed message without one could have been meant for anybody (Bindings 3.5.5.2).
  if (destination === undefined ? signed.includes('message') : !recipients.includes(destination))
    throw refuseResponse(RESPONSE_INVALID, 'Destination is not one of our URLs (SAML Core 3.2.2)');
  checkInResponseTo(response, inResponseTo);
}

/** @see SAML Core 2.3.3, 3.2.2 */
export function checkVersion(element: Element): void {
  if (requiredAttribute(element, 'Version') !== '2.0')
    throw refuseResponse(RESPONSE_INVALID, `Version of ${element.localName} is not 2.0 (SAML Core 4.1)`);
}

/** @see SAML Core 2.2.5 */
export function checkIssuer(issuer: Element, { entityId }: SamlIdpEntity): void {
  const format = attributeOf(issuer, 'Format') ?? ENTITY_FORMAT;
  if (textOf(issuer) !== entityId || format !== ENTITY_FORMAT)
    throw refuseResponse(ISSUER_UNKNOWN, 'Issuer is not the entity whose keys signed (SAML Core 2.2.5)');
}

function checkStatus(response: Element): void {
  const status = requiredChild(response, SAML_PROTOCOL, 'Status');
  const code = requiredAttribute(requiredChild(status, SAML_PROTOCOL, 'StatusCode'), 'Value');
  if (code !== SUCCESS) throw refuseResponse(RESPONSE_INVALID, 'Status is not Success (SAML Core 3.2.2.2)');
}

/**
 * Checks InResponseTo of a Response or SubjectConfirmationData: the request's ID, or absent where none was sent. An
 * answer to somebody's request that comes unsolicited was taken from them.
 *
 * @see SAML Profiles 4.1.4.2, 4.1.5
 */
export function checkInResponseTo(element: Element, expected: ExpectedResponse['inResponseTo']): void {
  if (expected.kind === 'anything') return;
  const id = expected.kind === 'request' ? expected.id : undefined;
  if (attributeOf(element, 'InResponseTo') !== id)
    throw refuseResponse(
      RESPONSE_INVALID,
      `InResponseTo of ${element.localName} is not the request that was sent (SAML Profiles 4.1.4.2)`,
    );
}
