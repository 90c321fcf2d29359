import { randomBytes, randomFillSync } from 'node:crypto';

const POOL_BYTES = 8192;

/**
 * Random bytes, asked from the system in large pieces: asking costs more than the bytes, and every session asks five
 * times. Bytes are given out once, as a copy, and erased in the pool.
 */
export function createRandom(): (length: number) => Uint8Array {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (length) => {
    if (length > POOL_BYTES) return randomBytes(length);
    if (used + length > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = new Uint8Array(pool.subarray(used, used + length));
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}
