/** A set of private keys, sealed with the master key. */
type SealedKeys = {
  readonly sealed: Uint8Array;
  /** How often it was replaced, from 1. */
  readonly revision: number;
};

/**
 * Where the bridge keeps private keys of its own, so that all nodes have the same ones. Failures are as in `SessionStore`.
 */
export interface SealedKeyStore {
  /** The set under a name; `undefined` where there is none yet. */
  read(name: string): Promise<SealedKeys | undefined>;
  /**
   * Puts `sealed` in the place of revision `expected` (0: there is none yet); `false`, and nothing written, where another
   * node was quicker. So nodes that start together agree on one set, and of two rotations at once none is lost.
   */
  replace(name: string, next: { readonly sealed: Uint8Array; readonly expected: number }): Promise<boolean>;
}
