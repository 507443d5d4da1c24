import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { fixed } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { mix } from "./arithmetic.ts";
import { makeSchedule } from "./define.ts";
import { neededRate, neededSteps, readScheduleOptions } from "./options.ts";

/** Options of `linearDecay`. */
export interface LinearDecayOptions {
  /** The rate of the first step, 0 or more. */
  readonly from: number;
  /** The rate from step `steps` on, 0 or more. Default 0. */
  readonly to?: number;
  /** Number of steps from `from` to `to`, an integer of 1 or more. */
  readonly steps: number;
}

/**
 * Linear decay (or increase) from `from` to `to`; the rate then stays at `to`.
 *
 * `rate(t) = from + (to − from) · min(t, steps) / steps`
 *
 * PyTorch's `LinearLR` (`start_factor`, `end_factor` and `total_iters`, as multiples of the optimiser's rate), optax's
 * `linear_schedule`, Keras's `PolynomialDecay` of power 1.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @example
 * const rate = linearDecay({ from: 0.1, to: 0.02, steps: 4 });
 * [rate(0), rate(1), rate(4), rate(5)]; // [0.1, 0.08, 0.02, 0.02]
 */
export function linearDecay(options: LinearDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("linearDecay", arguments, 1);
  const { from, to, steps } = readScheduleOptions("linearDecay", options, {
    from: neededRate,
    to: fixed(0, { from: 0 }),
    steps: neededSteps,
  });
  return makeSchedule("linearDecay", (t, a) => mix(a, from, to, a.div(a.min(t, steps), steps)));
}
