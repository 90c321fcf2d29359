import { randomBytes } from 'node:crypto';
import { SAML_ASSERTION, SAML_PROTOCOL } from '../src/protocols/saml/namespaces.ts';
import { signXml, type SigningKey } from '../src/protocols/saml/sign-xml.ts';

/** Somebody as their assertion tells of them. All of it is plain text: it is not escaped. */
export type SamlPerson = {
  readonly user: string;
  readonly name: string;
  readonly email: string;
  readonly department: string;
  /** Names of roles in the demo's account. */
  readonly roles: readonly string[];
};

/** Whom a response is for. */
export type Destination = { readonly acs: string; readonly audience: string; readonly inResponseTo?: string };

/** Where AWS takes responses, and the audience that they are for: what tools made for AWS ask of an identity provider. */
export const AWS: Destination = {
  acs: 'https://signin.aws.amazon.com/saml',
  audience: 'urn:amazon:webservices',
};

const ACCOUNT = '123456789012';
const PROVIDER = `arn:aws:iam::${ACCOUNT}:saml-provider/acme`;
const ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/';
const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:';
const LIFETIME_MS = 300_000;
const NAMESPACES = `xmlns:saml="${SAML_ASSERTION}"`;

/** A response with one signed assertion (SAML Core 2.3.3, 3.3.3; Profiles 4.1.4.2). */
export function renderResponse(
  entityId: string,
  person: SamlPerson,
  key: SigningKey,
  to: Destination,
): string {
  return renderMessage(entityId, to, {
    status: `<samlp:StatusCode Value="${STATUS}Success"/>`,
    assertion: signXml(renderAssertion(entityId, person, to), key),
  });
}

/** The signed answer for somebody who did not want to (SAML Core 3.2.2.2). */
export function renderRefusal(entityId: string, key: SigningKey, to: Destination): string {
  const inner = `<samlp:StatusCode Value="${STATUS}RequestDenied"/>`;
  const status = `<samlp:StatusCode Value="${STATUS}Responder">${inner}</samlp:StatusCode>`;
  return signXml(renderMessage(entityId, to, { status, assertion: '' }), key);
}

function renderMessage(
  entityId: string,
  to: Destination,
  { status, assertion }: { readonly status: string; readonly assertion: string },
): string {
  return (
    `<samlp:Response xmlns:samlp="${SAML_PROTOCOL}" ID="${createId()}" Version="2.0" ` +
    `IssueInstant="${instant(Date.now())}" Destination="${to.acs}"${renderAnswered(to)}>` +
    `<saml:Issuer ${NAMESPACES}>${entityId}</saml:Issuer>` +
    `<samlp:Status>${status}</samlp:Status>${assertion}</samlp:Response>`
  );
}

function renderAnswered({ inResponseTo }: Destination): string {
  return inResponseTo === undefined ? '' : ` InResponseTo="${inResponseTo}"`;
}

function renderAssertion(entityId: string, person: SamlPerson, to: Destination): string {
  const now = Date.now();
  const [begin, end] = [instant(now), instant(now + LIFETIME_MS)];
  return (
    `<saml:Assertion ${NAMESPACES} ID="${createId()}" Version="2.0" IssueInstant="${begin}">` +
    `<saml:Issuer>${entityId}</saml:Issuer><saml:Subject>` +
    `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${person.user}</saml:NameID>` +
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">' +
    `<saml:SubjectConfirmationData NotOnOrAfter="${end}" Recipient="${to.acs}"${renderAnswered(to)}/>` +
    `</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${begin}" NotOnOrAfter="${end}">` +
    `<saml:AudienceRestriction><saml:Audience>${to.audience}</saml:Audience></saml:AudienceRestriction>` +
    `</saml:Conditions><saml:AuthnStatement AuthnInstant="${begin}" SessionIndex="${createId()}"><saml:AuthnContext>` +
    '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport' +
    '</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>' +
    `<saml:AttributeStatement>${renderAttributes(person)}</saml:AttributeStatement></saml:Assertion>`
  );
}

function renderAttributes({ user, name, email, department, roles }: SamlPerson): string {
  const attributes = [
    ['department', [department]],
    ['displayName', [name]],
    ['mail', [email]],
    [`${ATTRIBUTE}RoleSessionName`, [user]],
    [`${ATTRIBUTE}Role`, roles.map((role) => `arn:aws:iam::${ACCOUNT}:role/${role},${PROVIDER}`)],
  ] as const;
  return attributes
    .map(([attribute, values]) => {
      const rendered = values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`);
      return `<saml:Attribute Name="${attribute}">${rendered.join('')}</saml:Attribute>`;
    })
    .join('');
}

function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** An xs:ID may not begin with a digit. */
export function createId(): string {
  return `_${randomBytes(16).toString('hex')}`;
}
