import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Schedule } from "../schedule.ts";
import { makeSchedule } from "./define.ts";
import { checkMilestones, checkPart, needed, readScheduleOptions } from "./options.ts";

/** Options of `sequential`. */
export interface SequentialOptions {
  /** The steps at which the second, third, … schedule begins; integers of 1 or more, strictly ascending. */
  readonly at: readonly number[];
}

/**
 * Applies schedules one after another, each counting from 0 at its start; numbers stand for constant rates.
 *
 * PyTorch's `SequentialLR` (`milestones`) and optax's `join_schedules` (`boundaries`); Keras has no such function.
 *
 * @throws DownhillError `option` for a missing or unknown option or a wrong number of steps, `range` for steps that are
 * not ascending.
 * @example
 * const rate = sequential([0.01, cosineDecay({ from: 0.1, steps: 100 }), 0.001], { at: [5, 105] });
 * [rate(4), rate(5), rate(55), rate(105)]; // [0.01, 0.1, 0.05, 0.001]
 */
export function sequential(schedules: readonly (number | Schedule)[], options: SequentialOptions): Schedule {
  if (arguments.length > 2) refuseExtra("sequential", arguments, 2);
  const parts = checkParts("sequential", schedules);
  const { at } = readScheduleOptions("sequential", options, {
    at: needed({
      check: (operation, option, value) =>
        checkMilestones(operation, option, value, { from: 1, rising: true }),
    }),
  });
  if (at.length !== parts.length - 1) {
    throw new DownhillError(
      "option",
      `sequential: ${parts.length} schedules need ${parts.length - 1} steps in at, got ${at.length}.`,
    );
  }
  return makeSchedule("sequential", (t, { sub, max, ifLess, rateOf }) =>
    at.reduce(
      (before, start, i) => ifLess(t, start, before, rateOf(parts[i + 1]!, max(0, sub(t, start)))),
      rateOf(parts[0]!, t),
    ),
  );
}

/**
 * The product of schedules, all evaluated at the same step; numbers stand for constant factors.
 *
 * PyTorch's `ChainedScheduler` of schedules that multiply the rate: `ConstantLR`, `LinearLR`, `StepLR`, `MultiStepLR`,
 * `ExponentialLR`, `PolynomialLR`, `MultiplicativeLR`, and `CosineAnnealingLR` with `eta_min` 0. Build one of them with
 * the rate and the others as factors (`from: 1`). Keras and optax have no such function.
 *
 * @throws DownhillError `option` for a value that is neither a schedule nor a number.
 * @example
 * const rate = chained([0.1, linearDecay({ from: 0.1, to: 1, steps: 10 }), stepDecay({ from: 1, every: 20, factor: 0.5 })]);
 * [rate(0), rate(10), rate(20)]; // [0.01, 0.1, 0.05]
 */
export function chained(schedules: readonly (number | Schedule)[]): Schedule {
  if (arguments.length > 1) refuseExtra("chained", arguments, 1);
  const parts = checkParts("chained", schedules);
  return makeSchedule("chained", (t, { mul, rateOf }) =>
    parts.map((part) => rateOf(part, t)).reduce((product, rate) => mul(product, rate)),
  );
}

function checkParts(operation: string, schedules: unknown): readonly (number | Schedule)[] {
  if (!Array.isArray(schedules) || schedules.length === 0) {
    throw new DownhillError("option", `${operation}: needs a list of schedules, at least one.`);
  }
  schedules.forEach((part: unknown, i) => checkPart(operation, `schedules[${i}]`, part));
  return schedules as readonly (number | Schedule)[];
}
