import { incompleteSignature } from './failures.ts';

/** A request exactly as it came over the wire; nothing in it is trusted. */
export type SignedRequest = {
  readonly method: string;
  /** The request target up to the first `?`, percent-encoding untouched. */
  readonly rawPath: string;
  /** What follows the first `?`, empty where there is none. */
  readonly rawQuery: string;
  /** Lower-case name and value as received, duplicates kept, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
};

// A second copy is how one credential is shown to the check and another to the handler (MinIO CVE-2026-40344).
export function singleHeader(request: SignedRequest, name: string): string | undefined {
  let found: string | undefined;
  for (const [header, value] of request.headers) {
    if (header !== name) continue;
    if (found !== undefined) throw incompleteSignature(`Found more than one '${name}' header.`);
    found = value;
  }
  return found;
}
