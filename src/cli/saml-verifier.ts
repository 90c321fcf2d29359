import { randomBytes } from 'node:crypto';
import { createMetadataSource } from '../app.ts';
import { createDirectory } from '../config/directory.ts';
import type { Config } from '../config/config.ts';
import type { VerifiedSaml } from '../domain/federation/assume-role-with-saml.ts';
import type { SamlMetadataSource } from '../domain/identity/saml-metadata.ts';
import type { SpKeys } from '../domain/identity/sp-keys.ts';
import { loadMasterKeyRing } from '../keys/master-key.ts';
import { createSealer } from '../keys/seal.ts';
import { createSpKeys } from '../keys/sp-keys.ts';
import { createSamlVerifier } from '../protocols/saml/create-saml-verifier.ts';
import { openStore } from '../stores/open-store.ts';

/** The endpoint's own verifier, outside of a running bridge. */
export type OfflineVerifier = {
  readonly metadataOf: SamlMetadataSource;
  /** @throws FederationError of the proof */
  readonly verify: (samlResponse: string, providerArn: string, nowMs: number) => Promise<VerifiedSaml>;
};

/**
 * Makes the verifier of AssumeRoleWithSAML with what a configuration leads to.
 *
 * @param encrypted whether our own keys are needed: only then is the store opened, for one moment
 */
export function createOfflineVerifier(
  config: Config,
  { encrypted }: { encrypted: 'yes' | 'no' },
): OfflineVerifier {
  const directory = createDirectory(config);
  // What cannot be fetched at all is thrown; here is nothing older that could go on working.
  const metadataOf = createMetadataSource(config.outbound, () => undefined);
  const spKeys =
    encrypted === 'yes' ? () => readSpKeys(config) : () => Promise.resolve({ decryptionKeys: [] });
  return { metadataOf, verify: createSamlVerifier({ ...config, directory, metadataOf, spKeys }) };
}

async function readSpKeys(config: Config): Promise<SpKeys> {
  const store = openStore(config);
  try {
    const sealer = createSealer(loadMasterKeyRing(config.masterKey));
    const random = (length: number): Uint8Array => randomBytes(length);
    return await createSpKeys({ store: store.sealedKeys, sealer, now: Date.now, random })();
  } finally {
    await store.close();
  }
}
