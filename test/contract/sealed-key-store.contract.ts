import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SealedKeyStore } from '../../src/domain/identity/sealed-key-store.ts';
import type { StorePair } from './session-store.contract.ts';

/** What every store of sealed keys must do, whatever it is made of. */
export function describeSealedKeyStore(open: () => Promise<StorePair>): void {
  describe('sealed keys', () => {
    let pair: StorePair;
    let one: SealedKeyStore;
    let two: SealedKeyStore;
    beforeAll(async () => {
      pair = await open();
      [one, two] = [pair.one.sealedKeys, pair.two.sealedKeys];
    });
    afterAll(() => pair.close());

    it('has nothing under a name that nobody used', async () => {
      expect(await one.read(randomUUID())).toBeUndefined();
    });

    it('gives back on another node, byte by byte, what was put first', async () => {
      const [name, sealed] = [randomUUID(), randomBytes(8000)];
      expect(await one.replace(name, { sealed, expected: 0 })).toBe(true);
      const read = await two.read(name);
      expect(read?.revision).toBe(1);
      expect(Buffer.from(read?.sealed ?? []).equals(sealed)).toBe(true);
    });

    it('lets one of many nodes that start together be first', async () => {
      const name = randomUUID();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          (at % 2 === 0 ? one : two).replace(name, { sealed: Buffer.from([at]), expected: 0 }),
        ),
      );
      expect(outcomes.filter((isFirst) => isFirst)).toHaveLength(1);
      expect((await two.read(name))?.sealed[0]).toBe(outcomes.indexOf(true));
    });

    it('replaces the revision that was read, and no other', async () => {
      const name = randomUUID();
      await one.replace(name, { sealed: Buffer.from('a'), expected: 0 });
      expect(await two.replace(name, { sealed: Buffer.from('b'), expected: 1 })).toBe(true);
      for (const expected of [0, 1, 3])
        expect(await one.replace(name, { sealed: Buffer.from('c'), expected })).toBe(false);
      expect((await one.read(name))?.revision).toBe(2);
      expect(Buffer.from((await one.read(name))?.sealed ?? []).toString()).toBe('b');
    });

    it('refuses to replace what is not there', async () => {
      const name = randomUUID();
      expect(await one.replace(name, { sealed: Buffer.from('a'), expected: 1 })).toBe(false);
      expect(await one.read(name)).toBeUndefined();
    });

    it('keeps names apart, and survives a sweep', async () => {
      const name = randomUUID();
      await one.replace(name, { sealed: Buffer.from('a'), expected: 0 });
      await pair.one.sessions.sweep(Date.now());
      expect(await one.read(`${name}x`)).toBeUndefined();
      expect(await two.read(name)).toBeDefined();
    });
  });
}
