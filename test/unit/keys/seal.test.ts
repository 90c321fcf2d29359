import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MasterKey } from '../../../src/keys/master-key.ts';
import { createSealer } from '../../../src/keys/seal.ts';

function newKey(id: string): MasterKey {
  return { id, key: createSecretKey(randomBytes(32)) };
}

const [oldKey, newerKey] = [newKey('old'), newKey('new')];
const sealer = createSealer([oldKey]);

describe('createSealer', () => {
  it('opens what it sealed, in the same context', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (plaintext, context) => {
        expect(sealer.open(sealer.seal(plaintext, context), context)).toEqual(Buffer.from(plaintext));
      }),
    );
  });

  it('opens text as its UTF-8 bytes', () => {
    expect(sealer.open(sealer.seal('größe', 'a'), 'a').toString('utf8')).toBe('größe');
  });

  it('refuses a value with any one bit flipped', () => {
    const sealed = sealer.seal('secret access key', 'session:ASIAEXAMPLE');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => sealer.open(changed, 'session:ASIAEXAMPLE')).toThrow(Error);
    }
  });

  it('refuses a value that was cut at any length', () => {
    const sealed = sealer.seal('secret', 'a');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(sealed.subarray(0, length), 'a')).toThrow(Error);
    }
  });

  it('refuses a value in another context, so that no row takes the secret of another', () => {
    const sealed = sealer.seal('secret', 'session:ASIAONE');
    expect(() => sealer.open(sealed, 'session:ASIATWO')).toThrow('belongs elsewhere');
  });

  it('refuses a key that is not in the ring', () => {
    expect(() => createSealer([newerKey]).open(sealer.seal('secret', 'a'), 'a')).toThrow('names no key');
  });

  it('refuses another key of the same name', () => {
    expect(() => createSealer([newKey('old')]).open(sealer.seal('secret', 'a'), 'a')).toThrow('was changed');
  });

  it('never throws anything but an Error for arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => sealer.open(bytes, 'a')).toThrow(Error);
      }),
    );
  });

  it('opens old values after a rotation and seals with the new key', () => {
    const rotated = createSealer([newerKey, oldKey]);
    expect(rotated.open(sealer.seal('secret', 'a'), 'a').toString()).toBe('secret');
    const sealed = rotated.seal('secret', 'a');
    expect(createSealer([newerKey]).open(sealed, 'a').toString()).toBe('secret');
    expect(() => sealer.open(sealed, 'a')).toThrow('names no key');
  });

  it('seals the same text differently each time', () => {
    expect(sealer.seal('secret', 'a')).not.toEqual(sealer.seal('secret', 'a'));
  });
});
