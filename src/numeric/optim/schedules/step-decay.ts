import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkNumber, fixed } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { makeSchedule } from "./define.ts";
import { checkMilestones, needed, neededRate, neededSteps, readScheduleOptions } from "./options.ts";

/** Options of `stepDecay`. */
export interface StepDecayOptions {
  /** The rate of the first steps, 0 or more. */
  readonly from: number;
  /** Factor of the rate at each drop, 0 or more. Default 0.1. */
  readonly factor?: number;
  /** Number of steps between drops, an integer of 1 or more. */
  readonly every: number;
}

/**
 * Step decay: the rate is multiplied by `factor` after each `every` steps.
 *
 * `rate(t) = from · factor^⌊t / every⌋`
 *
 * PyTorch's `StepLR` (`gamma`, `step_size`), Keras's and optax's exponential decay with `staircase`. To count epochs,
 * use `perEpoch(…, stepsPerEpoch)`.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @example
 * const rate = stepDecay({ from: 0.1, factor: 0.5, every: 30 });
 * [rate(0), rate(29), rate(30), rate(60)]; // [0.1, 0.1, 0.05, 0.025]
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("stepDecay", arguments, 1);
  const { from, factor, every } = readScheduleOptions("stepDecay", options, {
    from: neededRate,
    factor: fixed(0.1, { from: 0 }),
    every: neededSteps,
  });
  return makeSchedule("stepDecay", (t, { mul, div, pow, floor }) =>
    mul(from, pow(factor, floor(div(t, every)))),
  );
}

/** Options of `multiStepDecay`. */
export interface MultiStepDecayOptions {
  /** The rate of the first steps, 0 or more. */
  readonly from: number;
  /** Factor of the rate at each drop, 0 or more; or one factor per element of `at`. Default 0.1. */
  readonly factor?: number | readonly number[];
  /** The steps at which the rate drops, in ascending order; a step that occurs twice counts twice. */
  readonly at: readonly number[];
}

/**
 * Step decay at chosen steps: from step `at[i]` on, the rate is multiplied by `factor`.
 *
 * `rate(t) = from · Π factor over all at[i] ≤ t`
 *
 * PyTorch's `MultiStepLR` (`gamma`, `milestones`); optax's `piecewise_constant_schedule`, which has one factor per
 * drop. Keras's `PiecewiseConstantDecay` keeps the old rate at the boundary itself and drops a step later. For
 * arbitrary rates: `sequential([0.1, 0.03, 0.05], { at: [30, 60] })`.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see He, Zhang, Ren, Sun, Deep residual learning for image recognition, CVPR 2016, section 4.2: a factor of 0.1 at
 * 32,000 and 48,000 of 64,000 steps.
 * @example
 * const rate = multiStepDecay({ from: 0.1, at: [32_000, 48_000] });
 * [rate(31_999), rate(32_000), rate(48_000)]; // [0.1, 0.0100, 0.00100]
 */
export function multiStepDecay(options: MultiStepDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("multiStepDecay", arguments, 1);
  const { from, factor, at } = readScheduleOptions("multiStepDecay", options, {
    from: neededRate,
    factor: { initial: 0.1, check: checkFactors },
    at: needed({ check: checkMilestones }),
  });
  if (typeof factor !== "number" && factor.length !== at.length) {
    throw new DownhillError(
      "option",
      `multiStepDecay: factor has ${factor.length} numbers for the ${at.length} steps of at. Give one per step, or one for all.`,
    );
  }
  return makeSchedule("multiStepDecay", (t, { rateOf, ifLess, mul }) =>
    at.reduce(
      (rate, step, i) => {
        const dropped = mul(rate, typeof factor === "number" ? factor : factor[i]!);
        return ifLess(t, step, rate, dropped);
      },
      rateOf(from, t),
    ),
  );
}

function checkFactors(operation: string, option: string, value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, i) => checkNumber(operation, `${option}[${i}]`, item, { from: 0 }));
  } else checkNumber(operation, option, value, { from: 0 });
}
