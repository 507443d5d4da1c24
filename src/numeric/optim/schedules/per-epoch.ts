import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkCount, flag, readOptions } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { makeSchedule } from "./define.ts";
import { checkPart } from "./options.ts";

/** Options of `perEpoch`. */
export interface PerEpochOptions {
  /** Count parts of epochs too: 1.5 in the middle of the second one. Default false: the same rate all through an epoch. */
  readonly fractional?: boolean;
}

/**
 * A schedule that counts epochs, as one of steps: `schedule(⌊t / stepsPerEpoch⌋)`.
 *
 * What PyTorch does where `scheduler.step()` stands in the loop over epochs; `fractional` is
 * `step(epoch + batch / batches)`, as for `cosineRestarts` in its paper.
 *
 * @throws DownhillError `option` for what is no schedule, `range` if `stepsPerEpoch` is not a whole number of 1 or more.
 * @example
 * const rate = perEpoch(stepDecay({ from: 0.1, every: 2 }), 50);
 * [rate(0), rate(99), rate(100)]; // [0.1, 0.1, 0.0100]
 */
export function perEpoch(
  schedule: number | Schedule,
  stepsPerEpoch: number,
  options: PerEpochOptions = {},
): Schedule {
  if (arguments.length > 3) refuseExtra("perEpoch", arguments, 3);
  checkPart("perEpoch", "its first argument", schedule);
  checkCount("perEpoch", "stepsPerEpoch", stepsPerEpoch, { from: 1 });
  const { fractional } = readOptions("perEpoch", options, { fractional: flag(false) });
  return makeSchedule("perEpoch", (t, { div, floor, rateOf }) => {
    const epochs = div(t, stepsPerEpoch);
    return rateOf(schedule, fractional ? epochs : floor(epochs));
  });
}
