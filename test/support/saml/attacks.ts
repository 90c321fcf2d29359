import type { KeyObject } from 'node:crypto';
import { signXml } from '../../../src/protocols/saml/sign-xml.ts';
import {
  assertionXml,
  createTestIdp,
  GOOD_CONTENT,
  makeResponse,
  responseXml,
  type Signing,
  type TestIdp,
} from './identity-provider.ts';
import { encryptAssertion } from './encrypt-assertion.ts';

/** The service provider's encryption key. */
export type SpKeys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

/** A forged message, and what the refusal's reason must say, so that no other guard can take the credit. */
export type Attack = { readonly name: string; readonly xml: string; readonly reason: string };

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const EVIL = 'admin';
const FALSE_SIGNATURE = 'a signature that no key';
const ONE_ASSERTION = 'exactly one assertion';
const TWICE = 'an ID twice';
const WRONG_PLACE = 'Signature in the wrong place';
const NOT_PLAIN = 'DOCTYPE, an entity, a comment or a CDATA section';

const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const CANONICALIZATION = `<ds:CanonicalizationMethod Algorithm="${C14N}"/>`;
const inclusive = (prefixes: string) =>
  `<ec:InclusiveNamespaces xmlns:ec="${C14N}" PrefixList="${prefixes}"/>`;

/** The text from the first `<name` to the matching last `</name>`. */
function elementIn(xml: string, name: string): string {
  const start = xml.indexOf(`<${name}`);
  return xml.slice(start, xml.lastIndexOf(`</${name}>`) + name.length + 3);
}

function replaced(xml: string, from: string, to: string): string {
  const at = xml.indexOf(from);
  if (at < 0) throw new Error(`nothing to replace: ${from}`);
  return xml.slice(0, at) + to + xml.slice(at + from.length);
}

const assertionIn = (xml: string) => elementIn(xml, 'saml:Assertion');

/** The assertion's signature; it is the only one in the assertion's text. */
const signatureIn = (xml: string) => elementIn(xml, 'ds:Signature');
const unsigned = (xml: string) => replaced(xml, signatureIn(xml), '');
const forged = (xml: string) => xml.replace('>user-1<', `>${EVIL}<`);
const renamed = (xml: string, id: string) => xml.replace(/ ID="[^"]*"/, ` ID="${id}"`);
const inSignature = (signature: string, more: string) =>
  replaced(signature, '</ds:Signature>', `${more}</ds:Signature>`);
const inObject = (xml: string) => `<ds:Object>${xml}</ds:Object>`;

/** Wrapping of a signed assertion: XSW 3 to 8, and simpler relatives. `xml` has its only signature in the assertion. */
export function wrapAssertion(xml: string): readonly Attack[] {
  const original = assertionIn(xml);
  const signature = signatureIn(original);
  const bare = unsigned(original);
  const evil = renamed(forged(bare), '_evil');
  const evilWith = (inner: string) => replaced(evil, '</saml:Issuer>', `</saml:Issuer>${inner}`);
  const put = (assertions: string) => replaced(xml, original, assertions);
  return [
    {
      name: 'XSW 3: forged assertion before the signed one',
      xml: put(evil + original),
      reason: ONE_ASSERTION,
    },
    {
      name: 'XSW 4: signed assertion within the forged one',
      xml: put(replaced(evil, '</saml:Assertion>', `${original}</saml:Assertion>`)),
      reason: ONE_ASSERTION,
    },
    {
      name: 'XSW 5: forged assertion with the signature, original at the end',
      xml: put(evilWith(signature) + bare),
      reason: ONE_ASSERTION,
    },
    {
      name: 'XSW 6: original within the signature of the forged assertion',
      xml: put(evilWith(inSignature(signature, bare))),
      reason: ONE_ASSERTION,
    },
    {
      name: 'XSW 7: forged copy with the same ID in Extensions',
      xml: put(`<samlp:Extensions>${forged(bare)}</samlp:Extensions>${original}`),
      reason: TWICE,
    },
    {
      name: 'XSW 7: forged copy in Extensions',
      xml: put(`<samlp:Extensions>${evil}</samlp:Extensions>${original}`),
      reason: ONE_ASSERTION,
    },
    {
      name: 'XSW 8: original in an Object of the forged assertion’s signature',
      xml: put(evilWith(inSignature(signature, inObject(bare)))),
      reason: ONE_ASSERTION,
    },
    { name: 'a forged assertion after the signed one', xml: put(original + evil), reason: ONE_ASSERTION },
    {
      name: 'a forged assertion of another namespace before the signed one',
      xml: put(
        evil
          .replaceAll('saml:', 'x:')
          .replaceAll('xmlns:saml', 'xmlns:x')
          .replace('2.0:assertion', '1.0:assertion') + original,
      ),
      reason: ONE_ASSERTION,
    },
    {
      name: 'the signed assertion hidden in Advice of the forged one',
      xml: put(
        replaced(evil, '<saml:AuthnStatement', `<saml:Advice>${original}</saml:Advice><saml:AuthnStatement`),
      ),
      reason: ONE_ASSERTION,
    },
    { name: 'the assertion’s signature removed', xml: put(bare), reason: 'not signed as' },
    {
      name: 'the assertion’s signature moved into the Response',
      xml: put(bare).replace('</saml:Issuer>', `</saml:Issuer>${signature}`),
      reason: 'something else than the parent',
    },
    {
      name: 'the assertion’s signature moved to its end',
      xml: put(replaced(bare, '</saml:Assertion>', `${signature}</saml:Assertion>`)),
      reason: WRONG_PLACE,
    },
    {
      name: 'the assertion’s signature moved into its Subject',
      xml: put(replaced(bare, '</saml:Subject>', `${signature}</saml:Subject>`)),
      reason: WRONG_PLACE,
    },
    { name: 'the NameID changed', xml: forged(xml), reason: FALSE_SIGNATURE },
    {
      name: 'the assertion’s ID changed',
      xml: put(renamed(original, '_evil')),
      reason: 'something else than the parent',
    },
    {
      name: 'the assertion’s ID and the Reference changed',
      xml: put(renamed(original, '_evil').replace('URI="#_assertion-1"', 'URI="#_evil"')),
      reason: FALSE_SIGNATURE,
    },
  ];
}

/** Wrapping of a signed message: XSW 1 and 2. `xml` has its only signature in the Response. */
export function wrapMessage(xml: string): readonly Attack[] {
  const signature = signatureIn(xml);
  const bare = unsigned(xml);
  const evil = renamed(forged(bare), '_evil').replace('ID="_assertion-1"', 'ID="_evil-assertion"');
  const evilWith = (inner: string) => replaced(evil, '</saml:Issuer>', `</saml:Issuer>${inner}`);
  return [
    {
      name: 'XSW 1: original Response within the signature of the forged one',
      xml: evilWith(inSignature(signature, bare)),
      reason: ONE_ASSERTION,
    },
    {
      name: 'XSW 2: original Response beside its signature in the forged one',
      xml: evilWith(bare + signature),
      reason: ONE_ASSERTION,
    },
    {
      name: 'XSW 1 with an Object around the original',
      xml: evilWith(inSignature(signature, inObject(bare))),
      reason: ONE_ASSERTION,
    },
    { name: 'the message’s signature removed', xml: bare, reason: 'not signed as' },
    {
      name: 'the message’s signature moved to its end',
      xml: replaced(bare, '</samlp:Response>', `${signature}</samlp:Response>`),
      reason: WRONG_PLACE,
    },
    {
      name: 'the message’s signature moved into the assertion',
      xml: replaced(bare, '</saml:Issuer><saml:Subject>', `</saml:Issuer>${signature}<saml:Subject>`),
      reason: 'something else than the parent',
    },
    { name: 'the NameID of a signed message changed', xml: forged(xml), reason: FALSE_SIGNATURE },
    {
      name: 'the Destination of a signed message changed',
      xml: xml.replace('/acs" InResponseTo', '/acs?x" InResponseTo'),
      reason: FALSE_SIGNATURE,
    },
  ];
}

/** What is done to a signature itself. `xml` has exactly one. */
export function editSignature(xml: string): readonly Attack[] {
  const signedInfo = elementIn(xml, 'ds:SignedInfo');
  const reference = elementIn(xml, 'ds:Reference');
  const digest = /<ds:DigestValue>([^<]*)</.exec(xml)?.[1] ?? '';
  const evilInfo = replaced(signedInfo, digest, Buffer.alloc(32, 7).toString('base64'));
  const edit = (name: string, from: string, to: string, reason: string): Attack => ({
    name,
    xml: replaced(xml, from, to),
    reason,
  });
  return [
    edit(
      'a comment in DigestValue',
      digest,
      `<!--${Buffer.alloc(32).toString('base64')}-->${digest}`,
      NOT_PLAIN,
    ),
    edit('an element in DigestValue', digest, `<x/>${digest}`, 'something else than text'),
    edit(
      'an element in SignatureValue',
      '<ds:SignatureValue>',
      '<ds:SignatureValue><x/>',
      'something else than text',
    ),
    edit(
      'two SignedInfo, the forged one first',
      signedInfo,
      evilInfo + signedInfo,
      'without SignatureValue in its place',
    ),
    edit(
      'two SignedInfo, the forged one last',
      signedInfo,
      signedInfo + evilInfo,
      'without SignatureValue in its place',
    ),
    edit(
      'a second SignedInfo at the end',
      '</ds:Signature>',
      `${signedInfo}</ds:Signature>`,
      'more in its Signature',
    ),
    edit(
      'a wrapped SignedInfo',
      signedInfo,
      `<x:Wrap xmlns:x="urn:x">${signedInfo}</x:Wrap>`,
      'without SignedInfo in its place',
    ),
    edit(
      'a SignedInfo within a forged SignedInfo',
      signedInfo,
      replaced(evilInfo, '</ds:SignedInfo>', `${signedInfo}</ds:SignedInfo>`),
      'more than one Reference',
    ),
    edit('a second Reference', reference, reference + reference, 'more than one Reference'),
    edit(
      'a second DigestValue',
      '</ds:Reference>',
      '<ds:DigestValue>x</ds:DigestValue></ds:Reference>',
      'more in its Reference',
    ),
    edit(
      'an Object in the place of KeyInfo',
      elementIn(xml, 'ds:KeyInfo'),
      '<ds:Object/>',
      'without KeyInfo in its place',
    ),
    edit(
      'an assertion that is no child of the Response',
      assertionIn(xml),
      `<samlp:Extensions>${assertionIn(xml)}</samlp:Extensions>`,
      ONE_ASSERTION,
    ),
    edit(
      'an Object in the signature',
      '</ds:Signature>',
      '<ds:Object/></ds:Signature>',
      'more in its Signature',
    ),
    edit(
      'an empty Reference URI',
      /URI="[^"]*"/.exec(reference)?.[0] ?? '',
      'URI=""',
      'something else than the parent',
    ),
    edit('no Reference URI', /URI="[^"]*"/.exec(reference)?.[0] ?? '', '', 'something else than the parent'),
    edit(
      'an XPointer as Reference URI',
      'URI="#_assertion-1"',
      `URI="#xpointer(id('_assertion-1'))"`,
      'something else than the parent',
    ),
    edit(
      'canonicalisation with comments',
      'xml-exc-c14n#"',
      'xml-exc-c14n#WithComments"',
      'other than enveloped and exclusive',
    ),
    edit(
      'inclusive canonicalisation',
      `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"`,
      `<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"`,
      'other than enveloped and exclusive',
    ),
    edit(
      'an XPath transform that selects nothing (empty canonical form)',
      `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"`,
      `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"`,
      'other than enveloped and exclusive',
    ),
    edit(
      'a third transform',
      '</ds:Transforms>',
      `<ds:Transform Algorithm="${DS}base64"/></ds:Transforms>`,
      'more than two transforms',
    ),
    edit(
      'no transforms',
      elementIn(xml, 'ds:Transforms'),
      '<ds:Transforms/>',
      'other than enveloped and exclusive',
    ),
    edit(
      'a transform with parameters',
      `<ds:Transform Algorithm="${DS}enveloped-signature"/>`,
      `<ds:Transform Algorithm="${DS}enveloped-signature"><ds:XPath>1</ds:XPath></ds:Transform>`,
      'a transform with parameters',
    ),
    edit(
      'a list of prefixes that is too long',
      CANONICALIZATION,
      CANONICALIZATION.replace('/>', `>${inclusive('x '.repeat(129))}</ds:CanonicalizationMethod>`),
      'a transform with parameters',
    ),
    edit(
      'two lists of prefixes',
      CANONICALIZATION,
      CANONICALIZATION.replace('/>', `>${inclusive('a')}${inclusive('b')}</ds:CanonicalizationMethod>`),
      'a transform with parameters',
    ),
    edit(
      'a SignatureMethod with parameters',
      /<ds:SignatureMethod [^>]*\/>/.exec(xml)?.[0] ?? '',
      `<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>`,
      'SignatureMethod that is not',
    ),
    edit(
      'HMAC as SignatureMethod',
      'xmldsig-more#rsa-sha256',
      'xmldsig-more#hmac-sha256',
      'SignatureMethod that is not',
    ),
    edit(
      'another SignatureMethod than the one that signed',
      'xmldsig-more#rsa-sha256',
      'xmldsig-more#rsa-sha512',
      FALSE_SIGNATURE,
    ),
    edit(
      'SHA-1 as DigestMethod',
      'http://www.w3.org/2001/04/xmlenc#sha256',
      `${DS}sha1`,
      'DigestMethod that is not',
    ),
    edit('an empty DigestValue', digest, '', FALSE_SIGNATURE),
    edit(
      'an empty SignatureValue',
      /<ds:SignatureValue>[^<]*</.exec(xml)?.[0] ?? '',
      '<ds:SignatureValue><',
      FALSE_SIGNATURE,
    ),
    edit('the Signature in another namespace', `xmlns:ds="${DS}"`, `xmlns:ds="${DS}x"`, 'not signed as'),
  ];
}

/** What is done to the XML around and within what is signed. `xml` has its only signature in the assertion. */
export function confuseParsers(xml: string): readonly Attack[] {
  const edit = (name: string, from: string, to: string, reason: string): Attack => ({
    name,
    xml: replaced(xml, from, to),
    reason,
  });
  const doctype = '<!DOCTYPE x [<!ENTITY user "admin">]>';
  return [
    edit('a comment in NameID', '>user-1<', '>user-1<!---->.example.com<', NOT_PLAIN),
    edit('a comment before the assertion', '<saml:Assertion', '<!-- x --><saml:Assertion', NOT_PLAIN),
    edit('a CDATA section in NameID', '>user-1<', '><![CDATA[admin]]><', NOT_PLAIN),
    edit('a processing instruction in NameID', '>user-1<', '>user-1<?x?><', 'a processing instruction'),
    edit('an element in NameID', '>user-1<', '><x/>user-1<', FALSE_SIGNATURE),
    { name: 'an entity declaration', xml: doctype + xml, reason: NOT_PLAIN },
    {
      name: 'an entity declaration and its use',
      xml: doctype + xml.replace('>user-1<', '>&user;<'),
      reason: NOT_PLAIN,
    },
    edit('an entity that nobody declared', '>user-1<', '>&user;<', 'an entity that XML itself does not have'),
    { name: 'a DOCTYPE', xml: `<!DOCTYPE samlp:Response>${xml}`, reason: NOT_PLAIN },
    {
      name: 'a declaration of another encoding',
      xml: `<?xml version="1.0" encoding="UTF-7"?>${xml}`,
      reason: 'declared as XML 1.0 in UTF-8',
    },
    edit(
      'a second root element',
      '</samlp:Response>',
      '</samlp:Response><samlp:Response/>',
      'more than one root',
    ),
    edit('the same ID on Status', '<samlp:Status>', '<samlp:Status ID="_assertion-1">', TWICE),
    edit('the same ID, spelt id', '<samlp:Status>', '<samlp:Status id="_assertion-1">', TWICE),
    edit('the same ID as xml:id', '<samlp:Status>', '<samlp:Status xml:id="_assertion-1">', TWICE),
    edit('the same ID as AssertionID', '<samlp:Status>', '<samlp:Status AssertionID="_assertion-1">', TWICE),
    edit(
      'the same ID in another namespace',
      '<samlp:Status>',
      '<samlp:Status xmlns:x="urn:x" x:ID="_assertion-1">',
      TWICE,
    ),
    edit(
      'the ID moved into a namespace',
      ' ID="_assertion-1"',
      ' xmlns:x="urn:x" x:ID="_assertion-1"',
      'no ID in its',
    ),
    edit('an attribute twice', ' ID="_assertion-1"', ' ID="_evil" ID="_assertion-1"', 'an attribute twice'),
    edit(
      'an attribute twice by two prefixes',
      '<saml:NameID ',
      '<saml:NameID xmlns:a="urn:x" xmlns:b="urn:x" a:Format="1" b:Format="2" ',
      'an attribute twice',
    ),
    edit(
      'the prefix saml bound to another namespace',
      '<saml:Subject>',
      '<saml:Subject xmlns:saml="urn:x">',
      FALSE_SIGNATURE,
    ),
    edit(
      'the prefix ds bound to another namespace',
      '<ds:SignedInfo>',
      '<ds:SignedInfo xmlns:ds="urn:x">',
      'without SignedInfo',
    ),
    edit(
      'a prefix that nothing binds',
      '<samlp:Status>',
      '<samlp:Status><x:y/>',
      'a namespace that is not declared',
    ),
    edit(
      'a prefix that every object inherits',
      '<samlp:Status>',
      '<samlp:Status><constructor:y/>',
      'a namespace that is not declared',
    ),
    edit(
      'the prefix xml bound to another namespace',
      '<saml:Subject>',
      '<saml:Subject xmlns:xml="urn:x">',
      'declares a namespace wrongly',
    ),
    edit('an unbound prefix', '<saml:Subject>', '<saml:Subject xmlns:x="">', 'declares a namespace wrongly'),
    edit(
      'a long namespace for canonicalisation to repeat',
      '<saml:Subject>',
      `<saml:Subject xmlns:x="${'u'.repeat(257)}">${'<x:y/>'.repeat(100)}`,
      'declares a namespace wrongly',
    ),
    edit(
      'an attribute that canonicalisation drops',
      '<saml:Subject>',
      '<saml:Subject xmlnsx="1">',
      'declares a namespace wrongly',
    ),
    edit(
      'a default namespace for another',
      '<saml:Subject>',
      '<saml:Subject xmlns="urn:x" a="1">',
      FALSE_SIGNATURE,
    ),
    edit(
      'an end tag that ends nothing',
      '</saml:Subject>',
      '</saml:Subject></saml:Subject>',
      'an end tag that matches no',
    ),
    edit('an attribute without quotes', ' Version="2.0"', ' Version=2.0', 'without quotes'),
    { name: 'a text after the root element', xml: `${xml}x`, reason: 'text outside its root' },
    { name: 'another root element around it', xml: `<x>${xml}</x>`, reason: 'is no Response' },
    {
      name: '65 levels',
      xml: replaced(xml, '<samlp:Status>', `<samlp:Status>${'<x>'.repeat(63)}${'</x>'.repeat(63)}`),
      reason: 'nests them too deeply',
    },
    { name: 'nothing', xml: '', reason: 'ends before its root' },
    { name: 'no XML', xml: 'hello', reason: 'text outside its root' },
  ];
}

/** Signatures by keys of others. */
export function signByOthers(idp: TestIdp): readonly Attack[] {
  const other = createTestIdp();
  const stranger = createTestIdp('https://stranger.example.com');
  const signings: readonly Signing[] = ['assertion', 'message', 'both'];
  return signings.flatMap((signing) => [
    {
      name: `another key in the identity provider’s name, with its certificate in KeyInfo (${signing})`,
      xml: makeResponse({}, { idp: other, signing }),
      reason: FALSE_SIGNATURE,
    },
    {
      name: `another key with the identity provider’s certificate in KeyInfo (${signing})`,
      xml: makeResponse({}, { idp: { ...idp, key: other.key }, signing }),
      reason: FALSE_SIGNATURE,
    },
    {
      name: `an identity provider that is not in the metadata (${signing})`,
      xml: makeResponse(
        { issuer: stranger.entityId, responseIssuer: stranger.entityId },
        { idp: stranger, signing },
      ),
      reason: 'no entity of the metadata',
    },
  ]);
}

/** What can be done to a message whose assertion is encrypted, by somebody who knows the service provider's certificate. */
export function attackEncrypted(idp: TestIdp, sp: SpKeys): readonly Attack[] {
  const encryption = { key: sp.publicKey };
  const signer = { key: idp.key, certificate: idp.certificate, algorithm: 'rsa-sha256' } as const;
  const plain = assertionXml(GOOD_CONTENT);
  const signed = signXml(plain, signer);
  const evil = renamed(forged(plain), '_evil');
  const put = (assertions: string) => responseXml(GOOD_CONTENT, assertions);
  const encrypted = encryptAssertion(signed, encryption);
  const holding = (text: string) => put(encryptAssertion(text, encryption));
  const flip = (index: number) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[index] = (copy[index] ?? 0) ^ 1;
    return copy;
  };
  const opened = 'does not decrypt to plain XML';
  return [
    { name: 'an unsigned assertion, encrypted', xml: holding(evil), reason: 'not signed as' },
    { name: 'a changed assertion, encrypted', xml: holding(forged(signed)), reason: FALSE_SIGNATURE },
    {
      name: 'a forged assertion before the encrypted one',
      xml: put(evil + encrypted),
      reason: ONE_ASSERTION,
    },
    { name: 'a forged assertion after the encrypted one', xml: put(encrypted + evil), reason: ONE_ASSERTION },
    { name: 'two encrypted assertions', xml: put(encrypted + encrypted), reason: ONE_ASSERTION },
    { name: 'two assertions in one ciphertext', xml: holding(evil + signed), reason: opened },
    {
      name: 'the signed assertion within a forged one, encrypted',
      xml: holding(replaced(evil, '</saml:Assertion>', `${signed}</saml:Assertion>`)),
      reason: 'something else than one Assertion',
    },
    { name: 'a Response, encrypted', xml: holding(put(signed)), reason: 'something else than one Assertion' },
    {
      name: 'an encrypted assertion, encrypted again',
      xml: holding(encrypted),
      reason: 'something else than one Assertion',
    },
    {
      name: 'a comment in the NameID, encrypted',
      xml: holding(signed.replace('>user-1<', '>user-1<!---->.example.com<')),
      reason: opened,
    },
    {
      name: 'an entity declaration, encrypted',
      xml: holding(`<!DOCTYPE x [<!ENTITY a "b">]>${signed}`),
      reason: opened,
    },
    {
      name: 'a signature in the wrong place, encrypted',
      xml: holding(replaced(unsigned(signed), '</saml:Subject>', `${signatureIn(signed)}</saml:Subject>`)),
      reason: WRONG_PLACE,
    },
    {
      name: 'a ciphertext with one bit changed',
      xml: put(encryptAssertion(signed, { ...encryption, tamper: flip(40) })),
      reason: opened,
    },
    {
      name: 'an authentication tag with one bit changed',
      xml: put(encryptAssertion(signed, { ...encryption, tamper: (bytes) => flip(bytes.length - 1)(bytes) })),
      reason: opened,
    },
    {
      name: 'a ciphertext that is too short for a tag',
      xml: put(encryptAssertion(signed, { ...encryption, tamper: (bytes) => bytes.subarray(0, 20) })),
      reason: opened,
    },
    {
      name: 'a ciphertext for another service provider',
      xml: put(encryptAssertion(signed, { key: idp.key })),
      reason: 'none of our keys opens',
    },
    {
      name: 'five EncryptedKey',
      xml: put(encrypted.replace(/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/, (key) => key.repeat(5))),
      reason: 'with too many',
    },
    {
      name: 'no EncryptedKey',
      xml: put(encrypted.replace(/<ds:KeyInfo>.*<\/ds:KeyInfo>/, '')),
      reason: 'no EncryptedKey',
    },
    {
      name: 'RSA 1.5 (never)',
      xml: put(encryptAssertion(signed, { ...encryption, transport: 'rsa-1_5' })),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'RSA 1.5 with the parameters of OAEP',
      xml: put(
        encrypted.replace(
          'http://www.w3.org/2009/xmlenc11#rsa-oaep',
          'http://www.w3.org/2001/04/xmlenc#rsa-1_5',
        ),
      ),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'a ciphertext that is not UTF-8, in a signed message',
      xml: signXml(
        put(encryptAssertion(Buffer.from(plain.replace('>user-1<', '>us\u00e9r<'), 'latin1'), encryption)),
        signer,
      ),
      reason: opened,
    },
    {
      name: '3DES (never)',
      xml: put(
        encrypted.replace(
          'http://www.w3.org/2009/xmlenc11#aes256-gcm',
          'http://www.w3.org/2001/04/xmlenc#tripledes-cbc',
        ),
      ),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'OAEP with SHA-1 where settings do not name it',
      xml: put(encryptAssertion(signed, { ...encryption, transport: 'rsa-oaep-mgf1p' })),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'OAEP with SHA-1 by its newer identifier where settings do not name it',
      xml: put(encryptAssertion(signed, { ...encryption, transport: 'rsa-oaep-sha1' })),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'AES-CBC where settings do not name it',
      xml: put(encryptAssertion(signed, { ...encryption, data: 'aes128-cbc' })),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'OAEP with two different hashes',
      xml: put(encrypted.replace('mgf1sha256', 'mgf1sha1')),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'an algorithm that every object inherits',
      xml: put(encrypted.replace('http://www.w3.org/2009/xmlenc11#aes256-gcm', 'constructor')),
      reason: 'encryptionAlgorithms',
    },
    {
      name: 'the content of an element instead of an element',
      xml: put(encrypted.replace('xmlenc#Element"', 'xmlenc#Content"')),
      reason: 'EncryptedData that is no element',
    },
  ];
}
