import { zeros } from "../../array/create.ts";
import {
  add,
  astype,
  div,
  equal,
  greater,
  logicalAnd,
  maximum,
  rem,
  sub,
  where,
} from "../../array/elementwise.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { average } from "../formulas.ts";
import { checkCount, checkNumber } from "../options.ts";
import { checkInit, checkUpdate, type GeneralOptimizer, type Update } from "../optimizer.ts";
import { matchParameters, readParameters, rebuild } from "../parameters.ts";
import { checkState, stepOf } from "../state.ts";

/** State of `ema` and `swa`. */
export interface AverageState {
  /** Number of updates made. */
  readonly step: Tensor;
  /** The averaged parameters, in the structure of the parameters. */
  readonly average: unknown;
}

/** Options of `ema`. */
export interface EmaOptions {
  /** How much of the mean is kept, from 0 to 1. Default 0.999. */
  readonly decay?: number;
}

/**
 * Last in a chain: keeps a running mean of the parameters, `ā ← decay · ā + (1 − decay) · θ`, in the `average` of its
 * state, and changes nothing. The first update copies the parameters into the mean.
 *
 * As PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`. optax's `ema` is something else, a mean of updates.
 *
 * @throws DownhillError `range` if `decay` is not from 0 to 1.
 * @example
 * const { init, update } = chain(sgd({ learningRate: 1 }), ema({ decay: 0.5 }));
 * const params = { w: tensor(4) };
 * const first = update({ w: tensor(4) }, init(params), params);
 * const [, { average }] = first.state;
 * average; // { w: 0 }
 */
export function ema(options: EmaOptions = {}): GeneralOptimizer<AverageState> {
  if (arguments.length > 1) refuseExtra("ema", arguments, 1);
  checkOptions("ema", options, ["decay"]);
  const { decay = 0.999 } = options;
  checkNumber("ema", "decay", decay, { from: 0, to: 1 });
  return averaging("ema", (mean, x, step) => where(equal(step, 0), x, average(mean, x, decay)));
}

/** Options of `swa`. */
export interface SwaOptions {
  /** Number of updates before those that are averaged. Default 0. */
  readonly start?: number;
  /** Take the parameters after every so many updates: those of an epoch, where the rate is cyclic. Default 1. */
  readonly every?: number;
}

/**
 * Last in a chain: keeps the plain mean of the parameters after the updates `start + every`, `start + 2 · every`, … in
 * the `average` of its state, and changes nothing. Until the first of them the average is the last parameters.
 *
 * As PyTorch's `AveragedModel`. Statistics of batch normalisation must be taken anew for the averaged parameters.
 *
 * @throws DownhillError `range` if `start` or `every` is no whole number.
 * @see Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, Averaging weights leads to wider optima and better
 * generalization, UAI 2018.
 */
export function swa(options: SwaOptions = {}): GeneralOptimizer<AverageState> {
  if (arguments.length > 1) refuseExtra("swa", arguments, 1);
  checkOptions("swa", options, ["start", "every"]);
  const { start = 0, every = 1 } = options;
  checkCount("swa", "start", start, { from: 0 });
  checkCount("swa", "every", every, { from: 1 });
  return averaging("swa", (mean, x, step) => {
    const since = sub(add(step, 1), start); // of this update
    const counts = logicalAnd(greater(since, 0), equal(rem(since, every), 0));
    const n = maximum(div(astype(since, x.dtype), every), 1); // number of them with this one
    const next = add(mean, div(sub(x, mean), n));
    return where(counts, next, where(greater(since, every), mean, x));
  });
}

function averaging(
  operation: string,
  next: (mean: Tensor, x: Tensor, step: Tensor) => Tensor,
): GeneralOptimizer<AverageState> {
  return {
    init(params) {
      checkInit(operation, arguments);
      const parameters = readParameters(operation, params);
      return { step: zeros([], { dtype: "int32" }), average: rebuild(parameters, parameters.tensors) };
    },
    update<P>(updates: P, state: AverageState, params: P): Update<P, AverageState> {
      checkUpdate(operation, arguments);
      const parameters = readParameters(operation, params);
      checkState(operation, state, { step: "needed", average: "needed" });
      const step = stepOf(operation, state);
      const changes = matchParameters(parameters, "updates", updates);
      const means = matchParameters(parameters, "state.average", state.average);
      const averages = parameters.tensors.map((x, i) => next(means[i]!, add(x, changes[i]!), step));
      return { updates, state: { step: add(step, 1), average: rebuild(parameters, averages) } };
    },
  };
}
