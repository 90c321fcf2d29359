import { foreignCursor } from '../paging.ts';

/** The last person that was shown; an empty digest stands before the first of a bucket. */
export type PersonPlace = { readonly bucket: string; readonly digest: string };

export function formatPersonCursor({ bucket, digest }: PersonPlace): string {
  return `p${bucket}${digest}`;
}

/** @throws FederationError `validation-failed` unless {@link formatPersonCursor} made it. */
export function parsePersonCursor(cursor: string): PersonPlace {
  if (!/^p[A-Z2-7][\w-]{28}$/.test(cursor)) throw foreignCursor();
  return { bucket: cursor.charAt(1), digest: cursor.slice(2) };
}
