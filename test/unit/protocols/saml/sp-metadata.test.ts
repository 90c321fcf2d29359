import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SpKeys } from '../../../../src/domain/identity/sp-keys.ts';
import { SAML_METADATA } from '../../../../src/protocols/saml/namespaces.ts';
import { renderSpMetadata, serviceProviderOf } from '../../../../src/protocols/saml/sp-metadata.ts';
import {
  attributeOf,
  childrenNamed,
  childrenOf,
  descendantsOf,
  parseXml,
  requiredChild,
  textOf,
} from '../../../../src/protocols/saml/xml-document.ts';
import { verifyEnvelopedSignature } from '../../../../src/protocols/saml/xml-signature.ts';
import { makeSamlProvider } from '../../../support/saml/identity-provider.ts';
import { createTestSpKeys } from '../../../support/sp-keys.ts';

let keys: SpKeys;
beforeAll(async () => {
  keys = await createTestSpKeys();
});

const sp = serviceProviderOf({ name: 'corp' }, 'https://sts.example.com');
const render = (change = {}) => renderSpMetadata({ id: '_1', provider: makeSamlProvider(change), keys }, sp);
const descriptorOf = (xml: string) => requiredChild(parseXml(xml), SAML_METADATA, 'SPSSODescriptor');

function certificatesOf(xml: string, use: string): readonly string[] {
  return childrenNamed(descriptorOf(xml), SAML_METADATA, 'KeyDescriptor')
    .filter((key) => attributeOf(key, 'use') === use)
    .flatMap((key) => descendantsOf(key).filter(({ localName }) => localName === 'X509Certificate'))
    .map((certificate) => new X509Certificate(Buffer.from(textOf(certificate), 'base64')).fingerprint256);
}
const fingerprints = (pems: readonly string[]) => pems.map((pem) => new X509Certificate(pem).fingerprint256);

describe('serviceProviderOf', () => {
  it('gives each provider an entity ID and endpoints of its own', () => {
    expect(sp).toEqual({
      entityId: 'https://sts.example.com/saml/corp/metadata',
      assertionConsumerServiceUrl: 'https://sts.example.com/saml/corp/acs',
      singleLogoutUrl: 'https://sts.example.com/saml/corp/slo',
    });
  });
});

describe('renderSpMetadata', () => {
  it('is signed with the current key', () => {
    const xml = render();
    const { publicKey } = new X509Certificate(keys.signing.certificate);
    const signed = verifyEnvelopedSignature(xml, parseXml(xml), {
      keys: [publicKey],
      algorithms: ['rsa-sha256'],
    });
    expect(attributeOf(signed, 'entityID')).toBe(sp.entityId);
    const changed = xml.replace('/saml/corp/acs', '/saml/evil/acs');
    expect(() =>
      verifyEnvelopedSignature(changed, parseXml(changed), { keys: [publicKey], algorithms: ['rsa-sha256'] }),
    ).toThrow();
  });

  it('names the certificates of now and of after the next rotation, for each use', () => {
    const xml = render();
    expect(certificatesOf(xml, 'signing')).toEqual(fingerprints(keys.signingCertificates));
    expect(certificatesOf(xml, 'encryption')).toEqual(fingerprints(keys.encryptionCertificates));
  });

  it('offers what the provider may encrypt with, and nothing else', () => {
    const algorithms = (xml: string) =>
      new Set(
        descendantsOf(descriptorOf(xml))
          .filter(({ localName }) => localName === 'EncryptionMethod')
          .map((method) => attributeOf(method, 'Algorithm')),
      );
    expect(algorithms(render())).toEqual(
      new Set([
        'http://www.w3.org/2009/xmlenc11#aes128-gcm',
        'http://www.w3.org/2009/xmlenc11#aes256-gcm',
        'http://www.w3.org/2009/xmlenc11#rsa-oaep',
      ]),
    );
    expect(algorithms(render({ encryptionAlgorithms: ['aes256-cbc', 'rsa-oaep-mgf1p'] }))).toEqual(
      new Set([
        'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
        'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
      ]),
    );
  });

  it('has its elements in the order of the schema (SAML Metadata 2.4.1, 2.4.2)', () => {
    const descriptor = descriptorOf(render({ subjectFormat: 'urn:f' }));
    expect([...new Set(childrenOf(descriptor).map(({ localName }) => localName))]).toEqual([
      'KeyDescriptor',
      'SingleLogoutService',
      'NameIDFormat',
      'AssertionConsumerService',
    ]);
    expect(attributeOf(descriptor, 'WantAssertionsSigned')).toBe('true');
    expect(attributeOf(descriptorOf(render({ signed: 'message' })), 'WantAssertionsSigned')).toBeUndefined();
  });

  it('never ends by itself: it is saved by hand in many places', () => {
    expect(render()).not.toContain('validUntil');
  });
});
