import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { fixed } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { makeSchedule } from "./define.ts";
import { neededRate, neededSteps, readScheduleOptions, stepsOr } from "./options.ts";

/** Options of `inverseTimeDecay`. */
export interface InverseTimeDecayOptions {
  /** The rate of the first step, 0 or more. */
  readonly from: number;
  /** Increase of the divisor over `every` steps, 0 or more. Default 1. */
  readonly decay?: number;
  /** Number of steps over which `decay` is added once, an integer of 1 or more. Default 1. */
  readonly every?: number;
}

/**
 * A rate that falls like 1/t.
 *
 * `rate(t) = from / (1 + decay · t / every)`
 *
 * The sum of these rates is infinite and the sum of their squares finite, as the Robbins–Monro theorem requires.
 * Keras's `InverseTimeDecay` (`decay_rate`, `decay_steps`); the `lr_decay` of PyTorch's Adagrad. PyTorch and optax have
 * no such schedule.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Robbins & Monro, A stochastic approximation method, 1951; Bottou, Curtis, Nocedal, SIAM Review 2018, section 4.2.
 * @example
 * const rate = inverseTimeDecay({ from: 0.1, every: 10 });
 * [rate(0), rate(10), rate(90)]; // [0.1, 0.05, 0.01]
 */
export function inverseTimeDecay(options: InverseTimeDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("inverseTimeDecay", arguments, 1);
  const { from, decay, every } = readScheduleOptions("inverseTimeDecay", options, {
    from: neededRate,
    decay: fixed(1, { from: 0 }),
    every: stepsOr(1),
  });
  return makeSchedule("inverseTimeDecay", (t, { add, mul, div }) =>
    div(from, add(1, div(mul(decay, t), every))),
  );
}

/** Options of `inverseSquareRootDecay`. */
export interface InverseSquareRootDecayOptions {
  /** The rate of the first step, 0 or more. */
  readonly from: number;
  /** Number of steps T after which the rate has fallen to `from / √2`; an integer of 1 or more. */
  readonly every: number;
}

/**
 * A rate that falls like 1/√t.
 *
 * `rate(t) = from / √(1 + t / every)`
 *
 * The schedule of the transformer, `d^−½ · min(n^−½, n · W^−1.5)` with n from 1, is a warm-up of W steps and then this:
 * `warmup(inverseSquareRootDecay({ from: peak, every: W }), { from: peak / W, steps: W - 1 })` with `peak = (d·W)^−½`.
 * Called `inverse_sqrt` in fairseq and `rsqrt` elsewhere; PyTorch, Keras and optax have no such schedule.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Vaswani et al., Attention is all you need, NeurIPS 2017, eq. 3.
 * @example
 * const rate = inverseSquareRootDecay({ from: 0.1, every: 10 });
 * [rate(0), rate(30), rate(990)]; // [0.1, 0.05, 0.01]
 */
export function inverseSquareRootDecay(options: InverseSquareRootDecayOptions): Schedule {
  if (arguments.length > 1) refuseExtra("inverseSquareRootDecay", arguments, 1);
  const { from, every } = readScheduleOptions("inverseSquareRootDecay", options, {
    from: neededRate,
    every: neededSteps,
  });
  return makeSchedule("inverseSquareRootDecay", (t, { add, div, sqrt }) =>
    div(from, sqrt(add(1, div(t, every)))),
  );
}
