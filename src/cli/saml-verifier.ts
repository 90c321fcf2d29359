import { randomBytes } from 'node:crypto';
import { openStore } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { SamlIdentity } from '../domain/identity/saml-identity.ts';
import type { SamlMetadataSource } from '../domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../domain/identity/saml-provider.ts';
import type { SpKeys } from '../domain/identity/sp-keys.ts';
import { createGuardedFetch } from '../keys/guarded-fetch.ts';
import { loadMasterKeyRing } from '../keys/master-key.ts';
import { createSamlMetadataSource } from '../keys/saml-metadata.ts';
import { createSealer } from '../keys/seal.ts';
import { createSpKeys } from '../keys/sp-keys.ts';
import { parseIdpMetadata } from '../protocols/saml/metadata.ts';
import { serviceProviderOf } from '../protocols/saml/sp-metadata.ts';
import { verifyStsAssertion } from '../protocols/saml/verify-sts-assertion.ts';

/** The verifier of AssumeRoleWithSAML with the keys that a configuration leads to. */
export type SamlVerifier = {
  readonly metadataOf: SamlMetadataSource;
  /** @throws FederationError of the proof */
  readonly verify: (samlResponse: string, provider: SamlProvider, nowMs: number) => Promise<SamlIdentity>;
};

/**
 * Makes a verifier outside of a running bridge.
 *
 * @param encrypted whether our own keys are needed: only then is the store opened, for one moment
 */
export function createSamlVerifier(config: Config, { encrypted }: { encrypted: 'yes' | 'no' }): SamlVerifier {
  const metadataOf = createSamlMetadataSource({
    fetch: createGuardedFetch(config.outbound),
    parse: parseIdpMetadata,
    now: Date.now,
    onFailure: () => undefined,
  });
  return {
    metadataOf,
    verify: async (samlResponse, provider, nowMs) =>
      verifyStsAssertion(samlResponse, {
        provider,
        sp: serviceProviderOf(provider, config.publicUrl),
        metadata: await metadataOf(provider),
        decryptionKeys: encrypted === 'yes' ? (await readSpKeys(config)).decryptionKeys : [],
        nowMs,
      }),
  };
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
