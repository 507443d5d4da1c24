import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { fixed, optional } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { makeSchedule } from "./define.ts";
import { neededRate, readScheduleOptions, stepsOr } from "./options.ts";

/** Options of `exponentialDecay`. */
export interface ExponentialDecayOptions {
  /** The rate of the first step, 0 or more. */
  readonly from: number;
  /** Factor of the rate over `every` steps, 0 or more; above 1 the rate grows. */
  readonly factor: number;
  /**
   * Number of steps over which the rate changes by `factor`, an integer of 1 or more. Each single step multiplies by
   * `factor^(1 / every)`. Default 1.
   */
  readonly every?: number;
  /** Limit of the rate: a lower bound if it falls, an upper bound if it grows. Default: none. */
  readonly to?: number | null;
}

/**
 * Exponential decay: the rate is multiplied by the same factor at every step.
 *
 * `rate(t) = from · factor^(t / every)`, limited by `to`
 *
 * PyTorch's `ExponentialLR` (`gamma`; `every` is 1), Keras's `ExponentialDecay` and optax's `exponential_decay`
 * (`decay_rate`, `decay_steps`/`transition_steps`, and optax's `end_value` is `to`). Their `staircase` is `stepDecay`.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @example
 * const rate = exponentialDecay({ from: 0.1, factor: 0.5, every: 10, to: 0.03 });
 * [rate(0), rate(5), rate(10), rate(20)]; // [0.1, 0.0707, 0.05, 0.03]
 */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("exponentialDecay", arguments, 1);
  const { from, factor, every, to } = readScheduleOptions("exponentialDecay", options, {
    from: neededRate,
    factor: neededRate,
    every: stepsOr(1),
    to: optional(fixed(0, { from: 0 })),
  });
  return makeSchedule("exponentialDecay", (t, { mul, div, pow, min, max }) => {
    const rate = mul(from, pow(factor, div(t, every)));
    if (to === null) return rate;
    return factor > 1 ? min(rate, to) : max(rate, to);
  });
}
