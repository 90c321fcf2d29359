import type { VerifiedSaml } from '../../domain/federation/assume-role-with-saml.ts';
import type { SamlMetadataSource } from '../../domain/identity/saml-metadata.ts';
import type { SpKeys } from '../../domain/identity/sp-keys.ts';
import type { Directory } from '../../domain/role/directory.ts';
import { serviceProviderOf } from './sp-metadata.ts';
import { verifyStsAssertion } from './verify-sts-assertion.ts';

export type SamlVerifierParts = {
  /** Our origin. */
  readonly publicUrl: string;
  readonly directory: Pick<Directory, 'samlProvider'>;
  readonly metadataOf: SamlMetadataSource;
  readonly spKeys: () => Promise<Pick<SpKeys, 'decryptionKeys'>>;
};

/** The verifier of AssumeRoleWithSAML, for the provider of an ARN, which must exist. @throws FederationError of the proof */
export function createSamlVerifier({ publicUrl, directory, metadataOf, spKeys }: SamlVerifierParts) {
  return async (samlResponse: string, providerArn: string, nowMs: number): Promise<VerifiedSaml> => {
    const provider = directory.samlProvider(providerArn);
    if (provider === undefined) throw new Error(`no SAML provider ${providerArn}`);
    const identity = await verifyStsAssertion(samlResponse, {
      provider,
      sp: serviceProviderOf(provider, publicUrl),
      metadata: await metadataOf(provider),
      decryptionKeys: (await spKeys()).decryptionKeys,
      nowMs,
    });
    return { identity, provider };
  };
}
