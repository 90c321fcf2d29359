import type { z } from 'zod';
import type { SealedKeyStore } from '../domain/identity/sealed-key-store.ts';
import type { Sealer } from './seal.ts';

export type SealedKeysDeps = { readonly store: SealedKeyStore; readonly sealer: Sealer };

type Place<Ring> = {
  /** In the store. */
  readonly name: string;
  /** That it is sealed with: another set cannot be put in its place. */
  readonly context: string;
  readonly schema: z.ZodType<Ring>;
};

/** One set of private keys of our own that all nodes share. */
export type SealedKeys<Ring> = {
  /**
   * Replaces the set by what `change` makes of it, all or nothing; `change` gives `undefined` where it may stay.
   *
   * It is asked again, with what is there then, where another node was quicker: so of changes at once none is lost, and
   * each sees the other. A set that an old master key sealed is sealed anew in any case, as these keys outlive them all.
   *
   * @returns the set as it is then
   */
  readonly update: (
    change: (ring: Ring | undefined) => Ring | undefined | Promise<Ring | undefined>,
  ) => Promise<Ring | undefined>;
};

const ATTEMPTS = 5;

export function createSealedKeys<Ring>(
  { store, sealer }: SealedKeysDeps,
  { name, context, schema }: Place<Ring>,
): SealedKeys<Ring> {
  const open = (sealed: Uint8Array): Ring =>
    schema.parse(JSON.parse(sealer.open(sealed, context).toString()));
  return {
    update: async (change) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const stored = await store.read(name);
        const ring = stored && open(stored.sealed);
        const next = await change(ring);
        const isSettled = stored === undefined || sealer.isCurrent(stored.sealed);
        if (next === undefined && isSettled) return ring;
        const sealed = sealer.seal(JSON.stringify(next ?? ring), context);
        if (await store.replace(name, { sealed, expected: stored?.revision ?? 0 })) return next ?? ring;
      }
      throw new Error('Other changes of the keys came first each time: try again.');
    },
  };
}
