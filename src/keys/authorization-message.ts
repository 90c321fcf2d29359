import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { FederationError } from '../domain/errors.ts';
import type { Sealer } from './seal.ts';

/** What DecodeAuthorizationMessage takes at most. */
const MAX_CHARACTERS = 10_240;
const MAX_DECODED_BYTES = 1_000_000;
const CONTEXT = 'authorization-message';

export type AuthorizationMessages = {
  readonly encode: (json: string) => string;
  /** @throws FederationError `invalid-authorization-message` for everything that `encode` did not make */
  readonly decode: (encoded: string) => string;
};

/** Seals the explanation of a refusal, so that the refused caller can carry it to an operator without reading it. */
export function createAuthorizationMessages(sealer: Sealer): AuthorizationMessages {
  const encodeAny = (json: string): string =>
    Buffer.from(sealer.seal(deflateRawSync(json), CONTEXT)).toString('base64url');
  return {
    encode: (json) => {
      const encoded = encodeAny(json);
      if (encoded.length <= MAX_CHARACTERS) return encoded;
      return encodeAny(
        JSON.stringify({ truncated: 'The decision is too long; explain its reference instead.' }),
      );
    },
    decode: (encoded) => {
      try {
        const sealed = Buffer.from(encoded, 'base64url');
        return inflateRawSync(sealer.open(sealed, CONTEXT), {
          maxOutputLength: MAX_DECODED_BYTES,
        }).toString();
      } catch (cause) {
        throw new FederationError('invalid-authorization-message', 'not a message of ours', { cause });
      }
    },
  };
}
