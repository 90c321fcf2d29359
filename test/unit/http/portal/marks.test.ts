import { expect, it } from 'vitest';
import { withFavourite, withoutFavourite, withRecent } from '../../../../src/http/portal/marks.ts';

const arn = (index: number): string => `arn:aws:iam::123456789012:role/role-${index}`;
const MARKS = { favourites: [], recents: [] };

it('keeps fifty favourites, the oldest goes: a person’s record cannot grow without end', () => {
  let { favourites }: { favourites: readonly string[] } = MARKS;
  for (let index = 0; index < 120; index += 1)
    favourites = withFavourite({ ...MARKS, favourites }, arn(index)).favourites ?? [];
  expect(favourites).toEqual(Array.from({ length: 50 }, (_, index) => arn(70 + index)));
});

it('marks a role once, and takes the mark off', () => {
  const marks = { ...MARKS, favourites: [arn(1), arn(2)] };
  expect(withFavourite(marks, arn(1))).toEqual({ favourites: [arn(2), arn(1)] });
  expect(withoutFavourite(marks, arn(1))).toEqual({ favourites: [arn(2)] });
  expect(withoutFavourite(marks, arn(3))).toEqual({ favourites: marks.favourites });
});

it('keeps five recent roles, the last used first, each once', () => {
  let { recents }: { recents: readonly string[] } = MARKS;
  for (const index of [1, 2, 3, 4, 5, 6, 3])
    recents = withRecent({ ...MARKS, recents }, arn(index)).recents ?? [];
  expect(recents).toEqual([3, 6, 5, 4, 2].map(arn));
});
