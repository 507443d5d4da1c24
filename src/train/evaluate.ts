import { full } from "../array/create.ts";
import { checkChoice, checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import { type Key, key } from "../random/index.ts";
import { jit } from "../runtime/jit.ts";
import { batchesOf, checkData, type FitData } from "./batches.ts";
import { makeBreather } from "./breathe.ts";
import { itemsOf, makeItemMeans } from "./history.ts";
import { type Loss, type Reduction, splitLoss } from "./loss.ts";
import { numbersOf } from "./step.ts";

/** Means over the items of a data set. */
export interface Evaluation {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly items: number;
}

/** Options of `evaluator`. */
export interface EvaluatorOptions {
  /** Whether the loss is a mean over the items of a batch (default) or their sum. */
  readonly reduction?: Reduction;
}

/**
 * A function that measures a loss and its metrics on data, without training: means over all items of one epoch. The loss
 * is compiled at its first use and kept, so make one and call it often. It is given the key of seed 0 and step 0.
 *
 * @example
 * const evaluate = evaluator((w: Tensor, batch: { x: Tensor }) => mean(square(sub(batch.x, w))));
 * // (0 + 4 + 1) / 3
 * const { loss, items } = await evaluate(tensor(1), [{ x: tensor([1, 3]) }, { x: tensor([0]) }]);
 * [loss, items]; // [1.667, 3]
 */
export function evaluator<P, B>(
  loss: Loss<P, B>,
  options: EvaluatorOptions = {},
): (params: P, data: FitData<B>) => Promise<Evaluation> {
  checkOptions("evaluator", options, ["reduction"]);
  const { reduction = "mean" } = options;
  checkChoice("evaluator", "reduction", reduction, ["mean", "sum"]);
  const call = jit(function evaluate(params: P, batch: B, k: Tensor, step: Tensor) {
    return splitLoss(loss(params, batch, { key: k, step }));
  }) as unknown as (params: P, batch: B, k: Key, step: Tensor) => ReturnType<typeof splitLoss>;
  return async (params, data) => {
    checkData(data);
    const breather = makeBreather();
    const means = makeItemMeans(reduction);
    const zero = full([], 0, { dtype: "int32" });
    for await (const batch of batchesOf(data, 0, undefined)) {
      const out = call(params, batch, key(0), zero);
      means.add(itemsOf(batch), out.loss.item(), numbersOf(out.metrics));
      if (breather.isDue()) await breather.pause();
    }
    return { loss: means.loss, metrics: means.metrics, items: means.items };
  };
}
