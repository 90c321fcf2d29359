import type { KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './token-signer.ts';

/** A published key, without its private part. */
export type Signer = {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
  /** The signature as JWS has it. @throws FederationError as {@link Signers.signers}, Error where the key is done signing */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>;
};

/** The published keys for a library that signs and verifies by itself. */
export interface Signers {
  /**
   * The keys, of each algorithm the one that signs first. The same list as long as nothing of that changes.
   *
   * @throws FederationError `store-unavailable` where the keys cannot be had, or were not seen for too long
   */
  signers(): Promise<readonly Signer[]>;
  /** Makes the first keys of these algorithms where there are none, so that nobody waits for them. */
  prepare(algorithms: readonly SigningAlgorithm[]): Promise<void>;
}
