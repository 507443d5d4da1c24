import { full, tensor } from "../array/create.ts";
import { refuseExtra } from "../errors/arguments.ts";
import { checkChoice, checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import { key } from "../random/index.ts";
import { makeJitted as jit } from "../runtime/jitted.ts";
import { requireFunction } from "../transforms/arguments.ts";
import { batchesOf, checkData, type FitData } from "./batches.ts";
import { makeBreather } from "./breathe.ts";
import { addBatch, type Evaluation, itemsOf, meansOf, noItems } from "./history.ts";
import { type Loss, type Reduction, splitLoss } from "./loss.ts";
import { numbersOf } from "./step.ts";

/** Options of `evaluator`. */
export interface EvaluatorOptions {
  /** Whether the loss is a mean over the items of a batch (default) or their sum. */
  readonly reduction?: Reduction;
}

/**
 * A function that measures a loss and its metrics on data, without training: means over all items of one epoch. The loss
 * is compiled at its first use and kept, so make one and call it often. It is told `training: false`, step 0 and the key
 * of seed 0.
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
  if (arguments.length > 2) refuseExtra("evaluator", arguments, 2);
  requireFunction("evaluator", loss, "evaluator((params, batch) => …)");
  checkOptions("evaluator", options, ["reduction"]);
  const { reduction = "mean" } = options;
  checkChoice("evaluator", "reduction", reduction, ["mean", "sum"]);
  const evaluate = evaluatorAt(loss, reduction);
  return async (params, data) => {
    checkData(data, "evaluator: data");
    return evaluate(params, data, { epoch: 0, step: 0 });
  };
}

/** Where in a run to measure: which epoch of the data, and the step that the loss is told. */
export interface MeasuredAt {
  readonly epoch: number;
  readonly step: number;
  readonly signal?: AbortSignal | undefined;
}

/** `evaluator` for any place of a run. */
export function evaluatorAt<P, B>(
  loss: Loss<P, B>,
  reduction: Reduction,
): (params: P, data: FitData<B>, at: MeasuredAt) => Promise<Evaluation> {
  const call = jit(function evaluate(params: P, batch: B, k: Tensor, step: Tensor) {
    return splitLoss(loss(params, batch, { key: k, step, training: false }));
  }) as unknown as (params: P, batch: B, k: Tensor, step: Tensor) => ReturnType<typeof splitLoss>;
  const seed = tensor(key(0));
  return async (params, data, { step, ...place }) => {
    const atStep = full([], step, { dtype: "int32" });
    const breather = makeBreather();
    let sums = noItems;
    for await (const batch of batchesOf(data, place)) {
      const out = call(params, batch, seed, atStep);
      sums = addBatch(sums, itemsOf(batch), out.loss.item(), numbersOf(out.metrics), reduction);
      if (breather.isDue()) await breather.pause();
    }
    return meansOf(sums);
  };
}
