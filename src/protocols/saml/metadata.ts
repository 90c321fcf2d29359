import { X509Certificate } from 'node:crypto';
import type {
  SamlEndpoint,
  SamlIdpEntity,
  SamlMetadata,
  SamlSigningKey,
} from '../../domain/identity/saml-metadata.ts';
import { parseDateTime, parseDuration } from './date-time.ts';
import { SAML_METADATA, SAML_PROTOCOL, XML_SIGNATURE } from './namespaces.ts';
import {
  attributeOf,
  childrenNamed,
  isNamed,
  parseXml,
  requiredAttribute,
  requiredChild,
  textOf,
} from './xml-document.ts';
import { XmlError } from './xml-error.ts';

const MAX_CHARACTERS = 10_000_000;
const MAX_ENTITY_ID_CHARS = 1024;
const MIN_RSA_BITS = 2048;
const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const BINDINGS: ReadonlyMap<string, SamlEndpoint['binding']> = new Map([
  ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'redirect'],
  ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', 'post'],
] as const);

/** Metadata that cannot be used; the message is a sentence for operators. */
export class SamlMetadataError extends Error {
  constructor(message: string, details: { readonly cause?: unknown } = {}) {
    super(message, details);
    this.name = 'SamlMetadataError';
  }
}

/**
 * Reads the identity providers of an EntityDescriptor or EntitiesDescriptor of at most 10,000,000 characters.
 *
 * Its signature is not looked at: the document is trusted for where it comes from, a file or an https URL.
 *
 * @throws SamlMetadataError for what cannot be read, a key that is too weak, or where no identity provider is in it
 * @see SAML Metadata 2.3, 2.4
 */
export function parseIdpMetadata(xml: string): SamlMetadata {
  try {
    return readMetadata(parseXml(withoutComments(xml), { maxCharacters: MAX_CHARACTERS }));
  } catch (cause) {
    if (cause instanceof XmlError) throw new SamlMetadataError(`The metadata ${cause.message}.`, { cause });
    throw cause;
  }
}

/** Files are commented by people. A blank takes each comment's place, so that no two texts grow into one. */
function withoutComments(xml: string): string {
  const parts: string[] = [];
  let at = 0;
  for (let start = xml.indexOf('<!--'); start >= 0; start = xml.indexOf('<!--', at)) {
    const end = xml.indexOf('-->', start + 4);
    if (end < 0) throw new SamlMetadataError('The metadata has a comment that does not end.');
    parts.push(xml.slice(at, start));
    at = end + 3;
  }
  return [...parts, xml.slice(at)].join(' ');
}

type Described = { readonly descriptor: Element; readonly role: Element };

function readMetadata(root: Element): SamlMetadata {
  const groups: Element[] = [];
  const described = describedProviders(root, groups);
  if (described.length === 0) throw new SamlMetadataError('The metadata has no SAML 2.0 identity provider.');
  const entities = described.map(readEntity);
  if (new Set(entities.map(({ entityId }) => entityId)).size < entities.length)
    throw new SamlMetadataError('The metadata has an entityID twice.');
  const dated = [...groups, ...described.flatMap(({ descriptor, role }) => [descriptor, role])];
  const validUntilMs = earliest(dated, 'validUntil', parseDateTime);
  const cacheDurationMs = earliest(dated, 'cacheDuration', parseDuration);
  return {
    entities,
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
    ...(cacheDurationMs === undefined ? {} : { cacheDurationMs }),
  };
}

function describedProviders(element: Element, groups: Element[]): readonly Described[] {
  if (isNamed(element, SAML_METADATA, 'EntityDescriptor')) return describedRoles(element);
  if (!isNamed(element, SAML_METADATA, 'EntitiesDescriptor'))
    throw new SamlMetadataError('The metadata is neither an EntityDescriptor nor an EntitiesDescriptor.');
  groups.push(element);
  return ['EntityDescriptor', 'EntitiesDescriptor']
    .flatMap((name) => childrenNamed(element, SAML_METADATA, name))
    .flatMap((child) => describedProviders(child, groups));
}

/** The entity's one role of identity provider for SAML 2.0; service providers of a federation are passed over. */
function describedRoles(descriptor: Element): readonly Described[] {
  const roles = childrenNamed(descriptor, SAML_METADATA, 'IDPSSODescriptor').filter((role) =>
    (attributeOf(role, 'protocolSupportEnumeration') ?? '').split(' ').includes(SAML_PROTOCOL),
  );
  if (roles.length > 1)
    throw new SamlMetadataError(`${entityIdOf(descriptor)} has several IDPSSODescriptor.`);
  return roles.map((role) => ({ descriptor, role }));
}

function entityIdOf(descriptor: Element): string {
  const entityId = requiredAttribute(descriptor, 'entityID');
  if (entityId.length > MAX_ENTITY_ID_CHARS)
    throw new SamlMetadataError('The metadata has an entityID that is too long.');
  return entityId;
}

function readEntity({ descriptor, role }: Described): SamlIdpEntity {
  const entityId = entityIdOf(descriptor);
  const signingKeys = childrenNamed(role, SAML_METADATA, 'KeyDescriptor')
    .filter((key) => (attributeOf(key, 'use') ?? 'signing') === 'signing')
    .map((key) => readSigningKey(key, entityId));
  if (signingKeys.length === 0)
    throw new SamlMetadataError(`${entityId} has no certificate to verify signatures with.`);
  return {
    entityId,
    signingKeys,
    singleSignOn: readEndpoints(role, 'SingleSignOnService'),
    singleLogout: readEndpoints(role, 'SingleLogoutService'),
    wantAuthnRequestsSigned: ['true', '1'].includes(attributeOf(role, 'WantAuthnRequestsSigned') ?? ''),
  };
}

/** One certificate per KeyDescriptor: of several, all but one would be authorities, which must not sign assertions. */
function readSigningKey(keyDescriptor: Element, entityId: string): SamlSigningKey {
  const keyInfo = requiredChild(keyDescriptor, XML_SIGNATURE, 'KeyInfo');
  const data = requiredChild(keyInfo, XML_SIGNATURE, 'X509Data');
  const certificate = parseCertificate(
    textOf(requiredChild(data, XML_SIGNATURE, 'X509Certificate')),
    entityId,
  );
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  const isUsable =
    (type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) ||
    (type === 'ec' && CURVES.includes(details?.namedCurve));
  if (!isUsable)
    throw new SamlMetadataError(
      `${entityId} has a key that is neither RSA of at least ${MIN_RSA_BITS} bits nor on P-256, P-384 or P-521.`,
    );
  const { publicKey: key, validToDate } = certificate;
  return { key, certificate: certificate.toString(), notAfterMs: validToDate.getTime() };
}

function parseCertificate(base64: string, entityId: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch (cause) {
    throw new SamlMetadataError(`${entityId} has a certificate that cannot be read.`, { cause });
  }
}

/** Endpoints with a binding that we speak. */
function readEndpoints(role: Element, name: string): readonly SamlEndpoint[] {
  return childrenNamed(role, SAML_METADATA, name).flatMap((endpoint) => {
    const binding = BINDINGS.get(requiredAttribute(endpoint, 'Binding'));
    if (binding === undefined) return [];
    const location = parseLocation(requiredAttribute(endpoint, 'Location'));
    const responseLocation = attributeOf(endpoint, 'ResponseLocation');
    return [
      {
        binding,
        location,
        ...(responseLocation === undefined ? {} : { responseLocation: parseLocation(responseLocation) }),
      },
    ];
  });
}

/** A browser is sent there, or posts there: a `javascript:` URL would run in our pages. */
function parseLocation(location: string): string {
  const url = URL.parse(location);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new SamlMetadataError('The metadata has an endpoint that is no http or https URL.');
  return location;
}

function earliest(
  elements: readonly Element[],
  name: string,
  parse: (text: string) => number | undefined,
): number | undefined {
  const values = elements
    .map((element) => attributeOf(element, name))
    .filter((text) => text !== undefined)
    .map(parse);
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length)
    throw new SamlMetadataError(`The metadata has a ${name} that cannot be read.`);
  // Not spread into Math.min: a federation's thousands of entities are more than a call takes.
  return known.reduce<number | undefined>((least, value) => Math.min(least ?? value, value), undefined);
}
