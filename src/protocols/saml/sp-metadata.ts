import type { SamlEncryptionAlgorithm, SamlProvider } from '../../domain/identity/saml-provider.ts';
import type { SpKeys } from '../../domain/identity/sp-keys.ts';
import {
  SAML_METADATA,
  SAML_PROTOCOL,
  XML_ENCRYPTION,
  XML_ENCRYPTION_11,
  XML_SIGNATURE,
} from './namespaces.ts';
import { signXml } from './sign-xml.ts';
import { escapeXml, renderAttributes } from './xml-text.ts';

/** The service provider that one identity provider sees: each has its own entity ID, so none can replay to another. */
export type ServiceProvider = {
  readonly entityId: string;
  readonly assertionConsumerServiceUrl: string;
  readonly singleLogoutUrl: string;
};

/** @param publicUrl our origin, without a slash at its end */
export function serviceProviderOf({ name }: Pick<SamlProvider, 'name'>, publicUrl: string): ServiceProvider {
  const base = `${publicUrl}/saml/${name}`;
  return {
    entityId: `${base}/metadata`,
    assertionConsumerServiceUrl: `${base}/acs`,
    singleLogoutUrl: `${base}/slo`,
  };
}

const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings';

const ENCRYPTION_URIS = {
  'aes128-gcm': `${XML_ENCRYPTION_11}aes128-gcm`,
  'aes256-gcm': `${XML_ENCRYPTION_11}aes256-gcm`,
  'aes128-cbc': `${XML_ENCRYPTION}aes128-cbc`,
  'aes256-cbc': `${XML_ENCRYPTION}aes256-cbc`,
  'rsa-oaep': `${XML_ENCRYPTION_11}rsa-oaep`,
  'rsa-oaep-mgf1p': `${XML_ENCRYPTION}rsa-oaep-mgf1p`,
} as const satisfies Record<SamlEncryptionAlgorithm, string>;

/**
 * Our metadata for one identity provider, signed: endpoints, and the certificates of now and of after the next rotation.
 *
 * It has no `validUntil`: it is often saved by hand, and would then end sign-ins on some day.
 *
 * @param id an `xs:ID`
 * @see SAML Metadata 2.4.4
 */
export function renderSpMetadata(
  { id, provider, keys }: { readonly id: string; readonly provider: SamlProvider; readonly keys: SpKeys },
  sp: ServiceProvider,
): string {
  const root = renderAttributes({
    'xmlns:md': SAML_METADATA,
    'xmlns:ds': XML_SIGNATURE,
    ID: id,
    entityID: sp.entityId,
    cacheDuration: 'PT6H',
  });
  const descriptor = renderAttributes({
    protocolSupportEnumeration: SAML_PROTOCOL,
    WantAssertionsSigned: provider.signed === 'message' ? undefined : 'true',
  });
  const xml = [
    `<md:EntityDescriptor${root}><md:SPSSODescriptor${descriptor}>`,
    ...keys.signingCertificates.map((certificate) => keyDescriptor('signing', certificate, [])),
    ...keys.encryptionCertificates.map((certificate) =>
      keyDescriptor('encryption', certificate, provider.encryptionAlgorithms),
    ),
    endpoint('SingleLogoutService', { Binding: `${BINDINGS}:HTTP-Redirect`, Location: sp.singleLogoutUrl }),
    endpoint('SingleLogoutService', { Binding: `${BINDINGS}:HTTP-POST`, Location: sp.singleLogoutUrl }),
    provider.subjectFormat === undefined
      ? ''
      : `<md:NameIDFormat>${escapeXml(provider.subjectFormat)}</md:NameIDFormat>`,
    endpoint('AssertionConsumerService', {
      Binding: `${BINDINGS}:HTTP-POST`,
      Location: sp.assertionConsumerServiceUrl,
      index: '0',
      isDefault: 'true',
    }),
    '</md:SPSSODescriptor></md:EntityDescriptor>',
  ].join('');
  const { privateKey: key, certificate } = keys.signing;
  return signXml(xml, { key, certificate, algorithm: 'rsa-sha256' });
}

function keyDescriptor(
  use: 'signing' | 'encryption',
  certificate: string,
  algorithms: readonly SamlEncryptionAlgorithm[],
): string {
  const methods = algorithms.map(
    (algorithm) => `<md:EncryptionMethod${renderAttributes({ Algorithm: ENCRYPTION_URIS[algorithm] })}/>`,
  );
  const data = `<ds:X509Data><ds:X509Certificate>${base64Of(certificate)}</ds:X509Certificate></ds:X509Data>`;
  return `<md:KeyDescriptor use="${use}"><ds:KeyInfo>${data}</ds:KeyInfo>${methods.join('')}</md:KeyDescriptor>`;
}

function base64Of(pem: string): string {
  return pem
    .split('\n')
    .filter((line) => !line.startsWith('-----'))
    .join('');
}

function endpoint(name: string, attributes: Readonly<Record<string, string>>): string {
  return `<md:${name}${renderAttributes(attributes)}/>`;
}
