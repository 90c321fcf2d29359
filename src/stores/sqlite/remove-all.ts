import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StatementSync } from 'node:sqlite';
import type { Database } from './database.ts';

/** What is removed in one transaction: few enough that no request waits long behind it. */
export const BATCH = 500;

/**
 * Runs a statement that removes at most {@link BATCH} rows until nothing is left for it, with a turn of the event loop between:
 * a large backlog must not stop the service.
 *
 * @returns how many went
 */
export async function removeAll(
  db: Database,
  batch: StatementSync,
  ...values: readonly (string | number)[]
): Promise<number> {
  let total = 0;
  for (;;) {
    const removed = Number(await db.write(() => batch.run(...values).changes));
    total += removed;
    if (removed < BATCH) return total;
    await nextTurn();
  }
}
