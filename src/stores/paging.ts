import { FederationError } from '../domain/errors.ts';

const LARGEST_PAGE = 1000;

/** @throws FederationError `validation-failed` unless it is a whole number from 1 to 1000. */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE) return limit;
  throw new FederationError('validation-failed', `a page holds 1 to ${LARGEST_PAGE} entries, not ${limit}`);
}

/** Cursors travel through callers' hands, so one that this store did not make is the caller's fault. */
export function foreignCursor(): FederationError {
  return new FederationError('validation-failed', 'the cursor was not made by this list');
}
