import { vi } from 'vitest';

/** The clock of this process, and so of the bridges and providers in it, which only goes forward. */
export type TestClock = {
  readonly advance: (ms: number) => void;
  readonly restore: () => void;
};

/** Call it before a bridge starts: a bridge keeps the clock that it finds. */
export function shiftClock(): TestClock {
  const machine = Date.now;
  let aheadMs = 0;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => machine() + aheadMs);
  return {
    advance: (ms) => {
      aheadMs += ms;
    },
    restore: () => {
      spy.mockRestore();
    },
  };
}
