// One part of the soak of scripts/soak-programs.mjs: random programs and random routines.
import fc from "fast-check";
import { configure, enableTurbo } from "downhill";
import { printRoutine } from "../../src/engine/kernel/print.ts";
import { contestants, expectSameKernel, turboContestants } from "./kernel-agreement.ts";
import type { Tally } from "./random-agreement.ts";
import { expectAgreement, trials } from "./random-agreement.ts";
import { expectSameWithoutRoom } from "./memory-pressure.ts";
import { kernels } from "./random-kernels.ts";
import { routines } from "./random-routines.ts";
import { ofKnownSizes, sizedKernels } from "./random-sizes.ts";
import { describeRecipe } from "./random-programs.ts";

export { enableTurbo };

const routinesOfAllKinds = fc.oneof(
  { weight: 6, arbitrary: kernels().map(ofKnownSizes) },
  { weight: 6, arbitrary: sizedKernels() },
  { weight: 3, arbitrary: routines().map(ofKnownSizes) },
  { weight: 1, arbitrary: kernels(true).map(ofKnownSizes) },
);

/** Result of a part. */
export interface Outcome {
  readonly programs: number;
  readonly routines: number;
  readonly tally: readonly (readonly [what: string, times: number])[];
  /** Description of the smallest program that shows a fault. */
  readonly fault: string | undefined;
}

/** Runs `count` programs and a quarter as many routines, all drawn from `seed`. Calls `note` before each. */
export function soakPart(seed: number, count: number, note: () => void, isTurbo = false): Outcome {
  configure({ reproducible: true });
  const tally: Tally = new Map();
  let [programs, made] = [0, 0];
  const ofPrograms = fc.check(
    fc.property(trials(), (trial) => {
      note();
      programs++;
      expectAgreement(trial, tally, isTurbo);
    }),
    { numRuns: count, seed },
  );
  const fault = ofPrograms.counterexample?.[0];
  const done = (text?: string): Outcome => ({ programs, routines: made, tally: [...tally], fault: text });
  if (fault !== undefined)
    return done(`${message(ofPrograms)}\n\n${describeRecipe(fault.recipe)}\n${JSON.stringify(fault)}`);
  const ofRoutines = fc.check(
    fc.property(routinesOfAllKinds, ({ routine, ...numbers }) => {
      note();
      // the first of them, and three others in turn
      const all = isTurbo ? turboContestants : contestants;
      const among = all.filter((_, i) => i === 0 || (i + made) % 4 === 0);
      made++;
      expectSameKernel(routine, among, numbers);
      if (made % 3 === 0) expectSameWithoutRoom(routine, Math.floor(made / 3), numbers);
    }),
    { numRuns: Math.ceil(count / 4), seed },
  );
  const routine = ofRoutines.counterexample?.[0]?.routine;
  return done(routine && `${message(ofRoutines)}\n\n${printRoutine(routine)}`);
}

function message({
  errorInstance,
  numShrinks,
}: {
  readonly errorInstance: unknown;
  readonly numShrinks: number;
}): string {
  const text =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  return `${text}\n(shrunk ${numShrinks} times)`;
}
