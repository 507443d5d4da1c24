import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { zeros, zerosLike } from "../../array/create.ts";
import { add, astype, div, equal, where } from "../../array/elementwise.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { mapLeaves } from "../../../engine/tree/index.ts";
import { checkCount } from "../options.ts";
import {
  checkInit,
  checkUpdate,
  type GeneralOptimizer,
  requireOptimizer,
  type Update,
  type UpdateExtra,
} from "../optimizer.ts";
import { matchParameters, readParameters, rebuild } from "../parameters.ts";
import { checkState } from "../state.ts";
import { largestInt32 } from "../../../engine/ir/plain-number.ts";

/** State of `accumulate`. */
export interface AccumulateState<S> {
  /** Number of micro-batches since the last step. */
  readonly count: Tensor;
  /** Sum of the gradients of the micro-batches since the last step. */
  readonly sum: unknown;
  readonly inner: S;
}

/**
 * Takes a step every k updates, with the mean of the k gradients; in between, the updates are 0. If each loss is the
 * mean over a micro-batch of constant size, this equals the step of a batch that is k times as large, up to rounding.
 *
 * `inner` counts its own steps, so that a schedule counts steps and not micro-batches. Like optax's `MultiSteps`; in
 * PyTorch, divide each loss by k and call `step` every k batches.
 *
 * @throws DownhillError `option` if `inner` is not an optimiser, `range` if k is not an integer of 1 or more.
 * @example
 * const { init, update } = accumulate(sgd({ learningRate: 1 }), 2);
 * const params = { w: tensor(0) };
 * const first = update({ w: tensor(1) }, init(params), params);
 * const second = update({ w: tensor(3) }, first.state, params);
 * [first.updates, second.updates]; // [{ w: 0 }, { w: -2 }]
 */
export function accumulate<S>(inner: GeneralOptimizer<S>, k: number): GeneralOptimizer<AccumulateState<S>> {
  if (arguments.length > 2) refuseExtra("accumulate", arguments, 2);
  requireOptimizer("accumulate", inner, "the first argument");
  checkCount("accumulate", "k", k, { from: 1, to: largestInt32 });
  return {
    ...inner,
    init(params) {
      checkInit("accumulate", arguments);
      const parameters = readParameters("accumulate", params);
      const sum = rebuild(parameters, parameters.tensors.map(zerosLike));
      return { count: zeros([], { dtype: "int32" }), sum, inner: inner.init(params) };
    },
    update<P>(
      grads: P,
      state: AccumulateState<S>,
      params: P,
      extra?: UpdateExtra<P>,
    ): Update<P, AccumulateState<S>> {
      checkUpdate("accumulate", arguments);
      const parameters = readParameters("accumulate", params);
      checkState("accumulate", state, { count: "needed", sum: "needed", inner: "possible" });
      const sums = matchParameters(parameters, "state.sum", state.sum);
      const gradients = matchParameters(parameters, "grads", grads);
      const total = gradients.map((g, i) => add(sums[i]!, g));
      const count = add(astype(state.count, "int32"), 1);
      const isLast = equal(count, k);
      const choose = (a: unknown, b: unknown): Tensor =>
        where(isLast, asTensor(a, "accumulate"), asTensor(b, "accumulate"));
      const mean = rebuild(
        parameters,
        total.map((s) => div(s, k)),
      ) as P;
      // computed each time and discarded between steps, because a program cannot skip it
      const step = inner.update(mean, state.inner, params, extra);
      const updates = matchParameters(parameters, "updates", step.updates);
      return {
        updates: rebuild(
          parameters,
          updates.map((u) => choose(u, zerosLike(u))),
        ) as P,
        state: {
          count: choose(zerosLike(count), count),
          sum: rebuild(
            parameters,
            total.map((s) => choose(zerosLike(s), s)),
          ),
          inner: mapLeaves("accumulate", choose, step.state, state.inner) as S,
        },
      };
    },
  };
}
