import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import { fixed, oneOf, type OptionSpec, optional } from "../options.ts";
import { type ScheduleArithmetic, mix, type TensorFunction } from "./arithmetic.ts";
import type { CycledSchedule } from "./define.ts";
import { checkFunction, makeSchedule } from "./define.ts";
import { neededRate, readScheduleOptions, stepsOr } from "./options.ts";

/** Options of `cyclic`. */
export interface CyclicOptions {
  /** The lowest rate, which is that of the first step; 0 or more. */
  readonly base: number;
  /** The rate at the top of the first cycle, `base` or more. */
  readonly max: number;
  /** Number of steps from `base` to `max`, an integer of 1 or more. Default 2000. */
  readonly stepSizeUp?: number;
  /** Number of steps from `max` back to `base`, an integer of 1 or more. Default: `stepSizeUp`. */
  readonly stepSizeDown?: number | null;
  /**
   * Heights of the cycles: all equal (`triangular`), each half of the previous one (`triangular2`), or decaying by the
   * factor `gamma` per step (`exp_range`). Default "triangular".
   */
  readonly mode?: "triangular" | "triangular2" | "exp_range";
  /** γ of `exp_range`, above 0 and up to 1. Default 1. */
  readonly gamma?: number;
  /** Custom height instead of `mode`, as a fraction of `max − base`: a function over tensors. */
  readonly amplitude?: TensorFunction | null;
  /** Argument of `amplitude`: the number of the cycle, from 1, or the step. Default "cycle". */
  readonly amplitudeOf?: "cycle" | "step";
  /** The momentum at the top of the first cycle, from 0 to 1. Default 0.8. */
  readonly baseMomentum?: number;
  /** The momentum at `base`, from 0 to 1. Default 0.9. */
  readonly maxMomentum?: number;
}

/**
 * A rate that rises and falls linearly in cycles, changing at every batch, while the momentum falls and rises.
 *
 * `rate(t) = base + (max − base) · s · A` with s from 0 up to 1 in `stepSizeUp` steps and down to 0 in `stepSizeDown`,
 * and A = 1 (`triangular`), `1 / 2^(cycle − 1)` (`triangular2`), `gamma^t` (`exp_range`) or `amplitude`. The schedule's
 * `momentum` is `maxMomentum − (maxMomentum − baseMomentum) · s · A`.
 *
 * The paper's `stepsize`, half a cycle, is best 2 to 10 times the number of batches in an epoch. PyTorch's `CyclicLR`
 * (`base_lr`, `max_lr`, `scale_fn`, `scale_mode` "cycle" or "iterations"); Keras and optax have no such schedule.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Smith, Cyclical learning rates for training neural networks, WACV 2017, arXiv 1506.01186, section 3.
 * @example
 * const rate = cyclic({ base: 0.001, max: 0.006, stepSizeUp: 4 });
 * [rate(0), rate(2), rate(4), rate(6), rate(8)]; // [0.001, 0.0035, 0.006, 0.0035, 0.001]
 * rate.momentum(4); // 0.8
 * const optimizer = injectHyperparameters(sgd, { learningRate: rate, momentum: rate.momentum });
 * const lower = cyclic({ base: 0, max: 1, stepSizeUp: 4, amplitude: (cycle) => div(1, cycle) });
 * [lower(4), lower(12), lower(20)]; // [1, 0.5, 0.333]
 */
export function cyclic(options: CyclicOptions): CycledSchedule {
  if (arguments.length > 1) refuseExtra("cyclic", arguments, 1);
  const read = readScheduleOptions("cyclic", options, {
    base: neededRate,
    max: neededRate,
    stepSizeUp: stepsOr(2000),
    stepSizeDown: optional(stepsOr(1)),
    mode: oneOf("triangular", ["triangular", "triangular2", "exp_range"]),
    gamma: fixed(1, { from: 0, to: 1, above: true }),
    amplitude: optional<TensorFunction>({ initial: () => 1, check: checkFunction }),
    amplitudeOf: oneOf("cycle", ["cycle", "step"]),
    baseMomentum: fixed(0.8, { from: 0, to: 1 }),
    maxMomentum: fixed(0.9, { from: 0, to: 1 }),
  } satisfies { [K in keyof CyclicOptions]-?: OptionSpec<Required<CyclicOptions>[K]> });
  const { base, max, stepSizeUp: up, mode, gamma, amplitude, amplitudeOf, baseMomentum, maxMomentum } = read;
  if (max < base) {
    throw new DownhillError("range", `cyclic: max must be base (${base}) or more, got ${max}.`);
  }
  if (amplitude !== null && options.mode !== undefined) {
    throw new DownhillError("option", "cyclic: amplitude replaces mode. Give only one of them.");
  }
  if (amplitude === null && options.amplitudeOf !== undefined) {
    throw new DownhillError("option", "cyclic: amplitudeOf is the argument of amplitude, which is missing.");
  }
  const down = read.stepSizeDown ?? up;

  /** Height of the rate above `base`, as a fraction of `max − base`. */
  const height = <X>(t: X, a: ScheduleArithmetic<X>): X => {
    const cycle = a.floor(a.div(t, up + down)); // from 0
    const place = a.sub(t, a.mul(up + down, cycle));
    const share = a.min(a.div(place, up), a.div(a.sub(up + down, place), down));
    if (amplitude !== null) {
      return a.mul(share, a.apply(amplitude, amplitudeOf === "step" ? t : a.add(cycle, 1)));
    }
    switch (mode) {
      case "triangular":
        return share;
      case "triangular2":
        return a.mul(share, a.pow(0.5, cycle));
      case "exp_range":
        return a.mul(share, a.pow(gamma, t));
      default:
        return assertNever(mode, "cyclic");
    }
  };
  return Object.assign(
    makeSchedule("cyclic", (t, a) => mix(a, base, max, height(t, a))),
    { momentum: makeSchedule("cyclic.momentum", (t, a) => mix(a, maxMomentum, baseMomentum, height(t, a))) },
  );
}
