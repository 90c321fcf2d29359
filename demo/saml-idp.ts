import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createSelfSignedCertificate } from '../src/keys/self-signed-certificate.ts';
import { parseRedirect, redirectUrl, xmlOf } from '../src/protocols/saml/bindings.ts';
import { renderLogoutResponse } from '../src/protocols/saml/logout.ts';
import {
  SAML_ASSERTION,
  SAML_METADATA,
  SAML_PROTOCOL,
  XML_SIGNATURE,
} from '../src/protocols/saml/namespaces.ts';
import type { SigningKey } from '../src/protocols/saml/sign-xml.ts';
import { parseXml, requiredAttribute, requiredChild, textOf } from '../src/protocols/saml/xml-document.ts';
import { isOfThisMachine, refusal, xml, type Answer, type Asked } from './answer.ts';
import { CORPORATE_PEOPLE } from './people.ts';
import { renderForwardPage, renderPersonPage } from './person-page.ts';
import { AWS, createId, renderRefusal, renderResponse, type SamlPerson } from './saml-response.ts';

/** `entityId` is also the address of what tools ask for; people see pages below `pages`. */
type Idp = { readonly entityId: string; readonly pages: string; readonly key: SigningKey };

const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
/** What may be asked for at `/response`. */
const DEFAULTS = { user: 'alice', department: 'engineering', role: 'reports' };

/**
 * A SAML identity provider whose key lives as long as the process. At `/response` it hands a response to whoever asks, as
 * tools for AWS want; at `/sso` people say who they are, and at `/slo` they sign out. Real ones ask for passwords, remember who
 * is signed in, check signatures of requests and tell other services of a sign-out: for demonstrations and tests only.
 */
export function createSamlIdp(entityId: string, pages: string): (asked: Asked) => Answer {
  const idp = { entityId, pages, key: createKey() };
  return (asked) => {
    const { method, path, query } = asked;
    if (path === '/sso') return signIn(asked, idp);
    if (method !== 'GET') return refusal(405, 'only GET is understood');
    if (path === '/metadata') return xml(metadata(idp));
    if (path === '/response') return respond(query, idp);
    if (path === '/slo') return signOut(query, idp);
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

/** SAML Metadata 2.4.3: one key, an endpoint to sign in and one to sign out. */
function metadata({ entityId, pages, key: { certificate } }: Idp): string {
  const base64 = certificate.replace(/-----[A-Z ]+-----|\n/g, '');
  return (
    `<md:EntityDescriptor xmlns:md="${SAML_METADATA}" entityID="${entityId}">` +
    `<md:IDPSSODescriptor protocolSupportEnumeration="${SAML_PROTOCOL}"><md:KeyDescriptor use="signing">` +
    `<ds:KeyInfo xmlns:ds="${XML_SIGNATURE}"><ds:X509Data>` +
    `<ds:X509Certificate>${base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
    `<md:SingleLogoutService Binding="${REDIRECT}" Location="${pages}/slo"/>` +
    `<md:SingleSignOnService Binding="${REDIRECT}" Location="${pages}/sso"/>` +
    '</md:IDPSSODescriptor></md:EntityDescriptor>'
  );
}

function respond(query: URLSearchParams, { entityId, key }: Idp): Answer {
  const fault = faultOf(query);
  if (fault !== undefined) return refusal(400, fault);
  const { user, department, role } = { ...DEFAULTS, ...Object.fromEntries(query) };
  const person = { user, name: user, email: `${user}@corp.acme.example`, department, roles: [role] };
  const body = Buffer.from(renderResponse(entityId, person, key, AWS)).toString('base64');
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

/** A browser comes with an AuthnRequest (SAML Bindings 3.4), its person is picked, and it goes back to whoever asked. */
function signIn({ method, query, form }: Asked, { entityId, key }: Idp): Answer {
  const request = readRequest(query);
  const acs = requiredAttribute(request.root, 'AssertionConsumerServiceURL');
  if (!isOfThisMachine(acs)) return refusal(403, 'only bridges on this machine');
  const choice = form.get('person');
  if (method === 'GET' || choice === null)
    return renderPersonPage('Acme Corp sign-in', CORPORATE_PEOPLE, { query, hint: '' });
  const to = { acs, audience: request.issuer, inResponseTo: request.id };
  const person = findPerson(choice);
  const response =
    person === undefined ? renderRefusal(entityId, key, to) : renderResponse(entityId, person, key, to);
  return renderForwardPage(acs, {
    SAMLResponse: Buffer.from(response).toString('base64'),
    RelayState: request.relayState,
  });
}

function findPerson(choice: string): SamlPerson | undefined {
  const person = CORPORATE_PEOPLE.find(({ id }) => id === choice);
  return person && { ...person, user: person.subject };
}

/** Nobody is remembered here, so that is done at once. The way back is not in the request (SAML Core 3.7.1). */
function signOut(query: URLSearchParams, { entityId, key }: Idp): Answer {
  const { id, issuer, relayState } = readRequest(query);
  const destination = issuer.replace(/\/metadata$/, '/slo');
  if (!isOfThisMachine(destination)) return refusal(403, 'only bridges on this machine');
  const outgoing = { id: createId(), issueInstantMs: Date.now(), destination, issuer: entityId };
  const message = { kind: 'SAMLResponse', xml: renderLogoutResponse(outgoing, id), relayState } as const;
  return {
    ...refusal(302, ''),
    headers: { location: redirectUrl(destination, message, { key: key.key, algorithm: key.algorithm }) },
  };
}

/** Throws for what is no request; whatever of it stands in an answer is plain text. */
function readRequest(query: URLSearchParams) {
  const root = parseXml(xmlOf(parseRedirect(query.toString())));
  const id = requiredAttribute(root, 'ID');
  const issuer = textOf(requiredChild(root, SAML_ASSERTION, 'Issuer'));
  const relayState = query.get('RelayState') ?? '';
  if (!/^[\w.-]+$/.test(id) || !isOfThisMachine(issuer) || !/^[\w.-]*$/.test(relayState))
    throw new Error('not understood');
  return { root, id, issuer, relayState };
}
