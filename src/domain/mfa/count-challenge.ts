import { FederationError } from '../errors.ts';
import type { FactorDeps } from './factor-deps.ts';
import type { MfaMethod } from './factor.ts';

/** Tells the counters how a challenge went; what was no answer to it does not count. */
export async function countChallenge<T>(
  method: MfaMethod,
  { onMfa }: Pick<FactorDeps, 'onMfa'>,
  run: () => Promise<T>,
): Promise<T> {
  try {
    const result = await run();
    onMfa(method, 'success');
    return result;
  } catch (error) {
    const refused = error instanceof FederationError && /^factor-(refused|locked)$/.test(error.code);
    if (refused) onMfa(method, 'failure');
    throw error;
  }
}
