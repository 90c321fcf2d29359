import { SAML_ASSERTION, SAML_PROTOCOL } from './namespaces.ts';
import { escapeXml, renderAttributes, renderInstant } from './xml-text.ts';

export type AuthnRequest = {
  /** An `xs:ID` of at least 128 random bits: the answer's InResponseTo. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly issueInstantMs: number;
  /** The identity provider's endpoint. */
  readonly destination: string;
  /** Our entity ID. */
  readonly issuer: string;
  readonly assertionConsumerServiceUrl: string;
  /** Whether the person must authenticate anew. */
  readonly forceAuthn: boolean;
  /** The NameID format that is wanted. */
  readonly nameIdFormat?: string;
  /** Of which any will do, the preferred one first; empty: no wish. */
  readonly authnContextClassRefs: readonly string[];
};

const POST_BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

/**
 * Writes the request that sends a browser to its identity provider; unsigned.
 *
 * @see SAML Core 3.4.1, Profiles 4.1.4.1
 */
export function renderAuthnRequest(request: AuthnRequest): string {
  const attributes = renderAttributes({
    'xmlns:samlp': SAML_PROTOCOL,
    'xmlns:saml': SAML_ASSERTION,
    ID: request.id,
    Version: '2.0',
    IssueInstant: renderInstant(request.issueInstantMs),
    Destination: request.destination,
    ForceAuthn: request.forceAuthn ? 'true' : undefined,
    ProtocolBinding: POST_BINDING,
    AssertionConsumerServiceURL: request.assertionConsumerServiceUrl,
  });
  const issuer = `<saml:Issuer>${escapeXml(request.issuer)}</saml:Issuer>`;
  const wishes = nameIdPolicy(request.nameIdFormat) + requestedAuthnContext(request.authnContextClassRefs);
  return `<samlp:AuthnRequest${attributes}>${issuer}${wishes}</samlp:AuthnRequest>`;
}

function nameIdPolicy(format: string | undefined): string {
  if (format === undefined) return '';
  return `<samlp:NameIDPolicy${renderAttributes({ Format: format, AllowCreate: 'true' })}/>`;
}

// "exact": any other comparison leaves it to the identity provider which context is better than another.
function requestedAuthnContext(references: readonly string[]): string {
  if (references.length === 0) return '';
  const elements = references.map(
    (reference) => `<saml:AuthnContextClassRef>${escapeXml(reference)}</saml:AuthnContextClassRef>`,
  );
  return `<samlp:RequestedAuthnContext Comparison="exact">${elements.join('')}</samlp:RequestedAuthnContext>`;
}
