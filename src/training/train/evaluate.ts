import { full, tensor } from "../../numeric/array/create.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { key } from "../../numeric/random/index.ts";
import type { Device } from "../../engine/runtime/index.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import { requireFunction } from "../../engine/transforms/arguments.ts";
import { batchesOf, checkData, type FitData } from "./batches.ts";
import { makeBreather } from "./breathe.ts";
import { addSums, type Evaluation, type ItemSums, meansOf, noItems, sumsOfBatch } from "./history.ts";
import { type AnyLoss, contextOf, type Loss, metricNames, type Reduction, splitLoss } from "./loss.ts";
import { stateAfter } from "./model-state.ts";
import { type Sharding, unsharded } from "./parallel/sharding.ts";
import { mostInFlight, readNumbers } from "./resident.ts";
import { byName } from "./step.ts";

/** Options of `evaluator`. */
export interface EvaluatorOptions {
  /** Reduction of the loss over the items of a batch: their mean (default) or sum. */
  readonly reduction?: Reduction;
}

/**
 * Returns a function that measures a loss and its metrics on data without training, as means over all items of one
 * epoch. The loss is compiled at the first call, so create one evaluator and call it often. The loss receives
 * `training: false`, step 0 and the key of seed 0.
 *
 * A model with a state is measured with it: `evaluate(params, data, { modelState })`. The state that the loss returns
 * for one batch is passed to the next, and the last one is `modelState` of the result. The given state is not changed.
 *
 * @example
 * const evaluate = evaluator((w: Tensor, batch: { x: Tensor }) => mean(square(sub(batch.x, w))));
 * // (0 + 4 + 1) / 3
 * const { loss, items } = await evaluate(tensor(1), [{ x: tensor([1, 3]) }, { x: tensor([0]) }]);
 * [loss, items]; // [1.667, 3]
 */
export function evaluator<P, B, M = undefined>(
  loss: Loss<P, B, M>,
  options: EvaluatorOptions = {},
): Evaluate<P, B, M> {
  if (arguments.length > 2) refuseExtra("evaluator", arguments, 2);
  requireFunction("evaluator", loss, "evaluator((params, batch) => …)");
  checkOptions("evaluator", options, ["reduction"]);
  const { reduction = "mean" } = options;
  checkChoice("evaluator", "reduction", reduction, ["mean", "sum"]);
  const evaluate = evaluatorAt(loss as AnyLoss<P, B>, reduction, unsharded());
  const measure = async (params: P, data: FitData<B>, given: { modelState?: M } = {}): Promise<unknown> => {
    checkData(data, "evaluator: data");
    checkOptions("evaluator", given, ["modelState"]);
    const modelState = given.modelState ?? null;
    const { evaluation, stateAfterAll } = await evaluate({ params, modelState }, data, { epoch: 0, step: 0 });
    return stateAfterAll === null ? evaluation : { ...evaluation, modelState: stateAfterAll };
  };
  return measure as Evaluate<P, B, M>;
}

/** Function returned by `evaluator`. */
export type Evaluate<P, B, M = undefined> = [M] extends [undefined]
  ? (params: P, data: FitData<B>) => Promise<Evaluation>
  : (
      params: P,
      data: FitData<B>,
      given: { readonly modelState: M },
    ) => Promise<Evaluation & { readonly modelState: M }>;

/** Parameters and state of a model. A `modelState` of `null` means that it has none. */
export interface ModelSnapshot<P> {
  readonly params: P;
  readonly modelState: unknown;
}

/**
 * Position in a run at which to measure: the epoch of the data, and the step number passed to the loss. The signal ends
 * the measurement early, except with several ranks.
 */
export interface EvaluationContext {
  readonly epoch: number;
  readonly step: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Means of a measurement, and the state of the model after the last batch (of the first shard of this rank, if there
 * are shards).
 */
export interface EvaluationResult {
  readonly evaluation: Evaluation;
  readonly stateAfterAll: unknown;
}

/** Measurement of a batch whose numbers may arrive later: its loss, then its metrics. */
interface PendingMeasure {
  readonly shard: number;
  readonly items: number;
  readonly names: readonly string[];
  readonly numbers: readonly number[] | Promise<readonly number[]>;
}

/**
 * Like `evaluator`, but measures at any position of a run, splits batches into shards, and averages over the items of
 * all ranks.
 */
export function evaluatorAt<P, B>(
  loss: AnyLoss<P, B>,
  reduction: Reduction,
  { own, sumItems, ranks: { size } }: Sharding,
  device?: Device,
): (model: ModelSnapshot<P>, data: FitData<B>, at: EvaluationContext) => Promise<EvaluationResult> {
  const evaluate = (params: P, before: unknown, batch: B, k: Tensor, step: Tensor): unknown => {
    const { modelState, ...result } = splitLoss(loss(params, batch, contextOf(k, step, false, before)));
    return { ...result, modelState: stateAfter(before, modelState, false) };
  };
  const call = jit(evaluate, { device }) as unknown as (
    params: P,
    before: unknown,
    batch: B,
    k: Tensor,
    step: Tensor,
  ) => ReturnType<typeof splitLoss>;
  const seed = tensor(key(0));
  return async ({ params, modelState }, data, { step, epoch, signal }) => {
    const atStep = full([], step, { dtype: "int32" });
    const breather = makeBreather();
    const { data: ownData, partsOf } = own(data);
    // Only a single rank may stop at the signal: a rank that read less than the others would average over other items.
    const place = { epoch, signal: size === 1 ? signal : undefined };
    let sums: ItemSums[] = [];
    const states: unknown[] = [];
    const pending: PendingMeasure[] = [];
    const settle = async (most: number): Promise<void> => {
      while (pending.length > most) {
        const { shard, items, names, numbers } = pending.shift()!;
        const [mean, ...metrics] = (await numbers) as [number, ...number[]];
        const added = sumsOfBatch(items, mean, byName(names, metrics), reduction);
        sums[shard] = addSums(sums[shard]!, added);
      }
    };
    let last: B | undefined;
    for await (const batch of batchesOf(ownData, place)) {
      last = batch;
      for (const [i, part] of partsOf(batch).entries()) {
        sums[i] ??= noItems;
        if (part.items === 0) continue;
        const out = call(params, i in states ? states[i] : modelState, part.batch, seed, atStep);
        states[i] = out.modelState;
        const numbers = readNumbers([out.loss, ...Object.values(out.metrics)]);
        pending.push({ shard: i, items: part.items, names: Object.keys(out.metrics), numbers });
      }
      await settle(device === undefined ? 0 : mostInFlight);
      if (breather.isDue()) await breather.pause();
    }
    await settle(0);
    if (last !== undefined && sums.every(({ items }) => items === 0)) {
      // The batches of this rank are empty, but other ranks have items and metrics.
      const names = metricNames(loss, params, modelState, last, false);
      sums = sums.map((none) => ({ ...none, metrics: Object.fromEntries(names.map((name) => [name, 0])) }));
    }
    return { evaluation: meansOf(sumItems(step, sums)), stateAfterAll: 0 in states ? states[0] : modelState };
  };
}
