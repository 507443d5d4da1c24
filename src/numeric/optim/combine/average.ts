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
  /** Decay rate of the mean, from 0 to 1. Default 0.999. */
  readonly decay?: number;
}

/**
 * Keeps an exponential moving average of the parameters, `ā ← decay · ā + (1 − decay) · θ`, in the `average` of its
 * state. It does not change the updates and belongs last in a chain. The first update copies the parameters into the
 * average.
 *
 * Like PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`. optax's `ema` differs: it averages updates.
 *
 * @throws DownhillError `option` for an unknown option, `range` if `decay` is not from 0 to 1.
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
  /** Number of updates before averaging starts. Default 0. */
  readonly start?: number;
  /**
   * Number of updates from one averaged point to the next. For a cyclic learning rate, use the length of its cycle.
   * Default 1.
   */
  readonly every?: number;
}

/**
 * Stochastic weight averaging: keeps the arithmetic mean of the parameters after the updates `start + every`,
 * `start + 2 · every`, … in the `average` of its state. It does not change the updates and belongs last in a chain.
 * Before update `start + every`, the average is the current parameters.
 *
 * Like PyTorch's `AveragedModel`. Batch normalisation statistics must be recomputed for the averaged parameters.
 *
 * @throws DownhillError `option` for an unknown option, `range` if `start` is not an integer of 0 or more or `every`
 * not of 1 or more.
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
    const since = sub(add(step, 1), start); // updates since `start`, this one included
    const counts = logicalAnd(greater(since, 0), equal(rem(since, every), 0));
    const n = maximum(div(astype(since, x.dtype), every), 1); // number of averaged parameters, including these
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
