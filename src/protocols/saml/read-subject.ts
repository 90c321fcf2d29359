import type { SamlFacts } from '../../domain/identity/saml-identity.ts';
import { SAML_ASSERTION } from './namespaces.ts';
import { refuseResponse, RESPONSE_INVALID } from './refusal.ts';
import { attributeOf, requiredChild, textOf } from './xml-document.ts';

const FORMAT_PREFIX = 'urn:oasis:names:tc:SAML:2.0:nameid-format:';
/** What an absent Format means. */
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const MAX_NAME_CHARS = 1024;

export type Subject = Pick<SamlFacts, 'nameId' | 'subjectType'>;

/**
 * Reads an assertion's NameID, of the format that the provider's settings ask for.
 *
 * @throws XmlError, FederationError `invalid-identity-token`
 * @see SAML Core 2.2.2, 8.3
 */
export function readSubject(assertion: Element, subjectFormat: string | undefined): Subject {
  const subject = requiredChild(assertion, SAML_ASSERTION, 'Subject');
  // An EncryptedID or BaseID ends here: nothing tells who that is.
  const element = requiredChild(subject, SAML_ASSERTION, 'NameID');
  const value = readName(element);
  const format = attributeOf(element, 'Format');
  const nameQualifier = attributeOf(element, 'NameQualifier');
  const spNameQualifier = attributeOf(element, 'SPNameQualifier');
  if (subjectFormat !== undefined && (format ?? UNSPECIFIED) !== subjectFormat)
    throw refuseResponse(RESPONSE_INVALID, 'NameID is not of the provider’s subjectFormat (SAML Core 8.3)');
  return {
    nameId: {
      value,
      ...(format === undefined ? {} : { format }),
      ...(nameQualifier === undefined ? {} : { nameQualifier }),
      ...(spNameQualifier === undefined ? {} : { spNameQualifier }),
    },
    subjectType: subjectTypeOf(format ?? UNSPECIFIED),
  };
}

/** Blanks around it would make two people of what a person reads as one; control characters cannot be shown or logged. */
function readName(element: Element): string {
  const value = textOf(element);
  if (value === '' || value.length > MAX_NAME_CHARS || value !== value.trim() || /\p{Cc}/u.test(value))
    throw refuseResponse(
      RESPONSE_INVALID,
      'NameID is empty, too long, or has blanks around it or control characters (SAML Core 2.2.2)',
    );
  return value;
}

function subjectTypeOf(format: string): string {
  return format.startsWith(FORMAT_PREFIX) ? format.slice(FORMAT_PREFIX.length) : format;
}
