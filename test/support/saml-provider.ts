import { isAccountId, isArn } from '../../src/domain/role/arn.ts';
import type { SamlProvider } from '../../src/domain/identity/saml-provider.ts';

/** The provider `corp` with the defaults of the configuration. */
export function samlProvider(change: Partial<SamlProvider> = {}): SamlProvider {
  const [account, arn] = ['123456789012', 'arn:aws:iam::123456789012:saml-provider/corp'];
  if (!isAccountId(account) || !isArn(arn)) throw new Error('not an ARN');
  return {
    name: 'corp',
    arn,
    account,
    metadata: { kind: 'document', xml: '' },
    roleAttribute: 'required',
    idpInitiated: 'deny',
    audiences: ['urn:amazon:webservices', 'https://signin.aws.amazon.com/saml'],
    signatureAlgorithms: [
      'rsa-sha256',
      'rsa-sha384',
      'rsa-sha512',
      'ecdsa-sha256',
      'ecdsa-sha384',
      'ecdsa-sha512',
    ],
    signed: 'either',
    encryptionAlgorithms: ['aes128-gcm', 'aes256-gcm', 'rsa-oaep'],
    clockSkewSeconds: 60,
    tags: {},
    ...change,
  };
}
