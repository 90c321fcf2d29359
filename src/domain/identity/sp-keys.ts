import type { KeyObject } from 'node:crypto';

/** Our own SAML keys as they are used now; certificates are PEM. */
export type SpKeys = {
  readonly signing: { readonly privateKey: KeyObject; readonly certificate: string };
  /** The certificate that signs now, then the one that will after the next rotation. */
  readonly signingCertificates: readonly string[];
  /** What identity providers may encrypt to, the preferred one first. */
  readonly encryptionCertificates: readonly string[];
  /** Everything that still decrypts: the newest first, retired keys during their overlap last. */
  readonly decryptionKeys: readonly KeyObject[];
};
