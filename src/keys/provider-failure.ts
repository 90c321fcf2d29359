import { FederationError } from '../domain/errors.ts';
import { GuardedFetchError } from './guarded-fetch.ts';

/** What went wrong with a provider's document, as the caller is told it. */
export type ProviderFailures = {
  /** A retry could help. */
  readonly unreachable: (reason: string, cause?: unknown) => FederationError;
  /** It could not: somebody has to change something. */
  readonly unusable: (reason: string, cause?: unknown) => FederationError;
  /** Whichever of the two a failed fetch is. */
  readonly from: (error: unknown) => FederationError;
};

/** @param text what the caller reads where no retry helps */
export function createProviderFailures(text: string): ProviderFailures {
  const unreachable = (reason: string, cause?: unknown): FederationError =>
    new FederationError('identity-provider-unreachable', reason, { cause });
  const unusable = (reason: string, cause?: unknown): FederationError =>
    new FederationError('invalid-identity-token', reason, { params: { text }, cause });
  return {
    unreachable,
    unusable,
    from: (error) => {
      if (error instanceof FederationError) return error;
      return isPassing(error) ? unreachable(error.message, error) : unusable(String(error), error);
    },
  };
}

/** Whether a fetch failed for a reason that may be gone in a while. */
export function isPassing(error: unknown): error is GuardedFetchError {
  return error instanceof GuardedFetchError && (error.reason === 'timeout' || error.reason === 'unreachable');
}
