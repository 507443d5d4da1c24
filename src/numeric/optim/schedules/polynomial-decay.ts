import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { fixed } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { mix } from "./arithmetic.ts";
import { makeSchedule } from "./define.ts";
import { neededRate, neededSteps, readScheduleOptions } from "./options.ts";

/** Options of `polynomialDecay`. */
export interface PolynomialDecayOptions {
  /** The rate of the first step, 0 or more. */
  readonly from: number;
  /** The rate from step `steps` on, 0 or more. Default 0. */
  readonly to?: number;
  /** Number of steps from `from` to `to`, an integer of 1 or more. */
  readonly steps: number;
  /** The exponent, above 0: 1 is a line; above 1 the rate falls fastest at the start, below 1 at the end. Default 1. */
  readonly power?: number;
}

/**
 * Polynomial decay from `from` to `to`: a power of the remaining fraction of the run. The rate then stays at `to`.
 *
 * `rate(t) = to + (from − to) · (1 − min(t, steps) / steps)^power`
 *
 * PyTorch's `PolynomialLR` always ends at 0; optax's `polynomial_schedule` and Keras's `PolynomialDecay` (whose end is
 * 0.0001 by default) are the same. Keras's `cycle` is not offered.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Chen et al., DeepLab, PAMI 2018, section 4.1, there with power 0.9.
 * @example
 * const rate = polynomialDecay({ from: 0.1, steps: 10, power: 2 });
 * [rate(0), rate(5), rate(10)]; // [0.1, 0.025, 0]
 */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("polynomialDecay", arguments, 1);
  const { from, to, steps, power } = readScheduleOptions("polynomialDecay", options, {
    from: neededRate,
    to: fixed(0, { from: 0 }),
    steps: neededSteps,
    power: fixed(1, { from: 0, above: true }),
  });
  return makeSchedule("polynomialDecay", (t, a) => {
    const left = a.sub(1, a.div(a.min(t, steps), steps));
    return mix(a, to, from, a.pow(left, power));
  });
}
