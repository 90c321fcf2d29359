import { foreignCursor } from '../paging.ts';

/** The row after which a list goes on. The letter keeps one list's cursors from being taken for another's. */
export function formatRowCursor(letter: string, row: number): string {
  return `${letter}${row}`;
}

/** @throws FederationError `validation-failed` for a cursor of another list or store. */
export function parseRowCursor(letter: string, cursor: string): number {
  const digits = cursor.slice(1);
  if (!cursor.startsWith(letter) || !/^\d{1,15}$/.test(digits)) throw foreignCursor();
  return Number(digits);
}
