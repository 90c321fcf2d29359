import type { KeyObject } from 'node:crypto';
import type { OidcProvider, TokenAlgorithm } from './oidc-provider.ts';

/** What a token's header says about its key. */
export type WantedKey = { readonly algorithm: TokenAlgorithm; readonly keyId?: string };

/**
 * Port: the provider's key that a header names, imported for that one algorithm.
 *
 * @throws FederationError `invalid-identity-token` where there is none, `identity-provider-unreachable` where a retry could help
 */
export type ProviderKeys = (provider: OidcProvider, wanted: WantedKey) => Promise<KeyObject>;
