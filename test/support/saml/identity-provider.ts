import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { SamlIdpEntity, SamlMetadata } from '../../../src/domain/identity/saml-metadata.ts';
import type { SamlProvider, SamlSignatureAlgorithm } from '../../../src/domain/identity/saml-provider.ts';
import { isAccountId, isArn } from '../../../src/domain/role/arn.ts';
import { createSelfSignedCertificate } from '../../../src/keys/self-signed-certificate.ts';
import { signXml } from '../../../src/protocols/saml/sign-xml.ts';
import { encryptAssertion, type Encryption } from './encrypt-assertion.ts';

/** 2027-01-15T08:00:00Z. */
export const NOW_MS = 1_800_000_000_000;
export const ENTITY_ID = 'https://idp.example.com/metadata';
export const ACS = 'https://bridge.example.com/saml/corp/acs';
export const AUDIENCE = 'https://bridge.example.com/saml/corp/metadata';
export const REQUEST_ID = '_request-1';
export const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

const NAMESPACES =
  'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';
const DAY_MS = 86_400_000;

/** An identity provider of the tests: one RSA key and its certificate. */
export type TestIdp = {
  readonly entityId: string;
  readonly key: KeyObject;
  readonly certificate: string;
  readonly entity: SamlIdpEntity;
  readonly metadata: SamlMetadata;
};

export function createTestIdp(entityId: string = ENTITY_ID): TestIdp {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const notAfterMs = NOW_MS + 365 * DAY_MS;
  const certificate = createSelfSignedCertificate({
    privateKey,
    publicKey,
    commonName: 'idp.example.com',
    notBeforeMs: NOW_MS - DAY_MS,
    notAfterMs,
    serialNumber: Buffer.alloc(16, 1),
  });
  const entity = idpEntity([{ key: publicKey, certificate, notAfterMs }], entityId);
  return { entityId, key: privateKey, certificate, entity, metadata: { entities: [entity] } };
}

export function idpEntity(
  signingKeys: SamlIdpEntity['signingKeys'],
  entityId: string = ENTITY_ID,
): SamlIdpEntity {
  return { entityId, signingKeys, singleSignOn: [], singleLogout: [], wantAuthnRequestsSigned: false };
}

/** Metadata of one entity with these keys and no more. */
export function metadataOf(keys: readonly KeyObject[], entityId: string = ENTITY_ID): SamlMetadata {
  const signingKeys = keys.map((key) => ({
    key: createPublicKey(key),
    certificate: '',
    notAfterMs: Infinity,
  }));
  return { entities: [idpEntity(signingKeys, entityId)] };
}

/** Metadata as the identity provider would publish it. */
export function metadataXml({ entityId, certificate }: Pick<TestIdp, 'entityId' | 'certificate'>): string {
  const base64 = certificate.replaceAll(/-----[^-]+-----|\s/g, '');
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${entityId}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${new URL('/slo', entityId).href}"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${new URL('/sso', entityId).href}"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${new URL('/sso', entityId).href}"/></md:IDPSSODescriptor></md:EntityDescriptor>`;
}

export function makeSamlProvider(more: Partial<SamlProvider> = {}): SamlProvider {
  const arn = 'arn:aws:iam::111122223333:saml-provider/corp';
  const account = '111122223333';
  if (!isArn(arn) || !isAccountId(account)) throw new Error('not an ARN');
  return {
    name: 'corp',
    arn,
    account,
    metadata: { kind: 'url', url: ENTITY_ID },
    roleAttribute: 'required',
    idpInitiated: 'deny',
    audiences: [],
    signatureAlgorithms: [
      'rsa-sha256',
      'rsa-sha384',
      'rsa-sha512',
      'ecdsa-sha256',
      'ecdsa-sha384',
      'ecdsa-sha512',
    ],
    signed: 'either',
    encryptionAlgorithms: ['aes128-gcm', 'aes256-gcm', 'rsa-oaep'],
    clockSkewSeconds: 60,
    tags: {},
    ...more,
  };
}

/** Which parts of the message are signed. */
export type Signing = 'assertion' | 'message' | 'both' | 'none';

/** What a response says. `null` leaves an attribute or element out; times are seconds from {@link NOW_MS}. */
export type ResponseContent = {
  readonly assertionId: string;
  readonly responseId: string;
  readonly version: string;
  readonly assertionVersion: string;
  readonly responseIssuer: string | null;
  readonly issuer: string | null;
  readonly status: string;
  readonly destination: string | null;
  readonly inResponseTo: string | null;
  readonly confirmedInResponseTo: string | null;
  readonly issuedAt: number;
  readonly nameId: string;
  readonly method: string;
  readonly recipient: string | null;
  readonly confirmedUntil: number | null;
  readonly notBefore: number | null;
  readonly notOnOrAfter: number | null;
  readonly conditions: string;
  readonly authnStatement: string;
  /** Attribute elements. */
  readonly attributes: string;
  /** Put first into the Subject, and into Response before the assertion. */
  readonly extraInSubject: string;
  readonly extraInResponse: string;
};

export const at = (seconds: number) => new Date(NOW_MS + seconds * 1000).toISOString();

export const audience = (...names: readonly string[]) =>
  `<saml:AudienceRestriction>${names.map((name) => `<saml:Audience>${name}</saml:Audience>`).join('')}</saml:AudienceRestriction>`;

export const attribute = (name: string, ...values: readonly string[]) =>
  `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`;

export const GOOD_CONTENT: ResponseContent = {
  assertionId: '_assertion-1',
  responseId: '_response-1',
  version: '2.0',
  assertionVersion: '2.0',
  responseIssuer: ENTITY_ID,
  issuer: ENTITY_ID,
  status: '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>',
  destination: ACS,
  inResponseTo: REQUEST_ID,
  confirmedInResponseTo: REQUEST_ID,
  issuedAt: -5,
  nameId: `<saml:NameID Format="${PERSISTENT}">user-1</saml:NameID>`,
  method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
  recipient: ACS,
  confirmedUntil: 300,
  notBefore: -30,
  notOnOrAfter: 300,
  conditions: audience(AUDIENCE),
  authnStatement: `<saml:AuthnStatement AuthnInstant="${at(-20)}" SessionIndex="_session-1" SessionNotOnOrAfter="${at(3600)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
  attributes: attribute('mail', 'user-1@example.com'),
  extraInSubject: '',
  extraInResponse: '',
};

const optional = (name: string, value: string | null) => (value === null ? '' : ` ${name}="${value}"`);
const time = (name: string, seconds: number | null) => optional(name, seconds === null ? null : at(seconds));
const issuerElement = (issuer: string | null) =>
  issuer === null ? '' : `<saml:Issuer>${issuer}</saml:Issuer>`;

export function assertionXml(content: ResponseContent): string {
  const c = content;
  const data = `<saml:SubjectConfirmationData${time('NotOnOrAfter', c.confirmedUntil)}${optional('Recipient', c.recipient)}${optional('InResponseTo', c.confirmedInResponseTo)}/>`;
  return (
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${c.assertionId}" Version="${c.assertionVersion}" IssueInstant="${at(c.issuedAt)}">` +
    issuerElement(c.issuer) +
    `<saml:Subject>${c.extraInSubject}${c.nameId}<saml:SubjectConfirmation Method="${c.method}">${data}</saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions${time('NotBefore', c.notBefore)}${time('NotOnOrAfter', c.notOnOrAfter)}>${c.conditions}</saml:Conditions>` +
    `${c.authnStatement}<saml:AttributeStatement>${c.attributes}</saml:AttributeStatement></saml:Assertion>`
  );
}

export function responseXml(content: ResponseContent, assertion: string): string {
  const c = content;
  return (
    `<samlp:Response ${NAMESPACES} ID="${c.responseId}" Version="${c.version}" IssueInstant="${at(c.issuedAt)}"${optional('Destination', c.destination)}${optional('InResponseTo', c.inResponseTo)}>` +
    issuerElement(c.responseIssuer) +
    `<samlp:Status>${c.status}</samlp:Status>${c.extraInResponse}${assertion}</samlp:Response>`
  );
}

export type ResponseOptions = {
  readonly idp: TestIdp;
  readonly signing?: Signing;
  readonly algorithm?: SamlSignatureAlgorithm;
  /** Another key than the identity provider's. */
  readonly key?: KeyObject;
  readonly encryption?: Encryption;
};

/** A response with the good content, changed, signed and encrypted as asked; XML. */
export function makeResponse(
  changes: Partial<ResponseContent>,
  { idp, signing = 'both', algorithm = 'rsa-sha256', key = idp.key, encryption }: ResponseOptions,
): string {
  const content = { ...GOOD_CONTENT, ...changes };
  const signer = { key, certificate: idp.certificate, algorithm };
  const plain = assertionXml(content);
  const isSigned = (part: 'assertion' | 'message') => signing === part || signing === 'both';
  const signed = isSigned('assertion') ? signXml(plain, signer) : plain;
  const assertion = encryption === undefined ? signed : encryptAssertion(signed, encryption);
  const message = responseXml(content, assertion);
  return isSigned('message') ? signXml(message, signer) : message;
}

export const toBase64 = (xml: string) => Buffer.from(xml).toString('base64');
