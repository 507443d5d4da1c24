import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { fixed } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { type ScheduleArithmetic, halfCosine, mix } from "./arithmetic.ts";
import { makeSchedule } from "./define.ts";
import { neededRate, neededSteps, readScheduleOptions } from "./options.ts";

/** Options of `cosineRestarts`. */
export interface CosineRestartsOptions {
  /** The rate at the first step of each run, 0 or more. */
  readonly from: number;
  /** The rate at the end of each run, 0 or more. Default 0. */
  readonly to?: number;
  /** Length of the first run in steps, an integer of 1 or more. */
  readonly firstSteps: number;
  /** Ratio of the length of each run to that of the previous run, 1 or more. Default 1. */
  readonly stepsFactor?: number;
  /** Factor of the height above `to` at each restart, 0 or more. Default 1. */
  readonly fromFactor?: number;
}

/**
 * Cosine decay with warm restarts: runs of half a cosine from `from` down to `to`, with a jump back up between them.
 *
 * `rate(t) = to + (from − to) · fromFactorⁿ · (1 + cos(π · u / T)) / 2` in run n from 0, of length
 * `T = firstSteps · stepsFactorⁿ`, u steps after its start. `to` itself is not reached, because the next run begins at
 * that step.
 *
 * PyTorch's `CosineAnnealingWarmRestarts` (`T_0`, `T_mult`, `eta_min`; no `fromFactor`) and Keras's
 * `CosineDecayRestarts` (`first_decay_steps`, `t_mul`, 2 by default, and `m_mul`, which also scales `to`, because its
 * `alpha` is `to / from`). optax's `sgdr_schedule` is a list of cosines. The paper counts fractional epochs, like
 * `perEpoch(…, stepsPerEpoch, { fractional: true })`. The start of a run is exact, without the rounding errors of the
 * logarithm in PyTorch's `step(epoch)`.
 *
 * @throws DownhillError `option` for a missing or unknown option, `range` for a number out of range.
 * @see Loshchilov & Hutter, SGDR, ICLR 2017, eq. 5 and section 3.
 * @example
 * const rate = cosineRestarts({ from: 0.1, firstSteps: 10, stepsFactor: 2 });
 * [rate(0), rate(5), rate(10), rate(20), rate(30)]; // [0.1, 0.05, 0.1, 0.05, 0.1]
 */
export function cosineRestarts(options: CosineRestartsOptions): Schedule {
  if (arguments.length > 1) refuseExtra("cosineRestarts", arguments, 1);
  const { from, to, firstSteps, stepsFactor, fromFactor } = readScheduleOptions("cosineRestarts", options, {
    from: neededRate,
    to: fixed(0, { from: 0 }),
    firstSteps: neededSteps,
    stepsFactor: fixed(1, { from: 1 }),
    fromFactor: fixed(1, { from: 0 }),
  });
  return makeSchedule("cosineRestarts", (t, a) => {
    const run = runOf(a, t, firstSteps, stepsFactor);
    const start = startOf(a, run, firstSteps, stepsFactor);
    const length = a.mul(firstSteps, a.pow(stepsFactor, run));
    const height = a.mul(from - to, a.pow(fromFactor, run));
    const share = halfCosine(a, a.div(a.sub(t, start), length));
    return mix(a, fromFactor === 1 ? from : a.add(to, height), to, share);
  });
}

/** Number of the run, from 0, that contains step t. */
function runOf<X>(a: ScheduleArithmetic<X>, t: X, firstSteps: number, factor: number): X {
  if (factor === 1) return a.floor(a.div(t, firstSteps));
  const x = a.add(1, a.mul(factor - 1, a.div(t, firstSteps)));
  const guess = a.floor(a.div(a.log(x), Math.log(factor)));
  // the logarithm may be off by one ulp at the very start of a run
  const start = startOf(a, guess, firstSteps, factor);
  const next = startOf(a, a.add(guess, 1), firstSteps, factor);
  return a.ifLess(t, start, a.sub(guess, 1), a.ifLess(t, next, guess, a.add(guess, 1)));
}

/** The first step of a run: `firstSteps · (1 + factor + … )`. */
function startOf<X>(a: ScheduleArithmetic<X>, run: X, firstSteps: number, factor: number): X {
  if (factor === 1) return a.mul(firstSteps, run);
  return a.mul(firstSteps, a.div(a.sub(a.pow(factor, run), 1), factor - 1));
}
