import { deflateRawSync } from 'node:zlib';

/** AWS keeps its packing to itself; ours is deflate into this many bytes (wire-spec 5). */
const ALLOTTED_BYTES = 2048;

/** How much of a session's space policies and tags take, in per cent, rounded up. */
export function packedPolicySize(parts: readonly string[]): number {
  return Math.ceil((100 * deflateRawSync(parts.join('\n')).length) / ALLOTTED_BYTES);
}
