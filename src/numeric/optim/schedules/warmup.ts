import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { count, fixed } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { mix } from "./arithmetic.ts";
import { makeSchedule } from "./define.ts";
import { checkPart, needed, readScheduleOptions } from "./options.ts";

/** Options of `warmup`. */
export interface WarmupOptions {
  /** Number of steps until the schedule begins, an integer; 0 for no warm-up. */
  readonly steps: number;
  /** The rate of the first step, 0 or more. Default 0. */
  readonly from?: number;
}

/**
 * Linear warm-up to the first rate of a schedule, followed by that schedule, counted from 0.
 *
 * `rate(t) = from + (schedule(0) − from) · t / steps` for t < steps, then `schedule(t − steps)`
 *
 * With the default `from` of 0, the first update changes nothing; with `from: peak / steps` it takes a step. optax's
 * `warmup_cosine_decay_schedule` and its like (whose `decay_steps` counts the warm-up too), Keras's `warmup_steps`. In
 * PyTorch, a `SequentialLR` of `LinearLR` and the schedule. A `LinearLR` chained with it differs, because the schedule
 * advances during the warm-up: `chained([linearDecay({ from: 0, to: 1, steps }), schedule])`.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Goyal et al., Accurate, large minibatch SGD, arXiv 1706.02677, section 2.2.
 * @example
 * const rate = warmup(cosineDecay({ from: 0.1, steps: 100 }), { steps: 10 });
 * [rate(0), rate(5), rate(10), rate(60), rate(110)]; // [0, 0.05, 0.1, 0.05, 0]
 */
export function warmup(schedule: number | Schedule, options: WarmupOptions): Schedule {
  if (arguments.length > 2) refuseExtra("warmup", arguments, 2);
  checkPart("warmup", "its first argument", schedule);
  const { steps, from } = readScheduleOptions("warmup", options, {
    steps: needed({ check: count(0, {}).check }),
    from: fixed(0, { from: 0 }),
  });
  return makeSchedule("warmup", (t, a) => {
    const rate = a.rateOf(schedule, a.max(0, a.sub(t, steps)));
    return steps === 0 ? rate : mix(a, from, rate, a.min(1, a.div(t, steps)));
  });
}
