import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkCount, flag, readOptions } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { makeSchedule } from "./define.ts";
import { checkPart } from "./options.ts";

/** Options of `perEpoch`. */
export interface PerEpochOptions {
  /**
   * True to count fractions of epochs: 1.5 in the middle of the second epoch. Default false: the rate is constant
   * during an epoch.
   */
  readonly fractional?: boolean;
}

/**
 * Converts a schedule over epochs to one over steps: `schedule(⌊t / stepsPerEpoch⌋)`.
 *
 * In PyTorch, this is `scheduler.step()` once per epoch; `fractional` is `step(epoch + batch / batches)`, as for
 * `cosineRestarts` in its paper.
 *
 * @throws DownhillError `option` for a value that is not a schedule, `range` if `stepsPerEpoch` is not an integer of 1
 * or more.
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
