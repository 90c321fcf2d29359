import { FederationError } from '../../domain/errors.ts';
import type { SamlFacts } from '../../domain/identity/saml-identity.ts';
import type { SamlIdpEntity, SamlMetadata } from '../../domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import { isSignatureValid, type ReceivedMessage, xmlOf } from './bindings.ts';
import { parseDateTime } from './date-time.ts';
import { SAML_ASSERTION, SAML_PROTOCOL } from './namespaces.ts';
import {
  attributeOf,
  childrenNamed,
  isNamed,
  optionalChild,
  parseXml,
  requiredAttribute,
  requiredChild,
  textOf,
} from './xml-document.ts';
import { XmlError } from './xml-error.ts';
import { verifyEnvelopedSignature } from './xml-signature.ts';
import { escapeXml, renderAttributes, renderInstant } from './xml-text.ts';

type Outgoing = {
  /** An `xs:ID` of at least 128 random bits. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly issueInstantMs: number;
  /** The identity provider's endpoint. */
  readonly destination: string;
  /** Our entity ID. */
  readonly issuer: string;
};

/** Who is to be signed out, as the identity provider named them. */
export type LogoutSubject = Pick<SamlFacts, 'nameId' | 'sessionIndex'>;

/** What a logout message must be, to be believed. */
export type LogoutTrust = {
  readonly provider: Pick<SamlProvider, 'signatureAlgorithms' | 'clockSkewSeconds'>;
  readonly metadata: SamlMetadata;
  /** The URL at which it came. */
  readonly destination: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
};

export type LogoutRequest = {
  readonly id: string;
  readonly entity: SamlIdpEntity;
  /** The NameID's value. */
  readonly subject: string;
  /** Empty: all of the subject's sign-ins. */
  readonly sessionIndexes: readonly string[];
  /** From when on the request is refused for its age, so that it need not be remembered; epoch milliseconds. */
  readonly expiresAtMs: number;
};

const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:';
const MAX_AGE_MS = 300_000;
const MAX_SESSION_INDEXES = 100;

/** Writes a request to end somebody's sign-in; unsigned. @see SAML Core 3.7.1 */
export function renderLogoutRequest(outgoing: Outgoing, { nameId, sessionIndex }: LogoutSubject): string {
  const attributes = renderAttributes({
    Format: nameId.format,
    NameQualifier: nameId.nameQualifier,
    SPNameQualifier: nameId.spNameQualifier,
  });
  const notOnOrAfter = renderInstant(outgoing.issueInstantMs + MAX_AGE_MS);
  const subject = `<saml:NameID${attributes}>${escapeXml(nameId.value)}</saml:NameID>`;
  const session =
    sessionIndex === undefined ? '' : `<samlp:SessionIndex>${escapeXml(sessionIndex)}</samlp:SessionIndex>`;
  return renderMessage('LogoutRequest', outgoing, { NotOnOrAfter: notOnOrAfter }, subject + session);
}

/**
 * Writes the answer to a request; unsigned.
 *
 * @param inResponseTo the request's ID
 * @see SAML Core 3.7.2
 */
export function renderLogoutResponse(outgoing: Outgoing, inResponseTo: string): string {
  const status = `<samlp:Status><samlp:StatusCode Value="${STATUS}Success"/></samlp:Status>`;
  return renderMessage('LogoutResponse', outgoing, { InResponseTo: inResponseTo }, status);
}

function renderMessage(
  name: string,
  { id, issueInstantMs, destination, issuer }: Outgoing,
  more: Readonly<Record<string, string>>,
  content: string,
): string {
  const attributes = renderAttributes({
    'xmlns:samlp': SAML_PROTOCOL,
    'xmlns:saml': SAML_ASSERTION,
    ID: id,
    Version: '2.0',
    IssueInstant: renderInstant(issueInstantMs),
    Destination: destination,
    ...more,
  });
  return `<samlp:${name}${attributes}><saml:Issuer>${escapeXml(issuer)}</saml:Issuer>${content}</samlp:${name}>`;
}

/**
 * Verifies an identity provider's request to sign somebody out. It must be signed: else anybody could sign anybody out.
 *
 * @throws FederationError `invalid-identity-token`, `malformed-input`
 * @see SAML Core 3.7.3, Profiles 4.4.3
 */
export function verifyLogoutRequest(message: ReceivedMessage, trust: LogoutTrust): LogoutRequest {
  return refusing(() => {
    const { root, entity } = verifyMessage(message, 'LogoutRequest', trust);
    const issuedAtMs = checkTimes(root, trust);
    const indexes = childrenNamed(root, SAML_PROTOCOL, 'SessionIndex');
    if (indexes.length > MAX_SESSION_INDEXES) throw new XmlError('has too many SessionIndex');
    return {
      id: requiredAttribute(root, 'ID'),
      entity,
      subject: textOf(requiredChild(root, SAML_ASSERTION, 'NameID')),
      sessionIndexes: indexes.map(textOf),
      expiresAtMs: issuedAtMs + MAX_AGE_MS + skewMs(trust) + 1,
    };
  });
}

/**
 * Verifies the answer to our request, which must be signed, too.
 *
 * @param inResponseTo our request's ID
 * @returns whether the identity provider says that it ended everything
 * @throws FederationError `invalid-identity-token`, `malformed-input`
 */
export function verifyLogoutResponse(
  message: ReceivedMessage,
  inResponseTo: string,
  trust: LogoutTrust,
): 'complete' | 'incomplete' {
  return refusing(() => {
    const { root } = verifyMessage(message, 'LogoutResponse', trust);
    checkTimes(root, trust);
    if (attributeOf(root, 'InResponseTo') !== inResponseTo)
      throw new XmlError('answers another request (SAML Core 3.2.2, InResponseTo)');
    const code = requiredChild(requiredChild(root, SAML_PROTOCOL, 'Status'), SAML_PROTOCOL, 'StatusCode');
    const nested = optionalChild(code, SAML_PROTOCOL, 'StatusCode');
    const isComplete = attributeOf(code, 'Value') === `${STATUS}Success` && nested === undefined;
    return isComplete ? 'complete' : 'incomplete';
  });
}

type Verified = { readonly root: Element; readonly entity: SamlIdpEntity };

function verifyMessage(message: ReceivedMessage, name: string, trust: LogoutTrust): Verified {
  const xml = xmlOf(message);
  const root = parseXml(xml);
  if (!isNamed(root, SAML_PROTOCOL, name)) throw new XmlError(`is no ${name}`);
  const entity = findIssuer(root, trust.metadata);
  const verified = verifySignature(message, xml, root, { entity, ...trust });
  // The issuer chose the keys before anything was verified: what is read from now on must name the same one.
  if (issuerOf(verified) !== entity.entityId) throw new XmlError('has another Issuer than was signed');
  if (attributeOf(verified, 'Version') !== '2.0')
    throw new XmlError('is not of version 2.0 (SAML Core 3.2.1)');
  // A signed message must say where it goes, or it could be brought to another service (SAML Bindings 3.4.5.2, 3.5.5.2).
  if (attributeOf(verified, 'Destination') !== trust.destination)
    throw new XmlError('has another Destination than this endpoint (SAML Bindings 3.4.5.2, 3.5.5.2)');
  return { root: verified, entity };
}

function findIssuer(root: Element, { entities }: SamlMetadata): SamlIdpEntity {
  const issuer = issuerOf(root);
  const entity = entities.find(({ entityId }) => entityId === issuer);
  if (entity === undefined) throw new XmlError('has an Issuer that the metadata does not name');
  return entity;
}

function issuerOf(root: Element): string {
  return textOf(requiredChild(root, SAML_ASSERTION, 'Issuer'));
}

function verifySignature(
  message: ReceivedMessage,
  xml: string,
  root: Element,
  { entity, provider }: LogoutTrust & { readonly entity: SamlIdpEntity },
): Element {
  const keys = entity.signingKeys.map(({ key }) => key);
  const algorithms = provider.signatureAlgorithms;
  if (message.binding === 'post') return verifyEnvelopedSignature(xml, root, { keys, algorithms });
  if (message.signature === undefined) throw new XmlError('is not signed');
  // The signature beside the message covers all of it, so the parsed text itself may be read.
  if (!isSignatureValid(message.signature, keys, algorithms))
    throw new XmlError('has a signature that no key of the provider’s metadata made (SAML Bindings 3.4.4.1)');
  return root;
}

/** @returns IssueInstant, epoch milliseconds */
function checkTimes(root: Element, trust: LogoutTrust): number {
  const { nowMs } = trust;
  const issuedAtMs = parseDateTime(requiredAttribute(root, 'IssueInstant'));
  if (issuedAtMs === undefined || issuedAtMs > nowMs + skewMs(trust))
    throw new XmlError('has an IssueInstant that is no time, or yet to come');
  if (issuedAtMs + MAX_AGE_MS + skewMs(trust) < nowMs) throw new XmlError('is older than five minutes');
  const notOnOrAfter = attributeOf(root, 'NotOnOrAfter');
  if (notOnOrAfter === undefined) return issuedAtMs;
  const endMs = parseDateTime(notOnOrAfter);
  if (endMs === undefined || endMs + skewMs(trust) <= nowMs)
    throw new XmlError('is past its NotOnOrAfter (SAML Core 3.7.1)');
  return issuedAtMs;
}

function skewMs({ provider }: LogoutTrust): number {
  return provider.clockSkewSeconds * 1000;
}

function refusing<T>(verify: () => T): T {
  try {
    return verify();
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    const params = { text: 'The SAML message was refused' };
    throw new FederationError('invalid-identity-token', `The message ${cause.message}.`, { params, cause });
  }
}
