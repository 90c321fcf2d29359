import { expect, it } from 'vitest';

/** The tests of a plan of the OpenID conformance suite, each named after its module. */
export type ConformancePlan<Module extends string> = {
  readonly module: (name: Module, run: () => Promise<void>) => void;
  /** A module that the suite skips for providers such as ours; `check` sees that we are one of them. */
  readonly doesNotApply: (name: Module, reason: string, check: () => void | Promise<void>) => void;
  /** Goes last: sees that no module was forgotten. */
  readonly complete: () => void;
};

export function createPlan<const Module extends string>(modules: readonly Module[]): ConformancePlan<Module> {
  const told: string[] = [];
  return {
    module: (name, run) => {
      told.push(name);
      it(name, run);
    },
    doesNotApply: (name, reason, check) => {
      told.push(name);
      it(`${name} does not apply: ${reason}`, check);
    },
    complete: () => {
      it('has one test, or a reason, for each module of the plan', () => {
        expect(told.toSorted()).toEqual(modules.toSorted());
      });
    },
  };
}
