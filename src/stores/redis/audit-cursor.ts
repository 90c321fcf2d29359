import { BASE32 } from '../../domain/session/bucket.ts';
import { foreignCursor } from '../paging.ts';

/** 32 stream ids of at most 20 + 1 + 20 digits, and the commas between them. */
const LONGEST_CURSOR = 32 * 42;
const START = 'r';

/**
 * How far each bucket's stream was read. One time for all would not do: the buckets live on several servers, whose clocks
 * differ, and a record that arrives a moment late in one of them must still be shown.
 */
export function formatAuditCursor(positions: readonly string[]): string {
  return START + positions.join(',');
}

/** @throws FederationError `validation-failed` for a cursor that {@link formatAuditCursor} did not make. */
export function parseAuditCursor(cursor: string | undefined): readonly string[] {
  if (cursor === undefined) return Array.from(BASE32, () => '');
  const positions = cursor.slice(START.length).split(',', BASE32.length + 1);
  const ours = cursor.length <= LONGEST_CURSOR && cursor.startsWith(START);
  if (!ours || positions.length !== BASE32.length || !positions.every(isPosition)) throw foreignCursor();
  return positions;
}

function isPosition(text: string): boolean {
  return text === '' || /^\d{1,20}-\d{1,20}$/.test(text);
}
