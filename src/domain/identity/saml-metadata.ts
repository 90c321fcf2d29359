import type { KeyObject } from 'node:crypto';
import type { SamlProvider } from './saml-provider.ts';

export type SamlEndpoint = {
  readonly binding: 'redirect' | 'post';
  readonly location: string;
  readonly responseLocation?: string;
};

/** A key that an entity signs with, from its metadata's certificate. Only these keys verify; a KeyInfo in a message proves nothing. */
export type SamlSigningKey = {
  readonly key: KeyObject;
  /** PEM of the certificate. */
  readonly certificate: string;
  /** Epoch milliseconds: told to operators, not enforced (metadata trust is by key). */
  readonly notAfterMs: number;
};

/** An identity provider as its metadata tells it. */
export type SamlIdpEntity = {
  readonly entityId: string;
  readonly signingKeys: readonly SamlSigningKey[];
  readonly singleSignOn: readonly SamlEndpoint[];
  readonly singleLogout: readonly SamlEndpoint[];
  readonly wantAuthnRequestsSigned: boolean;
};

/** Epoch milliseconds and milliseconds. */
export type SamlMetadata = {
  readonly entities: readonly SamlIdpEntity[];
  readonly validUntilMs?: number;
  readonly cacheDurationMs?: number;
};

/** The metadata of a provider: parsed once, refreshed ahead of its end, the last good copy kept. */
export type SamlMetadataSource = (provider: Pick<SamlProvider, 'metadata'>) => Promise<SamlMetadata>;
