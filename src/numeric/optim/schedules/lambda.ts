import { refuseExtra } from "../../../engine/errors/arguments.ts";
import type { Schedule } from "../schedule.ts";
import type { TensorFunction } from "./arithmetic.ts";
import { checkFunction, makeSchedule } from "./define.ts";

/**
 * A custom schedule: a function of the step, written over tensors. The schedule also accepts plain numbers (inside
 * `jit` only tensors, because tensors have no known values there).
 *
 * PyTorch's `LambdaLR` multiplies the rate by its function: `chained([rate, lambda(f)])`. Any function of the step is a
 * schedule in optax.
 *
 * @throws DownhillError `option` if it is not a function.
 * @example
 * const rate = lambda((step) => mul(0.1, pow(0.95, step)));
 * [rate(0), rate(1)]; // [0.1, 0.095]
 * const first = lambda((step) => where(less(step, 30), 0.1, 0.01));
 * [first(29), first(30)]; // [0.1, 0.01]
 */
export function lambda(rate: TensorFunction): Schedule {
  if (arguments.length > 1) refuseExtra("lambda", arguments, 1);
  checkFunction("lambda", "its argument", rate);
  return makeSchedule("lambda", (t, { apply }) => apply(rate, t));
}
