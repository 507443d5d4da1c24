import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { fixed, oneOf, type OptionSpec, optional } from "../options.ts";
import { type ScheduleArithmetic, halfCosine, mix, type FormulaOperand } from "./arithmetic.ts";
import type { CycledSchedule } from "./define.ts";
import { makeSchedule } from "./define.ts";
import { neededRate, neededSteps, readScheduleOptions } from "./options.ts";

/** Options of `oneCycle`. */
export interface OneCycleOptions {
  /** The highest rate, 0 or more. */
  readonly max: number;
  /** Length of the whole run in steps, an integer of 1 or more: the last step is `steps − 1`. */
  readonly steps: number;
  /** The rate of the first step, 0 or more. Default `max / 25`. */
  readonly from?: number | null;
  /** The rate of the last step, 0 or more. Default `from / 10000`. */
  readonly to?: number | null;
  /** Fraction of the run in which the rate rises, from 0 to 1. Default 0.3. */
  readonly rise?: number;
  /**
   * Number of phases. With 2, the rate rises and then falls to `to`. With 3, it rises, falls to `from` in an equal
   * number of steps, and falls further to `to`. Default 2.
   */
  readonly phases?: 2 | 3;
  /** Shape of the transitions: half a cosine, or linear. Default "cosine". */
  readonly shape?: "cosine" | "linear";
  /** The momentum at the highest rate, from 0 to 1. Default 0.85. */
  readonly baseMomentum?: number;
  /** The momentum at both ends, from 0 to 1. Default 0.95. */
  readonly maxMomentum?: number;
}

/**
 * One-cycle schedule: the rate rises once and falls for the rest of the run, while the momentum falls and rises.
 *
 * The rate goes from `from` to `max` until step `rise · steps − 1`, then to `to` at step `steps − 1`, where it stays. With
 * three phases it is back at `from` at step `2 · rise · steps − 2`. The schedule's `momentum` goes from `maxMomentum` to
 * `baseMomentum` and back in the first two phases.
 *
 * PyTorch's `OneCycleLR` (`max_lr`, `total_steps`, `pct_start`, `anneal_strategy`, `three_phase`; `from` is
 * `max_lr / div_factor`, `to` is `from / final_div_factor`), which throws after its last step, while this schedule
 * stays at `to`. optax's `cosine_onecycle_schedule` and `linear_onecycle_schedule` reach `max` at step
 * `⌊rise · steps⌋`, one later, and `to` at `steps`; the linear one has a separate length for the phase of falling.
 * Keras has no such schedule. In Smith's paper the first two phases have equal length and are linear; the defaults
 * follow fast.ai.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Smith & Topin, Super-convergence, arXiv 1708.07120, section 3; Smith, arXiv 1803.09820, section 4.
 * @example
 * const rate = oneCycle({ max: 0.1, steps: 100, rise: 0.2 });
 * [rate(0), rate(19), rate(59), rate(99)]; // [0.004, 0.1, 0.050, …e-7]
 * rate.momentum(0); // 0.95
 * const optimizer = injectHyperparameters(sgd, { learningRate: rate, momentum: rate.momentum });
 */
export function oneCycle(options: OneCycleOptions): CycledSchedule {
  if (arguments.length > 1) refuseExtra("oneCycle", arguments, 1);
  const read = readScheduleOptions("oneCycle", options, {
    max: neededRate,
    steps: neededSteps,
    from: optional(fixed(0, { from: 0 })),
    to: optional(fixed(0, { from: 0 })),
    rise: fixed(0.3, { from: 0, to: 1 }),
    phases: { initial: 2, check: checkPhases } satisfies OptionSpec<2 | 3>,
    shape: oneOf("cosine", ["cosine", "linear"]),
    baseMomentum: fixed(0.85, { from: 0, to: 1 }),
    maxMomentum: fixed(0.95, { from: 0, to: 1 }),
  });
  const { max, steps, rise, phases, shape, baseMomentum, maxMomentum } = read;
  const from = read.from ?? max / 25;
  const to = read.to ?? from / 10_000;
  if (phases === 3 && rise > 0.5) {
    throw new DownhillError("range", `oneCycle: rise must be at most 0.5 with three phases, got ${rise}.`);
  }
  const last = steps - 1;
  const ends = phases === 2 ? [rise * steps - 1, last] : [rise * steps - 1, 2 * rise * steps - 2, last];

  /** Value at a step of a course through `values`: the first at step 0, each following one at the end of a phase. */
  const course = <X>(a: ScheduleArithmetic<X>, step: X, values: readonly number[]): X => {
    const t = a.min(step, last);
    const phase = (i: number): X => {
      const [start, end] = [i === 0 ? 0 : ends[i - 1]!, ends[i]!];
      const part: FormulaOperand<X> = start === end ? 1 : a.div(a.sub(t, start), end - start);
      const share = shape === "linear" || part === 1 ? part : halfCosine(a, part as X);
      return mix(a, values[i]!, values[i + 1]!, share);
    };
    // from the last phase to the first: an earlier phase applies up to its end, inclusive
    let value = phase(ends.length - 1);
    for (let i = ends.length - 2; i >= 0; i--) value = a.ifLess(ends[i]!, t, value, phase(i));
    return value;
  };
  const rates = phases === 2 ? [from, max, to] : [from, max, from, to];
  const momenta = [maxMomentum, baseMomentum, maxMomentum, maxMomentum];
  return Object.assign(
    makeSchedule("oneCycle", (t, a) => course(a, t, rates)),
    { momentum: makeSchedule("oneCycle.momentum", (t, a) => course(a, t, momenta)) },
  );
}

function checkPhases(operation: string, option: string, value: unknown): void {
  if (value === 2 || value === 3) return;
  throw new DownhillError("option", `${operation}: ${option} must be 2 or 3, got ${String(value)}.`);
}
