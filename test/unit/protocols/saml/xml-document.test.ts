import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanPlainXml } from '../../../../src/protocols/saml/plain-xml.ts';
import {
  attributeOf,
  childrenNamed,
  descendantsOf,
  optionalChild,
  parseXml,
  requiredAttribute,
  requiredChild,
  textOf,
} from '../../../../src/protocols/saml/xml-document.ts';
import { XmlError } from '../../../../src/protocols/saml/xml-error.ts';

describe('parseXml', () => {
  it.each([
    ['an empty element', '<a/>'],
    ['a declaration', '<?xml version="1.0"?><a/>'],
    ['a declaration with all it may have', `<?xml version='1.0' encoding="utf-8" standalone='yes' ?>\n<a/>`],
    ['a byte order mark', '\ufeff<a/>'],
    ['blanks around the root element', '<a/>\r\n\t '],
    ['blanks in tags', '<a b = "1"\n c=\'2\' ></a >'],
    ['both kinds of quotes', `<a b="'" c='"'/>`],
    ['a greater-than sign in a value', '<a b=">"/>'],
    ['the five entities and character references', '<a b="&lt;&gt;&quot;&apos;&amp;">&#65;&#x1F600;</a>'],
    ['letters beyond ASCII in text', '<a>é😀</a>'],
    ['64 levels', '<a>'.repeat(64) + '</a>'.repeat(64)],
    ['xml:lang', '<a xml:lang="en"/>'],
  ])('takes %s', (_, xml) => {
    expect(parseXml(xml).localName).toBe('a');
  });

  it.each([
    ['nothing', ''],
    ['a declaration and nothing else', '<?xml version="1.0"?>'],
    ['XML 1.1', '<?xml version="1.1"?><a/>'],
    ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><a/>'],
    ['a declaration that does not end', '<?xml version="1.0" <a/>'],
    ['a blank before the declaration', ' <?xml version="1.0"?><a/>'],
    ['two byte order marks', '\ufeff\ufeff<a/>'],
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['an entity declaration', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['a comment', '<a><!-- --></a>'],
    ['a CDATA section', '<a><![CDATA[b]]></a>'],
    ['a processing instruction', '<a><?b?></a>'],
    ['an HTML entity', '<a>&nbsp;</a>'],
    ['an ampersand', '<a>b & c</a>'],
    ['a reference without its semicolon', '<a>&amp</a>'],
    ['a reference to U+0000', '<a>&#0;</a>'],
    ['a reference to half a character', '<a>&#xD800;</a>'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>'],
    ['a reference with a capital X', '<a>&#X41;</a>'],
    ['a reference to U+0085', '<a>&#x85;</a>'],
    ['U+0000', '<a>\u0000</a>'],
    ['U+FFFE', '<a>\ufffe</a>'],
    ['half a character', '<a>\ud800</a>'],
    ['U+0085, a line end elsewhere', '<a>\u0085</a>'],
    ['U+2028, a line end elsewhere', '<a>\u2028</a>'],
    ['an end tag that matches no start tag', '<a></b></a>'],
    ['end tags in the wrong order', '<a><b></a></b>'],
    ['an end tag of another case', '<a></A>'],
    ['an end tag with an attribute', '<a></a b="1">'],
    ['an element that does not end', '<a><b></a>'],
    ['a tag that does not end', '<a'],
    ['a value that does not end', '<a b="1'],
    ['a less-than sign in a value', '<a b="<"/>'],
    ['no value', '<a b/>'],
    ['no quotes', '<a b=1/>'],
    ['no blank between attributes', '<a b="1"c="2"/>'],
    ['a slash within a tag', '<a / b="1">'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['an attribute twice by two prefixes', '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>'],
    ['a name that begins with a digit', '<1a/>'],
    ['a name with two colons', '<a:b:c xmlns:a="u"/>'],
    ['a name beyond ASCII', '<é/>'],
    ['a prefix without a declaration', '<b:a/>'],
    ['an attribute prefix without a declaration', '<a b:c="1"/>'],
    ['a prefix whose declaration is over', '<a><b xmlns:c="u"/><c:d/></a>'],
    ['a prefix that every object inherits', '<toString:a/>'],
    ['an empty prefix declaration', '<a xmlns:b=""/>'],
    ['xmlns as a prefix', '<xmlns:a/>'],
    ['xml bound to another namespace', '<a xmlns:xml="u"/>'],
    ['another prefix for the namespace of xml', '<a xmlns:b="http://www.w3.org/XML/1998/namespace"/>'],
    ['a default namespace of xmlns', '<a xmlns="http://www.w3.org/2000/xmlns/"/>'],
    ['an attribute that canonicalisation drops', '<a xmlnsb="1"/>'],
    ['XHTML, which the parser treats apart', '<script xmlns="http://www.w3.org/1999/xhtml">&lt;</script>'],
    ['two root elements', '<a/><a/>'],
    ['text before the root element', 'b<a/>'],
    ['text after the root element', '<a/>b'],
    ['65 levels', '<a>'.repeat(65) + '</a>'.repeat(65)],
    ['an ID twice', '<a ID="x"><b ID="x"/></a>'],
    ['an ID twice, in another spelling', '<a ID="x"><b id="x"/></a>'],
    ['an ID twice, in a namespace', '<a ID="x"><b xmlns:n="u" n:Id="x"/></a>'],
    ['xml:id', '<a ID="x"><b xml:id="x"/></a>'],
    ['more than 100,000 characters', `<a>${'b'.repeat(100_000)}</a>`],
    ['more than 2,500 elements', `<a>${'<b/>'.repeat(2500)}</a>`],
    ['more than 2,500 attributes', `<a>${'<b c="" d=""/>'.repeat(1251)}</a>`],
    [
      'more than 300 different names',
      `<a>${Array.from({ length: 300 }, (_, index) => `<b${index}/>`).join('')}</a>`,
    ],
  ])('refuses %s', (_, xml) => {
    expect(() => parseXml(xml)).toThrow(XmlError);
  });

  it('refuses what the parser reads otherwise than the scan', () => {
    const swallowed = '<script xmlns="http://www.w3.org/1999/xhtml">&lt;<b></b></script>';
    expect(() => parseXml(swallowed)).toThrow('is not well formed');
  });

  it('never fails but with an XmlError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<a>',
        '</a>',
        '<a',
        '/>',
        ' b="',
        '"',
        '<!--',
        '-->',
        '<?x?>',
        '&amp;',
        '&',
        '<b:c/>',
        ' xmlns:b="u"',
        '<![CDATA[',
        ']]>',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          parseXml(`<a>${pieces.join('')}</a>`);
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('builds every element that the scan counted', () => {
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc
        .tuple(
          fc.constantFrom('a', 'script', 'n:b'),
          fc.array(fc.oneof({ maxDepth: 4 }, fc.constant('<c/>'), tie('tree')), { maxLength: 3 }),
        )
        .map(([name, children]) => `<${name}>x${children.join('')}</${name}>`),
    }));
    fc.assert(
      fc.property(tree, (inner) => {
        const xml = `<r xmlns:n="u">${inner}</r>`;
        expect(descendantsOf(parseXml(xml))).toHaveLength(scanPlainXml(xml, { maxCharacters: 100_000 }));
      }),
    );
  });
});

// The parser refuses most of these as well; what it does with the others is nothing to rely on.
describe('scanPlainXml', () => {
  const scan = (xml: string) => scanPlainXml(xml, { maxCharacters: 1000 });

  it('counts elements', () => {
    expect(scan('<a><b c="1"/><b></b></a>')).toBe(3);
  });

  it.each([
    ['an element that does not end', '<a>', 'ends before its root'],
    ['no blank between attributes', '<a b="1"c="2"/>', 'no blank parts'],
    ['an attribute twice', '<a b="1" b="2"/>', 'an attribute twice'],
    ['a less-than sign in a value', '<a b="<"/>', 'does not end'],
    ['a tag that does not end', '<a b="1" ', 'not well formed'],
    ['more elements than a fortieth of the characters', `<a>${'<b/>'.repeat(50)}</a>`, 'too many elements'],
  ])('refuses %s', (_, xml, reason) => {
    expect(() => scan(xml)).toThrow(reason);
  });
});

describe('reading', () => {
  const root = parseXml('<a xmlns:n="u" n:x="1" y=""><n:b>1</n:b><b>2</b><c/><c/><d>x<e/></d></a>');

  it('finds children by namespace and local name, whatever their prefix', () => {
    expect(childrenNamed(root, 'u', 'b').map(textOf)).toEqual(['1']);
    expect(textOf(requiredChild(root, 'u', 'b'))).toBe('1');
    expect(optionalChild(root, 'u', 'c')).toBeUndefined();
  });

  it('refuses where one is needed and none or two are there', () => {
    const other = parseXml('<a xmlns="u"><c/><c/></a>');
    expect(() => requiredChild(root, 'u', 'z')).toThrow('has no z in its a');
    expect(() => optionalChild(other, 'u', 'c')).toThrow('has several c in one a');
  });

  it('reads text only where there is nothing else', () => {
    const d = descendantsOf(root).find(({ localName }) => localName === 'd');
    expect(() => textOf(d ?? root)).toThrow('has something else than text in its d');
  });

  it('reads attributes of no namespace only', () => {
    expect(attributeOf(root, 'x')).toBeUndefined();
    expect(attributeOf(root, 'y')).toBe('');
    expect(() => requiredAttribute(root, 'y')).toThrow('has no y in its a');
  });
});
