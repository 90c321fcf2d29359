import type { KeyObject } from 'node:crypto';
import { ExternalSigningKey } from 'oidc-provider';
import type { Signer } from '../../domain/token/signers.ts';

/** A key of ours as the library wants it: its class is how it knows that the private part is elsewhere. */
export class ProviderKey extends ExternalSigningKey {
  readonly #signer: Signer;

  constructor(signer: Signer) {
    super();
    this.#signer = signer;
  }

  override get kid(): string {
    return this.#signer.kid;
  }

  override get alg(): string {
    return this.#signer.algorithm;
  }

  override keyObject(): KeyObject {
    return this.#signer.publicKey;
  }

  override sign(data: Uint8Array): Promise<Uint8Array> {
    return this.#signer.sign(data);
  }
}
