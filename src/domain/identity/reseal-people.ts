import { sealContextOfPerson, type PeopleDeps } from './people.ts';

export type ResealDeps = PeopleDeps & {
  /** Whether the key that seals now sealed it. */
  readonly isCurrent: (sealed: Uint8Array) => boolean;
};

const PAGE = 500;

/**
 * Seals people anew whom an older master key sealed, so that the key may leave the ring. How many there were.
 *
 * @throws FederationError `store-unavailable`
 */
export async function resealPeople({ store, seal, openSecret, isCurrent }: ResealDeps): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await store.list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { person, revision, sealed } of page.people.filter((record) => !isCurrent(record.sealed))) {
      const context = sealContextOfPerson(person);
      // Whoever was quicker sealed it with the key of now.
      await store.replace(person, { sealed: seal(openSecret(sealed, context), context), expected: revision });
      count += 1;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}
