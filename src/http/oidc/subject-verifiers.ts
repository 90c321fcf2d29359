import type { KeyObject } from 'node:crypto';
import type { ProviderKeys } from '../../domain/identity/provider-keys.ts';
import type { SamlMetadataSource } from '../../domain/identity/saml-metadata.ts';
import type { SpKeys } from '../../domain/identity/sp-keys.ts';
import type { Directory } from '../../domain/role/directory.ts';
import type { SubjectTokenDeps } from '../../protocols/oauth/verify-subject-token.ts';
import { verifyAnyToken } from '../../protocols/oidc/verify-any-token.ts';
import { verifySamlToken } from '../../protocols/saml/verify-saml-token.ts';

export type SubjectVerifierParts = {
  readonly directory: Pick<Directory, 'oidcProviders' | 'samlProviders'>;
  /** Our origin, which is our issuer. */
  readonly publicUrl: string;
  /** Our public key of this id. */
  readonly findKey: (kid: string) => Promise<KeyObject | undefined>;
  readonly keysOf: ProviderKeys;
  readonly metadataOf: SamlMetadataSource;
  readonly spKeys: () => Promise<Pick<SpKeys, 'decryptionKeys'>>;
};

/** The verifiers of tokens that are exchanged, each of its own protocol. */
export function createSubjectVerifiers({
  directory,
  publicUrl,
  findKey,
  keysOf,
  metadataOf,
  spKeys,
}: SubjectVerifierParts): Pick<SubjectTokenDeps, 'verifyJwt' | 'verifySamlToken'> {
  return {
    verifyJwt: (token, { account, nowMs }) =>
      verifyAnyToken(token, {
        issuer: publicUrl,
        providers: directory.oidcProviders(account),
        findKey,
        keysOf,
        nowMs,
      }),
    verifySamlToken: (token, { account, nowMs }) =>
      verifySamlToken(token, {
        providers: directory.samlProviders(account),
        metadataOf,
        decryptionKeys: async () => (await spKeys()).decryptionKeys,
        publicUrl,
        nowMs,
      }),
  };
}
