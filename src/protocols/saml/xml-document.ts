import { DOMParser } from '@xmldom/xmldom';
import { scanPlainXml, type XmlLimits } from './plain-xml.ts';
import { XmlError } from './xml-error.ts';

const MAX_CHARACTERS = 100_000;
const XMLNS = 'http://www.w3.org/2000/xmlns/';
const XML = 'http://www.w3.org/XML/1998/namespace';
/** Canonicalisation repeats a declaration on every element that needs it: with a long one, megabytes grow from kilobytes. */
const MAX_NAMESPACE_CHARS = 256;
const XHTML = 'http://www.w3.org/1999/xhtml';

/** Local names that some reader takes for an ID, whatever their namespace: signature wrapping needs two of one value. */
const ID_NAMES: ReadonlySet<string> = new Set(['id', 'assertionid', 'responseid', 'requestid', 'artifactid']);

/**
 * Parses XML of at most `maxCharacters` (default 100,000) and returns its root element.
 *
 * Refused are: DOCTYPE, entities, comments, CDATA, processing instructions, unbound or rebound prefixes, an attribute
 * or an ID twice, more than 64 levels, and whatever is not well formed.
 *
 * @throws XmlError
 * @see XML 1.0, Namespaces in XML 1.0
 */
export function parseXml(
  xml: string,
  { maxCharacters }: XmlLimits = { maxCharacters: MAX_CHARACTERS },
): Element {
  const text = xml.startsWith('\ufeff') ? xml.slice(1) : xml;
  const count = scanPlainXml(text, { maxCharacters });
  const root = parse(text);
  const elements = descendantsOf(root);
  // What the scan counted and the parser did not build would be read by one of them only.
  if (elements.length !== count) throw new XmlError('is not well formed');
  for (const element of elements) checkNamespaces(element);
  checkIds(elements);
  return root;
}

function parse(xml: string): Element {
  const refuse = (message: unknown) => {
    throw new XmlError('is not well formed', { cause: message });
  };
  const errorHandler = { warning: refuse, error: refuse, fatalError: refuse };
  try {
    // Without a locator: nobody reads the positions, and they cost half of the time.
    return new DOMParser({ errorHandler }).parseFromString(xml, 'text/xml').documentElement;
  } catch (cause) {
    throw new XmlError('is not well formed', { cause });
  }
}

/** The element and all elements within it, in document order. */
export function descendantsOf(element: Element): readonly Element[] {
  const found: Element[] = [];
  const pending = [element];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    found.push(next);
    pending.push(...childrenOf(next).toReversed());
  }
  return found;
}

/** The child elements. */
export function childrenOf(element: Element): readonly Element[] {
  return nodesOf(element).filter(isElement);
}

function nodesOf(element: Element): readonly Node[] {
  return Array.from({ length: element.childNodes.length }, (_, index) => element.childNodes.item(index));
}

function isElement(node: Node): node is Element {
  return node.nodeType === node.ELEMENT_NODE;
}

function attributesOf(element: Element): readonly Attr[] {
  return Array.from({ length: element.attributes.length }, (_, index) =>
    element.attributes.item(index),
  ).filter((attribute) => attribute !== null);
}

/** The parser binds nothing to an unknown prefix and goes on; canonicalisation then invents a namespace for some. */
function checkNamespaces(element: Element): void {
  if (!isBound(element) || element.namespaceURI === XHTML)
    throw new XmlError('has an element in a namespace that is not declared or not allowed');
  const seen = new Set<string>();
  for (const attribute of attributesOf(element)) {
    if (!isDeclarationSound(attribute) || !isBound(attribute))
      throw new XmlError('declares a namespace wrongly, or not at all');
    const name = `${attribute.namespaceURI ?? ''} ${attribute.localName}`;
    // Two prefixes of one namespace: the same attribute twice, under two spellings.
    if (seen.has(name)) throw new XmlError('has an attribute twice');
    seen.add(name);
  }
}

/** An inherited member of the parser's tables, `constructor:`, is no text. */
function isBound({ prefix, namespaceURI }: Element | Attr): boolean {
  if (prefix === null || prefix === '') return true;
  return typeof namespaceURI === 'string' && namespaceURI !== '';
}

function isDeclarationSound({ name, prefix, value }: Attr): boolean {
  if (!name.startsWith('xmlns')) return true;
  // Canonicalisation drops whatever begins with `xmlns`, so an attribute of such a name would stand unsigned.
  if (name !== 'xmlns' && prefix !== 'xmlns') return false;
  if (name === 'xmlns:xml' || name === 'xmlns:xmlns' || value === XML || value === XMLNS) return false;
  return (name === 'xmlns' || value !== '') && value.length <= MAX_NAMESPACE_CHARS;
}

function checkIds(elements: readonly Element[]): void {
  const seen = new Set<string>();
  for (const { value, localName } of elements.flatMap(attributesOf)) {
    if (!ID_NAMES.has(localName.toLowerCase())) continue;
    if (seen.has(value)) throw new XmlError('has an ID twice');
    seen.add(value);
  }
}

/** The child elements of that name; prefixes mean nothing. */
export function childrenNamed(parent: Element, namespace: string, localName: string): readonly Element[] {
  return childrenOf(parent).filter((child) => isNamed(child, namespace, localName));
}

export function isNamed(element: Element, namespace: string, localName: string): boolean {
  return element.namespaceURI === namespace && element.localName === localName;
}

/**
 * The child element of that name, `undefined` where there is none.
 *
 * @throws XmlError where there are several: of two, readers take different ones
 */
export function optionalChild(parent: Element, namespace: string, localName: string): Element | undefined {
  const [child, ...others] = childrenNamed(parent, namespace, localName);
  if (others.length > 0) throw new XmlError(`has several ${localName} in one ${parent.localName}`);
  return child;
}

/**
 * The one child element of that name.
 *
 * @throws XmlError where there is none, or several
 */
export function requiredChild(parent: Element, namespace: string, localName: string): Element {
  const child = optionalChild(parent, namespace, localName);
  if (child === undefined) throw new XmlError(`has no ${localName} in its ${parent.localName}`);
  return child;
}

/**
 * The element's text, as it stands.
 *
 * @throws XmlError where anything but text is in it: text around a child is read differently by different readers
 */
export function textOf(element: Element): string {
  const nodes = nodesOf(element);
  if (nodes.some((node) => node.nodeType !== node.TEXT_NODE))
    throw new XmlError(`has something else than text in its ${element.localName}`);
  return nodes.map((node) => node.nodeValue ?? '').join('');
}

/** The value of an attribute in no namespace; `undefined` where it is absent. */
export function attributeOf(element: Element, name: string): string | undefined {
  return element.getAttributeNode(name)?.value;
}

/** @throws XmlError where the attribute is absent or empty */
export function requiredAttribute(element: Element, name: string): string {
  const value = attributeOf(element, name);
  if (value === undefined || value === '') throw new XmlError(`has no ${name} in its ${element.localName}`);
  return value;
}
