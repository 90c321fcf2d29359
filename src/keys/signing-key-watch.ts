import type { SigningAlgorithm } from '../domain/token/token-signer.ts';
import type { SigningKeys } from './signing-keys.ts';

type Maintained = Awaited<ReturnType<SigningKeys['maintain']>>;

export type SigningKeyWatchDeps = {
  readonly signingKeys: Pick<SigningKeys, 'prepare' | 'maintain'>;
  /** Those that tokens may soon be signed with. */
  readonly algorithms: readonly SigningAlgorithm[];
  /** Told each time, for log and metric. */
  readonly onMaintained: (maintained: Maintained) => void;
  readonly onFailure: (error: unknown) => void;
};

/** Makes the keys that somebody may soon ask for, and rotates those that are due; called once a minute, and never fails. */
export function createSigningKeyWatch(deps: SigningKeyWatchDeps): () => Promise<void> {
  const { signingKeys, algorithms, onMaintained, onFailure } = deps;
  return async () => {
    try {
      // An RSA key takes its time: made in the background, it is published long before the first token wants it.
      if (algorithms.length > 0) await signingKeys.prepare(algorithms);
      onMaintained(await signingKeys.maintain());
    } catch (error) {
      onFailure(error);
    }
  };
}
