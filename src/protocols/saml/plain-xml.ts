import { XmlError } from './xml-error.ts';

export type XmlLimits = {
  /** UTF-16 code units. */
  readonly maxCharacters: number;
};

/** Deeper than any SAML message; recursion over what passed cannot exhaust the stack. */
const MAX_DEPTH = 64;
/** Each costs the parser and the canonicaliser a look-up that grows with the others. SAML's own come to about a hundred. */
const MAX_DISTINCT_NAMES = 300;
/** An attribute value with its tags has more; what has fewer is made to cost time. */
const MIN_CHARACTERS_PER_ITEM = 40;

/**
 * What XML 1.0 2.2 forbids, lone surrogates included, and beyond that U+0085 and U+2028: XML 1.1 reads them as line
 * ends, and so does the parser, so that a signed text would change when its canonical form is read.
 */
const FORBIDDEN_CHARACTER =
  /[^\t\n\r\x20-\x7e\x7f-\x84\x86-\u2027\u2029-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const DECLARATION =
  /^<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']utf-8["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*$/i;
const MAX_DECLARATION_CHARS = 200;
// None of these can backtrack over more than one run: each is one class, or a choice by the first character.
const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const BLANKS = /[ \t\r\n]*/y;
const REFERENCE = /&(?:amp|lt|gt|quot|apos|#(\d{1,7})|#x([\dA-Fa-f]{1,6}));/y;

type Scan = {
  readonly xml: string;
  readonly open: string[];
  readonly names: Set<string>;
  readonly maxItems: number;
  at: number;
  elements: number;
  attributes: number;
};

/**
 * Refuses every text that is not plain XML, and returns its number of elements.
 *
 * The parser forgives much (stray end tags, missing quotes, markup that it does not know), and what one parser
 * forgives another reads differently: the root of ruby-saml's CVE-2025-25291 and 25292. So only a subset passes which
 * leaves no room: no `<!` at all, hence no DOCTYPE, entity declaration, comment or CDATA section; no processing
 * instruction; no entities but XML's own five; ASCII names; tags that match.
 *
 * @throws XmlError
 * @see XML 1.0 2.1 to 2.8
 */
export function scanPlainXml(xml: string, { maxCharacters }: XmlLimits): number {
  if (xml.length > maxCharacters) throw new XmlError(`is longer than ${maxCharacters} characters`);
  if (xml.includes('<!')) throw new XmlError('has a DOCTYPE, an entity, a comment or a CDATA section');
  if (FORBIDDEN_CHARACTER.test(xml)) throw new XmlError('has a character that XML does not allow');
  const at = skipDeclaration(xml);
  if (xml.includes('<?', at)) throw new XmlError('has a processing instruction');
  checkReferences(xml);
  const maxItems = Math.ceil(maxCharacters / MIN_CHARACTERS_PER_ITEM);
  const scan: Scan = { xml, open: [], names: new Set(), maxItems, at, elements: 0, attributes: 0 };
  while (scanText(scan)) scanTag(scan);
  if (scan.open.length > 0 || scan.elements === 0) throw new XmlError('ends before its root element does');
  return scan.elements;
}

function skipDeclaration(xml: string): number {
  if (!xml.startsWith('<?xml')) return 0;
  const end = xml.slice(0, MAX_DECLARATION_CHARS).indexOf('?>');
  // The text was decoded as UTF-8; a declaration that says otherwise was meant for another reader.
  if (end < 0 || !DECLARATION.test(xml.slice(0, end)))
    throw new XmlError('is not declared as XML 1.0 in UTF-8');
  return end + 2;
}

function checkReferences(xml: string): void {
  for (let at = xml.indexOf('&'); at >= 0; at = xml.indexOf('&', at + 1)) {
    REFERENCE.lastIndex = at;
    const [reference, decimal, hexadecimal] = REFERENCE.exec(xml) ?? [];
    if (reference === undefined) throw new XmlError('has an entity that XML itself does not have');
    const code = decimal ?? (hexadecimal === undefined ? undefined : `0x${hexadecimal}`);
    if (code !== undefined && !isCharacter(Number(code)))
      throw new XmlError('refers to a character that XML does not allow');
  }
}

function isCharacter(code: number): boolean {
  return code <= 0x10ffff && !FORBIDDEN_CHARACTER.test(String.fromCodePoint(code));
}

/** Moves to the next tag; `false` at the end. Outside the root element there is nothing but blanks. */
function scanText(scan: Scan): boolean {
  const next = scan.xml.indexOf('<', scan.at);
  const end = next < 0 ? scan.xml.length : next;
  if (scan.open.length === 0) {
    skip(scan, BLANKS);
    if (scan.at !== end) throw new XmlError('has text outside its root element');
  }
  scan.at = end;
  return next >= 0;
}

function scanTag(scan: Scan): void {
  scan.at += 1;
  if (scan.xml[scan.at] === '/') scanEndTag(scan);
  else scanStartTag(scan);
}

function scanEndTag(scan: Scan): void {
  scan.at += 1;
  const name = readName(scan);
  skip(scan, BLANKS);
  expectText(scan, '>');
  if (scan.open.pop() !== name) throw new XmlError('has an end tag that matches no start tag');
}

function scanStartTag(scan: Scan): void {
  if (scan.elements > 0 && scan.open.length === 0) throw new XmlError('has more than one root element');
  scan.elements += 1;
  scan.open.push(readName(scan));
  if (scan.elements > scan.maxItems || scan.open.length > MAX_DEPTH)
    throw new XmlError('has too many elements, or nests them too deeply');
  scanAttributes(scan);
  if (scan.xml[scan.at] === '/') {
    scan.at += 1;
    scan.open.pop();
  }
  expectText(scan, '>');
}

function scanAttributes(scan: Scan): void {
  const seen = new Set<string>();
  for (;;) {
    const before = scan.at;
    skip(scan, BLANKS);
    const next = scan.xml[scan.at];
    if (next === '>' || next === '/' || next === undefined) return;
    if (scan.at === before) throw new XmlError('has attributes that no blank parts');
    const name = readName(scan);
    if (seen.has(name)) throw new XmlError('has an attribute twice');
    seen.add(name);
    scanValue(scan);
  }
}

function scanValue(scan: Scan): void {
  scan.attributes += 1;
  if (scan.attributes > scan.maxItems) throw new XmlError('has too many attributes');
  skip(scan, BLANKS);
  expectText(scan, '=');
  skip(scan, BLANKS);
  const quote = scan.xml[scan.at];
  if (quote !== '"' && quote !== "'") throw new XmlError('has an attribute value without quotes');
  const end = scan.xml.indexOf(quote, scan.at + 1);
  if (end < 0 || scan.xml.slice(scan.at, end).includes('<'))
    throw new XmlError('has an attribute value that does not end');
  scan.at = end + 1;
}

function readName(scan: Scan): string {
  NAME.lastIndex = scan.at;
  const name = NAME.exec(scan.xml)?.[0];
  if (name === undefined) throw new XmlError('has a tag or attribute without a plain name');
  scan.at += name.length;
  scan.names.add(name);
  if (scan.names.size > MAX_DISTINCT_NAMES) throw new XmlError('has too many different names');
  return name;
}

function skip(scan: Scan, pattern: RegExp): void {
  pattern.lastIndex = scan.at;
  scan.at += pattern.exec(scan.xml)?.[0].length ?? 0;
}

function expectText(scan: Scan, text: string): void {
  if (!scan.xml.startsWith(text, scan.at)) throw new XmlError('has a tag that is not well formed');
  scan.at += text.length;
}
