import type { Configuration } from 'oidc-provider';
import { SIGNING_ALGORITHMS } from '../../domain/token/token-signer.ts';

/** What clients sign with: what nobody can make who can verify it. */
export const CLIENT_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'] as const;

/** What keys of applications sign proofs of possession with. */
export const DPOP_ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256'] as const;

/** How applications prove who they are. */
export const CLIENT_AUTHENTICATION = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

const NO_ENCRYPTION = {
  idTokenEncryptionAlgValues: [],
  requestObjectEncryptionAlgValues: [],
  userinfoEncryptionAlgValues: [],
  introspectionEncryptionAlgValues: [],
  authorizationEncryptionAlgValues: [],
  idTokenEncryptionEncValues: [],
  requestObjectEncryptionEncValues: [],
  userinfoEncryptionEncValues: [],
  introspectionEncryptionEncValues: [],
  authorizationEncryptionEncValues: [],
};

/** Every list of algorithms that the library has. */
export const ENABLED_JWA: NonNullable<Configuration['enabledJWA']> = {
  clientAuthSigningAlgValues: [...CLIENT_ALGORITHMS],
  idTokenSigningAlgValues: [...SIGNING_ALGORITHMS],
  requestObjectSigningAlgValues: [...CLIENT_ALGORITHMS],
  userinfoSigningAlgValues: [...SIGNING_ALGORITHMS],
  introspectionSigningAlgValues: [...SIGNING_ALGORITHMS],
  authorizationSigningAlgValues: [...SIGNING_ALGORITHMS],
  dPoPSigningAlgValues: [...DPOP_ALGORITHMS],
  attestSigningAlgValues: ['ES256'],
  ...NO_ENCRYPTION,
};
