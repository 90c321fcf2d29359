import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/keys/random.ts';

describe('createRandom', () => {
  it('never gives the same bytes twice, also where the pool is filled again', () => {
    const random = createRandom();
    const given = Array.from({ length: 5000 }, () => Buffer.from(random(16)).toString('hex'));
    expect(new Set(given).size).toBe(given.length);
  });

  it.each([0, 1, 96, 8191, 8192, 8193, 100_000])('gives %i bytes', (length) => {
    const random = createRandom();
    random(7);
    expect(random(length)).toHaveLength(length);
  });

  it('gives bytes that no later call changes', () => {
    const random = createRandom();
    const first = random(32);
    const before = Buffer.from(first).toString('hex');
    for (let calls = 0; calls < 1000; calls += 1) random(32);
    expect(Buffer.from(first).toString('hex')).toBe(before);
  });

  it('has no byte that stays zero', () => {
    const random = createRandom();
    const seen = new Uint8Array(64);
    for (let calls = 0; calls < 400; calls += 1)
      for (const [index, byte] of random(64).entries()) seen[index] = (seen[index] ?? 0) | byte;
    expect([...seen].every((byte) => byte === 255)).toBe(true);
  });
});
