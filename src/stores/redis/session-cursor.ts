import { z } from 'zod';
import { BASE32 } from '../../domain/session/bucket.ts';
import type { SessionQuery } from '../../domain/session/session-store.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';
import { foreignCursor } from '../paging.ts';
import { isStorableId } from './keys.ts';

/** The last entry that was looked at; an empty id and score 0 stand before the first. */
export type Place = {
  readonly bucket: string;
  readonly digest: string;
  readonly id: string;
  readonly score: number;
};

const LONGEST_CURSOR = 512;

const cursorSchema = z.tuple([
  z.string().length(28),
  z.string().refine((text) => text.length === 1 && BASE32.includes(text)),
  z.string().length(28),
  z.string().refine((id) => id === '' || isStorableId(id)),
  z.number().int().nonnegative(),
]);

/** Bound to the query: a place in one list means nothing in another. */
export function formatCursor({ bucket, digest, id, score }: Place, query: SessionQuery): string {
  return Buffer.from(JSON.stringify([queryDigest(query), bucket, digest, id, score])).toString('base64url');
}

/** @throws FederationError `validation-failed` unless {@link formatCursor} made it for the same query. */
export function parseCursor(cursor: string, query: SessionQuery): Place {
  const fields = cursorSchema.safeParse(parseJson(cursor));
  if (!fields.success || fields.data[0] !== queryDigest(query)) throw foreignCursor();
  const [, bucket, digest, id, score] = fields.data;
  return { bucket, digest, id, score };
}

function queryDigest(query: SessionQuery): string {
  return keyDigest(query.by === 'all' ? 'all' : `${query.by} ${query.value}`);
}

function parseJson(cursor: string): unknown {
  if (cursor.length > LONGEST_CURSOR) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
