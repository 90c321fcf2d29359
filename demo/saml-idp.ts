import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { createSelfSignedCertificate } from '../src/keys/self-signed-certificate.ts';
import {
  SAML_ASSERTION,
  SAML_METADATA,
  SAML_PROTOCOL,
  XML_SIGNATURE,
} from '../src/protocols/saml/namespaces.ts';
import { signXml, type SigningKey } from '../src/protocols/saml/sign-xml.ts';
import { parseXml, requiredAttribute, requiredChild, textOf } from '../src/protocols/saml/xml-document.ts';

export type Answer = { readonly status: number; readonly type: string; readonly body: string };

/** Answers what is asked below the identity provider's address, which is also its entity ID. */
export type SamlIdp = (path: string, query: URLSearchParams) => Answer;

const ACCOUNT = '123456789012';
const PROVIDER = `arn:aws:iam::${ACCOUNT}:saml-provider/acme`;
const ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/';
/** Where AWS takes responses, and the audience that they are for: what tools made for AWS ask of an identity provider. */
const AWS = { acs: 'https://signin.aws.amazon.com/saml', audience: 'urn:amazon:webservices' };
const LIFETIME_MS = 300_000;
const DEFAULTS = { user: 'alice', department: 'engineering', role: 'reports' };
type Person = Readonly<Record<keyof typeof DEFAULTS, string>>;

const MAX_REQUEST_BYTES = 20_000;
const NAMESPACES = `xmlns:saml="${SAML_ASSERTION}"`;

/**
 * A SAML identity provider whose key lives as long as the process. It signs in whoever is named: for demonstrations and
 * tests only.
 *
 * @param entityId its address, such as `http://127.0.0.1:9400/saml`
 */
export function createSamlIdp(entityId: string): SamlIdp {
  const key = createKey();
  return (path, query) => {
    if (path === '/metadata') return xml(metadata(entityId, key));
    if (path === '/response') return respond(query, (person) => response(entityId, person, key));
    if (path === '/sso') return signIn(query, entityId, key);
    return refusal(404, `there is ${entityId}/response and ${entityId}/metadata`);
  };
}

function createKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = Date.now();
  const certificate = createSelfSignedCertificate({
    privateKey,
    publicKey,
    commonName: 'demo',
    notBeforeMs: now - 60_000,
    notAfterMs: now + 90 * 86_400_000,
    serialNumber: randomBytes(16),
  });
  return { key: privateKey, certificate, algorithm: 'rsa-sha256' };
}

/** SAML Metadata 2.4.3: one key, one endpoint. */
function metadata(entityId: string, { certificate }: SigningKey): string {
  const base64 = certificate.replace(/-----[A-Z ]+-----|\n/g, '');
  return (
    `<md:EntityDescriptor xmlns:md="${SAML_METADATA}" entityID="${entityId}">` +
    `<md:IDPSSODescriptor protocolSupportEnumeration="${SAML_PROTOCOL}"><md:KeyDescriptor use="signing">` +
    `<ds:KeyInfo xmlns:ds="${XML_SIGNATURE}"><ds:X509Data>` +
    `<ds:X509Certificate>${base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" ' +
    `Location="${entityId}/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`
  );
}

function respond(query: URLSearchParams, make: (person: Person) => string): Answer {
  const fault = faultOf(query);
  if (fault !== undefined) return refusal(400, fault);
  const body = Buffer.from(make({ ...DEFAULTS, ...Object.fromEntries(query) })).toString('base64');
  return { status: 200, type: 'text/plain', body };
}

/** What is wrong with the parameters of a request for a response, in a sentence. */
function faultOf(query: URLSearchParams): string | undefined {
  const known = Object.keys(DEFAULTS);
  for (const [name, value] of query) {
    if (!known.includes(name)) return `there is no such parameter; there are ${known.join(', ')}`;
    if (query.getAll(name).length > 1) return `${name} came twice`;
    if (!/^[\w+=,.@-]{1,64}$/.test(value))
      return `${name} may hold up to 64 letters, digits and _ + = , . @ -`;
  }
  return undefined;
}

type Destination = { readonly acs: string; readonly audience: string; readonly inResponseTo?: string };

/** A response with one signed assertion (SAML Core 2.3.3, 3.3.3; Profiles 4.1.4.2). */
function response(entityId: string, person: Person, key: SigningKey, to: Destination = AWS): string {
  const issueInstant = instant(Date.now());
  const answers = to.inResponseTo === undefined ? '' : ` InResponseTo="${to.inResponseTo}"`;
  const signed = signXml(assertion(entityId, person, { ...to, answers }), key);
  return (
    `<samlp:Response xmlns:samlp="${SAML_PROTOCOL}" ID="${createId()}" Version="2.0" ` +
    `IssueInstant="${issueInstant}" Destination="${to.acs}"${answers}>` +
    `<saml:Issuer ${NAMESPACES}>${entityId}</saml:Issuer><samlp:Status>` +
    '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>' +
    `${signed}</samlp:Response>`
  );
}

function assertion(
  entityId: string,
  { user, department, role }: Person,
  { acs, audience, answers }: Destination & { readonly answers: string },
): string {
  const now = Date.now();
  const [begin, end] = [instant(now), instant(now + LIFETIME_MS)];
  const attributes = [
    ['department', department],
    ['mail', `${user}@acme.example`],
    [`${ATTRIBUTE}RoleSessionName`, user],
    [`${ATTRIBUTE}Role`, `arn:aws:iam::${ACCOUNT}:role/${role},${PROVIDER}`],
  ];
  const values = attributes.map(
    ([name, value]) =>
      `<saml:Attribute Name="${name}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`,
  );
  return (
    `<saml:Assertion ${NAMESPACES} ID="${createId()}" Version="2.0" IssueInstant="${begin}">` +
    `<saml:Issuer>${entityId}</saml:Issuer><saml:Subject>` +
    `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${user}</saml:NameID>` +
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">' +
    `<saml:SubjectConfirmationData NotOnOrAfter="${end}" Recipient="${acs}"${answers}/>` +
    `</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${begin}" NotOnOrAfter="${end}">` +
    `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction>` +
    `</saml:Conditions><saml:AuthnStatement AuthnInstant="${begin}" SessionIndex="${createId()}"><saml:AuthnContext>` +
    '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport' +
    '</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>' +
    `<saml:AttributeStatement>${values.join('')}</saml:AttributeStatement></saml:Assertion>`
  );
}

/** A browser comes with an AuthnRequest (SAML Bindings 3.4) and goes back to whoever asked, as alice. */
function signIn(query: URLSearchParams, entityId: string, key: SigningKey): Answer {
  const packed = Buffer.from(query.get('SAMLRequest') ?? '', 'base64');
  const request = parseXml(inflateRawSync(packed, { maxOutputLength: MAX_REQUEST_BYTES }).toString());
  const acs = requiredAttribute(request, 'AssertionConsumerServiceURL');
  const inResponseTo = requiredAttribute(request, 'ID');
  const audience = textOf(requiredChild(request, SAML_ASSERTION, 'Issuer'));
  const relayState = query.get('RelayState') ?? '';
  // It signs for anybody, so it answers nobody but this machine.
  if (!/^http:\/\/127\.0\.0\.1:\d+\/[\w./-]*$/.test(acs)) return refusal(403, 'only bridges at 127.0.0.1');
  if (!/^[\w.-]+$/.test(inResponseTo) || !/^[\w:/.-]+$/.test(audience) || !/^[\w.-]*$/.test(relayState))
    return refusal(400, 'not understood');
  const message = response(entityId, DEFAULTS, key, { acs, audience, inResponseTo });
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body:
      `<!doctype html><title>Demo sign-in</title><form method="post" action="${acs}">` +
      `<input type="hidden" name="SAMLResponse" value="${Buffer.from(message).toString('base64')}">` +
      `<input type="hidden" name="RelayState" value="${relayState}">` +
      `<p>The demo's identity provider.</p><button>Sign in as ${DEFAULTS.user}</button></form>`,
  };
}

function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** An xs:ID may not begin with a digit. */
function createId(): string {
  return `_${randomBytes(16).toString('hex')}`;
}

function xml(body: string): Answer {
  return { status: 200, type: 'application/samlmetadata+xml', body };
}

function refusal(status: number, sentence: string): Answer {
  return { status, type: 'text/plain', body: `${sentence}\n` };
}
