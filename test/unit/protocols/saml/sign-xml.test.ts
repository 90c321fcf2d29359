import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createClosedSignedXml } from '../../../../src/protocols/saml/closed-signed-xml.ts';
import { signXml } from '../../../../src/protocols/saml/sign-xml.ts';
import { childrenOf, parseXml, textOf } from '../../../../src/protocols/saml/xml-document.ts';
import { XmlError } from '../../../../src/protocols/saml/xml-error.ts';
import { verifyEnvelopedSignature } from '../../../../src/protocols/saml/xml-signature.ts';
import { createTestIdp } from '../../../support/saml/identity-provider.ts';

const idp = createTestIdp();
const signer = { key: idp.key, certificate: idp.certificate, algorithm: 'rsa-sha256' } as const;
const trust = { keys: idp.entity.signingKeys.map(({ key }) => key), algorithms: ['rsa-sha256'] } as const;

describe('signXml (SAML Core 5.4)', () => {
  it('signs a root element after its Issuer', () => {
    const xml = '<m xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1"><s:Issuer>i</s:Issuer><b/></m>';
    const signed = signXml(xml, signer);
    expect(signed).toMatch(/<\/s:Issuer><ds:Signature .*<\/ds:Signature><b\/><\/m>$/);
    expect(signed).toContain(idp.certificate.split('\n')[1]);
    expect(verifyEnvelopedSignature(signed, parseXml(signed), trust).childNodes.length).toBe(2);
  });

  it('signs a root element without Issuer at its beginning', () => {
    const signed = signXml('<m ID="_1"><b/></m>', signer);
    expect(signed).toMatch(/^<m ID="_1"><ds:Signature /);
    expect(verifyEnvelopedSignature(signed, parseXml(signed), trust).childNodes.length).toBe(1);
  });

  it('signs with ECDSA as XML Signature writes it, r and s side by side (6.4.3)', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signed = signXml('<m ID="_1"/>', { ...signer, key: privateKey, algorithm: 'ecdsa-sha256' });
    const value = /<ds:SignatureValue>([^<]*)</.exec(signed)?.[1] ?? '';
    expect(Buffer.from(value, 'base64')).toHaveLength(64);
    const algorithms = ['ecdsa-sha256'] as const;
    expect(
      verifyEnvelopedSignature(signed, parseXml(signed), { keys: [publicKey], algorithms }).localName,
    ).toBe('m');
  });

  it.each([
    ['a root element without ID', '<m/>'],
    ['what is no XML', '<m'],
  ])('refuses %s', (_, xml) => {
    expect(() => signXml(xml, signer)).toThrow(XmlError);
  });
});

describe('createClosedSignedXml', () => {
  it('knows one signature method, one digest, one canonicalisation and the enveloped-signature transform', () => {
    const { SignatureAlgorithms, HashAlgorithms, CanonicalizationAlgorithms } = createClosedSignedXml({
      algorithm: 'ecdsa-sha384',
      digest: 'sha256',
      keys: [],
    });
    expect(
      [SignatureAlgorithms, HashAlgorithms, CanonicalizationAlgorithms].map((table) => Object.keys(table)),
    ).toEqual([
      ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384'],
      ['http://www.w3.org/2001/04/xmlenc#sha256'],
      ['http://www.w3.org/2001/10/xml-exc-c14n#', 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'],
    ]);
  });
});

describe('verifyEnvelopedSignature', () => {
  it('returns a copy of what the signature covers: no signature, nothing from around it', () => {
    const xml = `<o xmlns:z="urn:z">${signXml('<m ID="_1"><b>x</b></m>', signer)}</o>`;
    const root = parseXml(xml);
    const [element = root] = childrenOf(root);
    const covered = verifyEnvelopedSignature(xml, element, trust);
    expect(covered.parentNode).not.toBe(root);
    expect(covered.lookupNamespaceURI('z')).toBeNull();
    expect(childrenOf(covered).map(textOf)).toEqual(['x']);
  });

  it.each(['_a"b', "_a'b", '_a b', '_a]b', 'é', 'a'.repeat(256)])(
    'refuses the ID %s, for look-ups by XPath',
    (id) => {
      const quote = id.includes('"') ? "'" : '"';
      const signed = signXml('<m ID="_1"/>', signer).replaceAll(
        /"#?_1"/g,
        (old) => quote + (old.includes('#') ? '#' : '') + id + quote,
      );
      expect(() => verifyEnvelopedSignature(signed, parseXml(signed), trust)).toThrow(
        'characters that no ID has',
      );
    },
  );

  it('refuses a root element without a signature', () => {
    const xml = '<m ID="_1"/>';
    expect(() => verifyEnvelopedSignature(xml, parseXml(xml), trust)).toThrow('no signature in its m');
  });

  it('refuses where there is no key', () => {
    const signed = signXml('<m ID="_1"/>', signer);
    expect(() => verifyEnvelopedSignature(signed, parseXml(signed), { ...trust, keys: [] })).toThrow(
      'that no key',
    );
  });

  it('refuses a key of another type than the algorithm’s', () => {
    const signed = signXml('<m ID="_1"/>', signer);
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => verifyEnvelopedSignature(signed, parseXml(signed), { ...trust, keys: [publicKey] })).toThrow(
      'that no key',
    );
  });
});
