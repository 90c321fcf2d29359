import { median } from './report.ts';

const ROUNDS = 5;
const ROUND_MS = 50;

/** Microseconds that each of these calls takes. They take turns, and the median of five rounds counts. */
export function timeEach(calls: readonly (() => unknown)[]): readonly number[] {
  for (const call of calls) timeOne(call);
  const rounds = Array.from({ length: ROUNDS }, () => calls.map(timeOne));
  return calls.map((_, index) => median(rounds.map((round) => round[index] ?? NaN)));
}

function timeOne(call: () => unknown): number {
  const start = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < ROUND_MS) {
    // The clock costs as much as a small call: it is read after every eighth.
    for (let repeat = 0; repeat < 8; repeat += 1) call();
    calls += 8;
    elapsedMs = performance.now() - start;
  }
  return (elapsedMs * 1000) / calls;
}
