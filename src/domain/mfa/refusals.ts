import { FederationError } from '../errors.ts';

/** What a person is told of a factor that was not accepted. */
type FactorRefusal = 'wrong' | 'used' | 'passkey-refused' | 'expired';

/** A factor that is not accepted; the reason is for the audit trail. */
export function refuseFactor(
  problem: FactorRefusal,
  reason: string,
  { attemptsLeft = 0, cause }: { readonly attemptsLeft?: number; readonly cause?: unknown } = {},
): FederationError {
  const params = { problem, attemptsLeft };
  return new FederationError('factor-refused', reason, { params, ...(cause === undefined ? {} : { cause }) });
}

/** What was begun in this browser is over: another tab, or the clock, was quicker. */
export function refuseExpired(reason: string): FederationError {
  return refuseFactor('expired', reason);
}
