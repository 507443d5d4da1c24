import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkNumber } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { makeSchedule } from "./define.ts";

/**
 * The same rate at every step, 0 or more: `rate(t) = value`. Wherever a schedule is expected, a plain number works too.
 *
 * optax's `constant_schedule`. PyTorch's `ConstantLR` differs: it is a rate that jumps once,
 * `multiStepDecay({ from: factor · rate, factor: 1 / factor, at: [steps] })`.
 *
 * @throws DownhillError `range` if the value is not a finite number of 0 or more.
 * @example
 * const rate = constantRate(0.1);
 * rate(0);    // 0.1
 * rate(1000); // 0.1
 */
export function constantRate(value: number): Schedule {
  if (arguments.length > 1) refuseExtra("constantRate", arguments, 1);
  checkNumber("constantRate", "the rate", value, { from: 0 });
  return makeSchedule("constantRate", (t, { rateOf }) => rateOf(value, t));
}
