/** One figure: met, missed, or there to be known. */
export type Figure = {
  readonly name: string;
  readonly measured: string;
  readonly target?: string;
  /** Absent where there is no target. */
  readonly met?: boolean;
};

export type Report = {
  readonly section: (title: string) => void;
  readonly figure: (figure: Figure) => void;
  /** Names of the figures that missed their target. */
  readonly missed: () => readonly string[];
};

/** Prints each figure as soon as it is known. */
export function createReport(write: (text: string) => void): Report {
  const missed: string[] = [];
  return {
    section: (title) => {
      write(`\n${title.padEnd(64)} ${'target'.padEnd(10)} measured\n`);
    },
    figure: ({ name, measured, target = '', met }) => {
      if (met === false) missed.push(name);
      const verdict = met === undefined ? '' : met ? '  met' : '  BELOW';
      write(`  ${name.padEnd(62)} ${target.padEnd(10)} ${measured}${verdict}\n`);
    },
    missed: () => missed,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** Three significant digits. */
export function short(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
