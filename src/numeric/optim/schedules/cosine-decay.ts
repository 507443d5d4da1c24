import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { fixed, oneOf } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { halfCosine, mix } from "./arithmetic.ts";
import { makeSchedule } from "./define.ts";
import { neededRate, neededSteps, readScheduleOptions } from "./options.ts";

/** Options of `cosineDecay`. */
export interface CosineDecayOptions {
  /** The rate of the first step, 0 or more. */
  readonly from: number;
  /** The rate at step `steps`, 0 or more. Default 0. */
  readonly to?: number;
  /** Number of steps from `from` to `to`, an integer of 1 or more. */
  readonly steps: number;
  /**
   * Behaviour after `steps`: the rate stays at `to`, or swings periodically between `from` and `to`. Default "stay".
   */
  readonly after?: "stay" | "swing";
}

/**
 * Half a cosine from `from` down to `to`.
 *
 * `rate(t) = to + (from − to) · (1 + cos(π · min(t, steps) / steps)) / 2`
 *
 * optax's `cosine_decay_schedule` (without its exponent) and Keras's `CosineDecay`, whose `alpha` is `to / from`.
 * PyTorch's `CosineAnnealingLR` (`T_max`, `eta_min`) continues along the cosine after `T_max`, like `after: "swing"`;
 * up to `T_max` both are equal.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Loshchilov & Hutter, SGDR, ICLR 2017, eq. 5, without restarts.
 * @example
 * const rate = cosineDecay({ from: 0.1, steps: 1000 });
 * rate(0);    // 0.1
 * rate(500);  // 0.05
 * rate(1000); // 0
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("cosineDecay", arguments, 1);
  const { from, to, steps, after } = readScheduleOptions("cosineDecay", options, {
    from: neededRate,
    to: fixed(0, { from: 0 }),
    steps: neededSteps,
    after: oneOf("stay", ["stay", "swing"]),
  });
  return makeSchedule("cosineDecay", (t, a) => {
    const inSwing = a.sub(t, a.mul(2 * steps, a.floor(a.div(t, 2 * steps))));
    const part = a.div(after === "stay" ? a.min(t, steps) : inSwing, steps);
    return mix(a, from, to, halfCosine(a, part));
  });
}
