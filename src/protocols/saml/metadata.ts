import type { SamlMetadata } from '../../domain/identity/saml-metadata.ts';

/** Metadata that cannot be used; the message is a sentence for operators. */
export class SamlMetadataError extends Error {
  constructor(message: string, details: { readonly cause?: unknown } = {}) {
    super(message, details);
    this.name = 'SamlMetadataError';
  }
}

/**
 * Reads the identity providers of a metadata document.
 *
 * @throws SamlMetadataError
 */
export function parseIdpMetadata(xml: string): SamlMetadata {
  throw new SamlMetadataError(`is not read yet: ${xml.length}`);
}
