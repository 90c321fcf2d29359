import { load, type Follow } from './load.ts';
import { median, short, type Report } from './report.ts';
import { cpuMicroseconds, type ServerProcess } from './server-process.ts';

export type ContestPace = {
  readonly rounds: number;
  readonly roundSeconds: number;
  /** A service runs for days: what counts is the speed after the compiler is done, some 10,000 requests later. */
  readonly warmSeconds: number;
};

/** A server, and what it is asked. */
export type Entrant = {
  readonly name: string;
  readonly server: ServerProcess;
  readonly requests: readonly Buffer[];
  /** Where each request is made of the answer before. */
  readonly follow?: Follow;
};

/** Requests a second, and the server's processor time for each. */
type Speed = { readonly perSecond: number; readonly cpu: number };

/** By rounds. */
export type Result = { readonly name: string; readonly speeds: readonly Speed[] };

export const CONNECTIONS = 16;

/** Two servers that take turns. */
export async function compare(
  [one, other]: readonly [Entrant, Entrant],
  { rounds, roundSeconds, warmSeconds }: ContestPace,
): Promise<readonly [Result, Result]> {
  const results = [
    { entrant: one, run: runner(one), speeds: new Array<Speed>() },
    { entrant: other, run: runner(other), speeds: new Array<Speed>() },
  ] as const;
  for (const { run } of results) await run(warmSeconds);
  for (let round = 0; round < rounds; round += 1) {
    // Who comes second finds a warmer machine: they take turns.
    const order = round % 2 === 0 ? results : results.toReversed();
    for (const { run, speeds } of order) speeds.push(await run(roundSeconds));
  }
  const [first, second] = results;
  return [
    { name: one.name, speeds: first.speeds },
    { name: other.name, speeds: second.speeds },
  ];
}

function runner({ server: { url, pid }, requests, follow }: Entrant): (seconds: number) => Promise<Speed> {
  let next = requests;
  return async (seconds) => {
    const before = cpuMicroseconds(pid);
    const result = await load({
      url,
      requests: next,
      seconds,
      connections: CONNECTIONS,
      ...(follow && { follow }),
    });
    next = result.next;
    const { answered } = result;
    return { perSecond: answered / result.seconds, cpu: (cpuMicroseconds(pid) - before) / answered };
  };
}

/** Prints how fast the first is, as a part of the other. */
export function printContest(
  [one, other]: readonly [Result, Result],
  { name, target }: { readonly name: string; readonly target?: number },
  report: Report,
): void {
  // Of the rounds' ratios, not of the rates: what disturbs the machine for a while disturbs both of a round.
  const ratios = one.speeds.map(
    ({ perSecond }, round) => perSecond / (other.speeds[round]?.perSecond ?? NaN),
  );
  const ratio = median(ratios);
  const spread = `${short(Math.min(...ratios))}–${short(Math.max(...ratios))}`;
  report.figure({
    name,
    measured: `${short(ratio)} (${spread})`,
    ...(target === undefined ? {} : { target: `≥ ${target}`, met: ratio >= target }),
  });
  for (const { name: who, speeds } of [one, other]) {
    const rate = median(speeds.map(({ perSecond }) => perSecond));
    const cpu = median(speeds.map((speed) => speed.cpu));
    const measured = `${rate.toFixed(0)}/s, ${cpu.toFixed(0)} µs of processor time each`;
    report.figure({ name: `  ${who}`, measured });
  }
}
