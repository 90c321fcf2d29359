import type { AccountId, Arn } from '../role/arn.ts';
import type { SignInSettings } from './sign-in-settings.ts';

/** Signature algorithms by their XML names' last part; SHA-1 ones count only where a provider's settings name them. */
export const SAML_SIGNATURE_ALGORITHMS = [
  'rsa-sha256',
  'rsa-sha384',
  'rsa-sha512',
  'ecdsa-sha256',
  'ecdsa-sha384',
  'ecdsa-sha512',
  'rsa-sha1',
] as const;
export type SamlSignatureAlgorithm = (typeof SAML_SIGNATURE_ALGORITHMS)[number];

/** How assertions may be encrypted; CBC and OAEP with SHA-1 (`rsa-oaep-mgf1p`) count only where named. 3DES and RSA 1.5 do not exist here. */
export const SAML_ENCRYPTION_ALGORITHMS = [
  'aes128-gcm',
  'aes256-gcm',
  'rsa-oaep',
  'aes128-cbc',
  'aes256-cbc',
  'rsa-oaep-mgf1p',
] as const;
export type SamlEncryptionAlgorithm = (typeof SAML_ENCRYPTION_ALGORITHMS)[number];

/** Which signature a response must carry; `either`: the assertion's, or that of the message which contains it. */
export type SamlSigned = 'assertion' | 'message' | 'either' | 'both';

/** A SAML identity provider that an account trusts. */
export type SamlProvider = {
  readonly name: string;
  /** `arn:aws:iam::<account>:saml-provider/<name>`. */
  readonly arn: Arn;
  readonly account: AccountId;
  /** The document itself, read from its file, or where to fetch it. */
  readonly metadata:
    { readonly kind: 'document'; readonly xml: string } | { readonly kind: 'url'; readonly url: string };
  /** `required`: the Role attribute must list the role and this provider, as AWS wants. */
  readonly roleAttribute: 'required' | 'optional';
  readonly idpInitiated: 'deny' | 'allow';
  /** Audiences and recipients that count beside our own, for AssumeRoleWithSAML only. */
  readonly audiences: readonly string[];
  readonly signatureAlgorithms: readonly SamlSignatureAlgorithm[];
  readonly signed: SamlSigned;
  readonly encryptionAlgorithms: readonly SamlEncryptionAlgorithm[];
  /** 0–60. */
  readonly clockSkewSeconds: number;
  /** The NameID format that is asked for and then required, e.g. `urn:oasis:names:tc:SAML:2.0:nameid-format:persistent`. */
  readonly subjectFormat?: string;
  /** Session tag ← attribute name. */
  readonly tags: Readonly<Record<string, string>>;
  /** Attribute name. */
  readonly sourceIdentity?: string;
  /** Present: people may sign in with it in a browser. */
  readonly signIn?: SignInSettings;
};
