import {
  attribute,
  audience,
  GOOD_CONTENT,
  makeResponse,
  NOW_MS,
  toBase64,
  type ResponseContent,
  type ResponseOptions,
} from './saml/identity-provider.ts';
import type { WorldBridge } from './world-bridge.ts';

const ACCOUNT = '111122223333';
export const SAML_ROLE = `arn:aws:iam::${ACCOUNT}:role/saml`;
export const SAML_PROVIDER = `arn:aws:iam::${ACCOUNT}:saml-provider/corp`;
/** Where an identity provider that was set up for AWS sends its responses. */
export const AWS_RECIPIENT = 'https://signin.aws.amazon.com/saml';

const ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/';

/** Values by attribute name; `aws:Role` is short for AWS's attribute of that name, `undefined` leaves one out. */
type Attributes = Readonly<Record<string, string | readonly string[] | undefined>>;

const GOOD_ATTRIBUTES: Attributes = {
  'aws:Role': `${SAML_ROLE},${SAML_PROVIDER}`,
  'aws:RoleSessionName': 'alice',
};

function attributesXml(attributes: Attributes): string {
  return Object.entries({ ...GOOD_ATTRIBUTES, ...attributes })
    .map(([name, values]) =>
      values === undefined ? '' : attribute(name.replace(/^aws:/, ATTRIBUTE), ...[values].flat()),
    )
    .join('');
}

let made = 0;

/** What changes a good response: times are seconds from now. */
export type WorldResponse = Partial<
  Pick<
    ResponseContent,
    | 'issuedAt'
    | 'confirmedUntil'
    | 'notOnOrAfter'
    | 'notBefore'
    | 'recipient'
    | 'destination'
    | 'nameId'
    | 'issuer'
    | 'responseIssuer'
  >
> & {
  readonly attributes?: Attributes;
  readonly audiences?: readonly string[];
  readonly sessionUntil?: number;
  readonly inResponseTo?: string;
  readonly signing?: ResponseOptions['signing'];
};

/** A response of the world's identity provider for role saml, good now unless changed; XML. */
export function worldResponseXml(
  { samlIdp }: Pick<WorldBridge, 'samlIdp'>,
  { attributes = {}, audiences, sessionUntil, inResponseTo, signing, ...changes }: WorldResponse = {},
): string {
  made += 1;
  const times = { issuedAt: -5, confirmedUntil: 300, notBefore: -30, notOnOrAfter: 300 };
  const { issuedAt, confirmedUntil, notBefore, notOnOrAfter, ...others } = { ...times, ...changes };
  // The fixture counts from a moment of its own, and a running bridge from now.
  const shift = (Date.now() - NOW_MS) / 1000;
  const fromNow = (seconds: number | null) => (seconds === null ? null : seconds + shift);
  const content = {
    assertionId: `_a${made}-${process.pid}-${Date.now()}`,
    responseId: `_r${made}`,
    issuer: samlIdp.entityId,
    responseIssuer: samlIdp.entityId,
    destination: AWS_RECIPIENT,
    recipient: AWS_RECIPIENT,
    inResponseTo: inResponseTo ?? null,
    confirmedInResponseTo: inResponseTo ?? null,
    issuedAt: issuedAt + shift,
    confirmedUntil: fromNow(confirmedUntil),
    notBefore: fromNow(notBefore),
    notOnOrAfter: fromNow(notOnOrAfter),
    conditions: audience(...(audiences ?? ['urn:amazon:webservices'])),
    authnStatement: authnStatement(issuedAt - 15, sessionUntil),
    attributes: attributesXml(attributes),
    ...others,
  };
  return makeResponse(content, { idp: samlIdp, ...(signing === undefined ? {} : { signing }) });
}

/** The same as `SAMLAssertion` wants it. */
export function worldResponse(world: Pick<WorldBridge, 'samlIdp'>, changes?: WorldResponse): string {
  return toBase64(worldResponseXml(world, changes));
}

function authnStatement(since: number, sessionUntil: number | undefined): string {
  const instant = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
  const end = sessionUntil === undefined ? '' : ` SessionNotOnOrAfter="${instant(sessionUntil)}"`;
  return GOOD_CONTENT.authnStatement.replace(
    /<saml:AuthnStatement [^>]*>/,
    `<saml:AuthnStatement AuthnInstant="${instant(since)}"${end}>`,
  );
}
