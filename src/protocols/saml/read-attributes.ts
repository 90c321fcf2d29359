import { SAML_ASSERTION } from './namespaces.ts';
import { childrenNamed, childrenOf, requiredAttribute, textOf } from './xml-document.ts';
import { XmlError } from './xml-error.ts';

/** Attribute values by attribute Name, as they came. */
export type SamlAttributes = ReadonlyMap<string, readonly string[]>;

/**
 * Reads all attributes of an assertion. Values of one Name are gathered from wherever they stand, since identity
 * providers send lists in either way; what is no text (a NameID as value) gives no value.
 *
 * @throws XmlError
 * @see SAML Core 2.7.3
 */
export function readAttributes(assertion: Element): SamlAttributes {
  const attributes = new Map<string, string[]>();
  for (const statement of childrenNamed(assertion, SAML_ASSERTION, 'AttributeStatement')) {
    // An encrypted attribute that is left out could be the one that a Deny tests.
    if (childrenNamed(statement, SAML_ASSERTION, 'EncryptedAttribute').length > 0)
      throw new XmlError('has an EncryptedAttribute, which is not supported (SAML Core 2.7.3.2)');
    for (const attribute of childrenNamed(statement, SAML_ASSERTION, 'Attribute')) {
      const name = requiredAttribute(attribute, 'Name');
      const values = attributes.get(name) ?? [];
      values.push(...valuesOf(attribute));
      attributes.set(name, values);
    }
  }
  return attributes;
}

function valuesOf(attribute: Element): readonly string[] {
  return childrenNamed(attribute, SAML_ASSERTION, 'AttributeValue')
    .filter((value) => childrenOf(value).length === 0)
    .map(textOf);
}
