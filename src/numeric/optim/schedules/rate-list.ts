import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkNumber } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { checkFunction, makeSchedule } from "./define.ts";
import { checkNumbers, needed, neededRate, neededSteps, readScheduleOptions } from "./options.ts";

/**
 * A schedule from a list of rates, one per step, each 0 or more. After the end of the list the last rate applies. A
 * fractional step takes the rate of the step before it.
 * @throws DownhillError `option` if it is not a list or is empty, `range` for a rate that is negative or not finite.
 * @example
 * const rate = rateList([0.1, 0.05, 0.01]);
 * [rate(0), rate(1), rate(2), rate(3)]; // [0.1, 0.05, 0.01, 0.01]
 */
export function rateList(rates: readonly number[]): Schedule {
  if (arguments.length > 1) refuseExtra("rateList", arguments, 1);
  checkNumbers("rateList", "rates", rates, { from: 0 });
  const list = [...rates];
  return makeSchedule("rateList", (t, { pick, floor }) => pick(list, floor(t)));
}

/** Options of `multiplicative`. */
export interface MultiplicativeOptions {
  /** The rate of the first step, 0 or more. */
  readonly from: number;
  /**
   * Factor between the rates of a step and the previous step, from step 1 on: a function of plain numbers that returns
   * 0 or more.
   */
  readonly factor: (step: number) => number;
  /** The last step with a factor, an integer of 1 or more; afterwards the rate is constant. */
  readonly steps: number;
}

/**
 * A schedule in which each rate is the previous one times a function of the step.
 *
 * `rate(0) = from`, `rate(t) = rate(t − 1) · factor(t)` up to t = steps
 *
 * PyTorch's `MultiplicativeLR`, which has no end. A product has no closed formula, so the rates are computed once, as a
 * list of `steps + 1` numbers.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @example
 * const rate = multiplicative({ from: 1, factor: (step) => 1 / step, steps: 100 });
 * [rate(0), rate(1), rate(2), rate(3), rate(4)]; // [1, 1, 0.5, 0.1667, 0.0417]
 */
export function multiplicative(options: MultiplicativeOptions): Schedule {
  if (arguments.length > 1) refuseExtra("multiplicative", arguments, 1);
  const { from, factor, steps } = readScheduleOptions("multiplicative", options, {
    from: neededRate,
    factor: needed<(step: number) => number>({ check: checkFunction }),
    steps: neededSteps,
  });
  const rates = [from];
  for (let t = 1; t <= steps; t++) {
    const value = factor(t);
    checkNumber("multiplicative", `factor(${t})`, value, { from: 0 });
    rates.push(rates[t - 1]! * value);
  }
  return rateList(rates);
}
