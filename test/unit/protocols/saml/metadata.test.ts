import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSelfSignedCertificate } from '../../../../src/keys/self-signed-certificate.ts';
import { parseIdpMetadata, SamlMetadataError } from '../../../../src/protocols/saml/metadata.ts';
import { createTestIdp, ENTITY_ID, metadataXml, NOW_MS } from '../../../support/saml/identity-provider.ts';
import { createSelfSignedCertificate as createEcCertificate } from '../../keys/self-signed.ts';

const idp = createTestIdp();
const good = metadataXml(idp);
const inGroup = (content: string, attributes = '') =>
  `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"${attributes}>${content}</md:EntitiesDescriptor>`;
const keyDescriptor = /<md:KeyDescriptor.*<\/md:KeyDescriptor>/.exec(good)?.[0] ?? '';
const bare = (pem: string) => pem.replaceAll(/-----[^-]+-----|\s/g, '');
const withCertificate = (base64: string) =>
  good.replace(/(<ds:X509Certificate>)[^<]*/, (_, start: string) => start + base64);

function rsaCertificate(modulusLength: number): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  const serialNumber = Buffer.alloc(16, 2);
  const times = { notBeforeMs: NOW_MS, notAfterMs: NOW_MS + 1000 };
  return bare(
    createSelfSignedCertificate({ privateKey, publicKey, commonName: 'x', serialNumber, ...times }),
  );
}

describe('parseIdpMetadata', () => {
  it('reads an entity', () => {
    const metadata = parseIdpMetadata(good);
    expect(metadata).toMatchObject({
      entities: [
        {
          entityId: ENTITY_ID,
          signingKeys: [{ notAfterMs: NOW_MS + 365 * 86_400_000 }],
          singleSignOn: [
            { binding: 'redirect', location: 'https://idp.example.com/sso' },
            { binding: 'post', location: 'https://idp.example.com/sso' },
          ],
          singleLogout: [{ binding: 'redirect', location: 'https://idp.example.com/slo' }],
          wantAuthnRequestsSigned: false,
        },
      ],
    });
    expect(metadata.entities[0]?.signingKeys[0]?.key.equals(idp.entity.signingKeys[0]?.key ?? idp.key)).toBe(
      true,
    );
    expect(metadata).not.toHaveProperty('validUntilMs');
  });

  it('reads several certificates, in their order (rollover)', () => {
    const next = keyDescriptor.replace(
      /(<ds:X509Certificate>)[^<]*/,
      (_, start: string) => start + rsaCertificate(2048),
    );
    const { entities } = parseIdpMetadata(good.replace(keyDescriptor, keyDescriptor + next));
    expect(entities[0]?.signingKeys).toHaveLength(2);
  });

  it('takes a KeyDescriptor without use, and passes over one for encryption', () => {
    const any = keyDescriptor.replace(' use="signing"', '');
    expect(parseIdpMetadata(good.replace(keyDescriptor, any)).entities[0]?.signingKeys).toHaveLength(1);
    const encryption = keyDescriptor.replace('signing', 'encryption');
    expect(() => parseIdpMetadata(good.replace(keyDescriptor, encryption))).toThrow('no certificate');
  });

  it('takes keys on P-256', () => {
    const { entities } = parseIdpMetadata(withCertificate(bare(createEcCertificate().cert)));
    expect(entities[0]?.signingKeys[0]?.key.asymmetricKeyType).toBe('ec');
  });

  it('reads groups within groups, and passes over service providers', () => {
    const other = metadataXml(createTestIdp('https://other.example.com'));
    const sp =
      '<md:EntityDescriptor entityID="https://sp.example.com"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>';
    const { entities } = parseIdpMetadata(inGroup(sp + good + inGroup(other)));
    expect(entities.map(({ entityId }) => entityId)).toEqual([ENTITY_ID, 'https://other.example.com']);
  });

  it('passes over a role of SAML 1.1', () => {
    const old = good.replace('SAML:2.0:protocol"', 'SAML:1.1:protocol"');
    expect(() => parseIdpMetadata(old)).toThrow('no SAML 2.0 identity provider');
  });

  it('takes the earliest validUntil and the shortest cacheDuration', () => {
    const dated = good.replace(
      'entityID=',
      'validUntil="2027-02-01T00:00:00Z" cacheDuration="PT6H" entityID=',
    );
    const metadata = parseIdpMetadata(
      inGroup(dated, ' validUntil="2027-03-01T00:00:00.5Z" cacheDuration="P1DT1S"'),
    );
    expect(metadata.validUntilMs).toBe(Date.UTC(2027, 1, 1));
    expect(metadata.cacheDurationMs).toBe(6 * 3_600_000);
  });

  it.each([['true'], ['1']])('reads WantAuthnRequestsSigned="%s"', (value) => {
    const wanting = good.replace(
      '<md:IDPSSODescriptor',
      `<md:IDPSSODescriptor WantAuthnRequestsSigned="${value}"`,
    );
    expect(parseIdpMetadata(wanting).entities[0]?.wantAuthnRequestsSigned).toBe(true);
  });

  it('lets comments stand between elements, and no text grow together around one', () => {
    const commented = good.replace('<md:IDPSSODescriptor', '<!-- a & b <c> --><md:IDPSSODescriptor');
    expect(parseIdpMetadata(`<!-- x -->${commented}<!-- y -->`).entities).toHaveLength(1);
    expect(() => parseIdpMetadata(`${good}<!-- x`)).toThrow('a comment that does not end');
    const split = good.replaceAll('EntityDescriptor', 'Entity<!-- -->Descriptor');
    expect(() => parseIdpMetadata(split)).toThrow(SamlMetadataError);
  });

  it.each([
    ['no XML', 'hello', 'text outside its root'],
    ['another document', '<a/>', 'neither an EntityDescriptor'],
    ['an EntityDescriptor of another namespace', good.replace('2.0:metadata', '1.0:metadata'), 'neither an'],
    ['a DOCTYPE', `<!DOCTYPE x>${good}`, 'DOCTYPE'],
    ['an empty group', inGroup(''), 'no SAML 2.0 identity provider'],
    ['no entityID', good.replace(/ entityID="[^"]*"/, ''), 'no entityID'],
    ['an entityID that is too long', good.replace(ENTITY_ID, `urn:${'a'.repeat(1024)}`), 'too long'],
    ['an entityID twice', inGroup(good + good), 'an entityID twice'],
    ['no key', good.replace(keyDescriptor, ''), 'no certificate'],
    [
      'a key without certificate',
      good.replace(/<ds:X509Certificate>.*<\/ds:X509Certificate>/, ''),
      'no X509Certificate',
    ],
    [
      'two certificates in one KeyDescriptor',
      good.replace(/<ds:X509Certificate>.*<\/ds:X509Certificate>/, (one) => one + one),
      'several X509Certificate',
    ],
    ['a certificate that is none', withCertificate('AAAA'), 'cannot be read'],
    ['RSA of 1,024 bits', withCertificate(rsaCertificate(1024)), 'neither RSA of at least 2048'],
    ['an endpoint without Location', good.replace(/ Location="[^"]*"/, ''), 'no Location'],
    [
      'an endpoint that is a script',
      good.replace(/Location="[^"]*"/, 'Location="javascript:alert(1)"'),
      'no http or https',
    ],
    [
      'a ResponseLocation that is a script',
      good.replace(/(Location="[^"]*")/, '$1 ResponseLocation="javascript:alert(1)"'),
      'no http or https',
    ],
    [
      'a validUntil without zone',
      good.replace('entityID', 'validUntil="2027-01-01T00:00:00" entityID'),
      'validUntil that',
    ],
    [
      'a cacheDuration that is none',
      good.replace('entityID', 'cacheDuration="PT" entityID'),
      'cacheDuration that',
    ],
    [
      'two roles of identity provider',
      good.replace(/<md:IDPSSODescriptor.*<\/md:IDPSSODescriptor>/, (one) => one + one),
      'several IDPSSODescriptor',
    ],
  ])('refuses %s', (_, xml, reason) => {
    expect(() => parseIdpMetadata(xml)).toThrow(SamlMetadataError);
    expect(() => parseIdpMetadata(xml)).toThrow(reason);
  });

  it('reads a federation of 2,000 entities', () => {
    const many = Array.from({ length: 2000 }, (_, index) =>
      good.replace(ENTITY_ID, `https://idp-${index}.example.com`),
    );
    expect(parseIdpMetadata(inGroup(many.join(''))).entities).toHaveLength(2000);
  });
});
