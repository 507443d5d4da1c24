import { full, zerosLike } from "../../numeric/array/create.ts";
import { add, div, mul, sqrt } from "../../numeric/array/elementwise.ts";
import { sum } from "../../numeric/array/reduce.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { applyUpdates, type Optimizer, type UpdateExtra } from "../../numeric/optim/index.ts";
import type { KeyWords } from "../../numeric/random/index.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import type { Device } from "../../engine/runtime/index.ts";
import { valueAndGrad } from "../../engine/transforms/index.ts";
import { flatten, mapLeaves } from "../../engine/tree/index.ts";
import { addSums, type ItemSums, itemsOf, meansOf, noItems, sumsOfBatch } from "./history.ts";
import {
  type AnyLoss,
  contextOf,
  keyOf,
  metricNames,
  type Reduction,
  requireDependence,
  splitLoss,
} from "./loss.ts";
import { averageState, nanOf, stateAfter, weighNothing, weighState } from "./model-state.ts";
import type { RankData, MicroBatch, PartSums, Sharding } from "./parallel/sharding.ts";

/** State of a run between two batches, as far as a step needs it. */
export interface TrainingState<P, S> {
  readonly params: P;
  readonly state: S;
  /** State of the model; `null` if it has none. */
  readonly modelState: unknown;
  /** Number of steps taken before. */
  readonly step: number;
  /** Sums over the batches since the last step, if a step takes several. */
  readonly pending: PendingBatches<P> | undefined;
  /** Factor applied to the learning rate. */
  readonly rateScale: number;
}

/** Sums over the batches processed since the last step, which wait for the rest of their step. */
export interface PendingBatches<P> {
  /** Number of batches. */
  readonly count: number;
  /** Sums over these batches, one entry per shard of this rank. */
  readonly parts: readonly PendingPart<P>[];
}

/** Sums of a shard with a micro-batch, and the sums and loss of the micro-batch alone. */
interface AddedPart<P> {
  readonly part: PendingPart<P>;
  readonly own: ItemSums;
  readonly loss: number;
}

/** Summed gradients of the batches of a shard, and the state of the model after them. */
export type PendingPart<P> = PartSums<{ readonly gradients: P; readonly modelState: unknown }>;

/** Result of a step: the new parameters and states, and the numbers to report. */
export interface CompletedStep<P, S> {
  readonly params: P;
  readonly state: S;
  readonly modelState: unknown;
  /**
   * Loss of the step's batches before the step. For several batches, the mean over their items, or the sum if
   * `reduction` is "sum".
   */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly items: number;
  /** 2-norm of the gradient for each leaf, if requested. */
  readonly gradientNorms?: readonly number[];
}

/** Result of processing a batch. */
export interface BatchOutcome<P, S> {
  /** Loss of the batch; with shards, loss of the step. */
  readonly loss: number;
  /** True if loss and step are finite. Otherwise the caller must keep the previous state. */
  readonly isFinite: boolean;
  /**
   * Number of batches that were completed; `sums` is what their items add to the totals of the epoch. With shards, both
   * are known only once a step is complete; until then, no batch counts as completed.
   */
  readonly batches: number;
  readonly sums: ItemSums;
  /** The step that was taken. If none was taken, `pending` holds the batches of the unfinished step. */
  readonly taken: CompletedStep<P, S> | undefined;
  readonly pending: PendingBatches<P> | undefined;
  /** Trees of intermediate tensors that are no longer needed, whose memory the caller may free. */
  readonly spent: readonly unknown[];
}

/** Scalars whose numbers a step needs in order to go on. */
export interface StepQuestion<P, S> {
  readonly scalars: readonly Tensor[];
  /** State after the step, if it does not depend on the numbers. The next step can then begin without them. */
  readonly next: Pick<TrainingState<P, S>, "params" | "state" | "modelState"> | undefined;
}

/**
 * A step that has begun. It asks for the numbers of scalars, which a device returns later, and returns the outcome of
 * the batch.
 */
export type StepRoutine<P, S> = Generator<StepQuestion<P, S>, BatchOutcome<P, S>, readonly number[]>;

/** Processes batches and takes steps. All ranks of a run take the same step. */
export interface Stepper<P, S, B> {
  /** Processes a batch. `again` repeats the last call without the other ranks, to search for the cause of a failure. */
  readonly take: (at: TrainingState<P, S>, batch: B, again?: boolean) => StepRoutine<P, S>;
  /** Takes the step of the batches that are pending at the end of an epoch. */
  readonly finish: (
    at: TrainingState<P, S>,
    pending: PendingBatches<P>,
    again?: boolean,
  ) => StepRoutine<P, S>;
}

/** Runs a step whose scalars are on the processor. */
export function runStep<P, S>(routine: StepRoutine<P, S>): BatchOutcome<P, S> {
  let turn = routine.next();
  while (turn.done !== true) turn = routine.next(turn.value.scalars.map((x) => x.item()));
  return turn.value;
}

/** Settings of `makeStepper`. */
export interface StepperOptions<P, S, B> {
  readonly loss: AnyLoss<P, B>;
  readonly optimizer: Optimizer<P, S>;
  readonly key: KeyWords;
  /** Number of batches per step. */
  readonly accumulate: number;
  readonly reduction: Reduction;
  /** True if the learning rate is multiplied by `rateScale`. */
  readonly isScaled: boolean;
  /** True to compute the norms of gradients. */
  readonly hasNorms: boolean;
  readonly sharding: Sharding;
  /** Splits a batch into the micro-batches of this rank. */
  readonly partsOf: RankData<B>["partsOf"];
  /** Device that computes the steps; undefined for the processor. */
  readonly device: Device | undefined;
}

/** Loss with metrics and the next state of the model, and the gradient. */
type LossAndGradient<P> = [readonly [Tensor, LossAuxiliary], P];
interface LossAuxiliary {
  readonly metrics: Readonly<Record<string, Tensor>>;
  readonly modelState: unknown;
}
type GradientEvaluator<P, B> = (
  params: P,
  modelState: unknown,
  batch: B,
  key: Tensor,
  step: Tensor,
) => LossAndGradient<P>;

/**
 * Creates a stepper whose steps are compiled as a whole. A batch of another shape, such as a short last one, compiles
 * another function. Random numbers of step k depend only on the key, on k, and on two further numbers. These are the
 * index of the batch within the step (if a step takes several), and the shard (if batches are split).
 */
export function makeStepper<P, S, B>(options: StepperOptions<P, S, B>): Stepper<P, S, B> {
  const { loss } = options;
  const evaluate: GradientEvaluator<P, B> = (params, before, batch, key, step) => {
    const objective = (p: P): LossAndGradient<P>[0] => {
      const { metrics, ...result } = splitLoss(loss(p, batch, contextOf(key, step, true, before)));
      requireDependence(result.loss, p);
      return [result.loss, { metrics, modelState: stateAfter(before, result.modelState, true) }];
    };
    return (valueAndGrad(objective, { hasAux: true }) as (p: P) => LossAndGradient<P>)(params);
  };
  return options.accumulate === 1 && options.sharding.count === 1
    ? stepPerBatch(options, evaluate)
    : stepPerParts(options, evaluate);
}

function stepPerBatch<P, S, B>(
  { optimizer, key, isScaled, hasNorms, reduction, device }: StepperOptions<P, S, B>,
  evaluate: GradientEvaluator<P, B>,
): Stepper<P, S, B> {
  const trainStep = (
    params: P,
    state: S,
    before: unknown,
    batch: B,
    stepKey: Tensor,
    step: Tensor,
    scale: Tensor | null,
  ): unknown => {
    const [[value, { metrics, modelState }], grads] = evaluate(params, before, batch, stepKey, step);
    const valueAndGradAt = (p: P): [Tensor, P] => {
      const [[v], g] = evaluate(p, before, batch, stepKey, step);
      return [v, g];
    };
    const extra = { value, valueAndGrad: valueAndGradAt };
    const { updates, state: next } = updateScaled(optimizer, grads, state, params, extra, scale);
    const moved = applyUpdates(params, updates);
    const health = healthOf(moved, modelState);
    const norms = hasNorms ? normsOf(grads) : null;
    return { params: moved, state: next, modelState, loss: value, metrics, health, norms };
  };
  const call = jit(trainStep, { device }) as unknown as (
    params: P,
    state: S,
    before: unknown,
    batch: B,
    stepKey: Tensor,
    step: Tensor,
    scale: number | null,
  ) => LossAuxiliary & { params: P; state: S; loss: Tensor; health: Tensor; norms: Norms };
  return {
    *take({ params, state, modelState, step, rateScale }, batch) {
      const items = itemsOf(batch);
      const scale = isScaled ? rateScale : null;
      const out = call(params, state, modelState, batch, keyOf(key, step, 0), int32(step), scale);
      const next = { params: out.params, state: out.state, modelState: out.modelState };
      const names = Object.keys(out.metrics);
      const scalars = [out.loss, out.health, ...Object.values(out.metrics), ...(out.norms ?? [])];
      const [loss, health, ...rest] = (yield { scalars, next }) as [number, number, ...number[]];
      const metrics = byName(names, rest);
      const norms = out.norms === null ? {} : { gradientNorms: rest.slice(names.length) };
      return {
        loss,
        isFinite: Number.isFinite(loss) && Number.isFinite(health),
        batches: 1,
        sums: sumsOfBatch(items, loss, metrics, reduction),
        taken: { ...next, loss, metrics, items, ...norms },
        pending: undefined,
        spent: [],
      };
    },
    // oxlint-disable-next-line require-yield -- never called
    *finish() {
      throw new DownhillError("internal", "internal: a step of one batch left a part of it pending.");
    },
  };
}

/**
 * Creates a stepper whose steps combine several micro-batches of one or more batches. It uses the gradient of all their
 * items together, so up to rounding the step equals that of one large batch. Micro-batches are weighted by their number
 * of items. For each shard the batches of a step are summed in order; then the shards are summed by their tree. The
 * state of the model passes from batch to batch of a shard. Each shard starts with the state of the step, and the next
 * step starts with the mean over the items of all shards.
 */
function stepPerParts<P, S, B>(
  options: StepperOptions<P, S, B>,
  evaluate: GradientEvaluator<P, B>,
): Stepper<P, S, B> {
  const { loss: lossOf, key, reduction, isScaled, accumulate, sharding, partsOf } = options;
  const isMean = reduction === "mean";
  const isWhole = sharding.count === 1; // Without shards, the result of each batch is known immediately.
  const { addUp, update, weigh, average } = jittedParts(options, evaluate);
  let names: readonly string[] | undefined;

  /** Adds a micro-batch to the sums of a shard. */
  function* addPart(
    { params, step, ...at }: TrainingState<P, S>,
    before: PendingPart<P> | undefined,
    { batch, items, shard }: MicroBatch<B>,
    number: number,
  ): Generator<StepQuestion<P, S>, AddedPart<P>, readonly number[]> {
    const partKey = keyOf(key, step, number, isWhole ? undefined : shard);
    const { gradients: summed = null, modelState: state = at.modelState } = before?.tree ?? {};
    const out = addUp(params, summed, state, batch, partKey, int32(step), items);
    const scalars = [out.loss, out.health, ...Object.values(out.metrics)];
    const [loss, health, ...rest] = (yield { scalars, next: undefined }) as [number, number, ...number[]];
    const own = sumsOfBatch(items, loss, byName(Object.keys(out.metrics), rest), reduction);
    const sums = addSums(before?.sums ?? noItems, own);
    const { gradients, modelState } = out;
    return { part: { sums, tree: { gradients, modelState }, health }, own, loss };
  }
  /** Returns the sums of a shard that has no items: zeros. */
  const noPart = ({ params, modelState }: TrainingState<P, S>, batch: B): PendingPart<P> => {
    names ??= metricNames(lossOf, params, modelState, batch, true);
    const gradients = mapLeaves("fit", (x) => zerosLike(x as Tensor), params) as P;
    const metrics = Object.fromEntries(names.map((name) => [name, 0]));
    return { sums: { items: 0, loss: 0, metrics }, tree: { gradients, modelState }, health: 0 };
  };
  /** Weights the state of the model by the number of items, so that states can be summed over shards. */
  const weighed = (part: PendingPart<P>): PendingPart<P> => {
    const { gradients, modelState } = part.tree;
    if (isWhole || modelState === null) return part;
    const { items } = part.sums;
    const state = items === 0 ? weighNothing(modelState) : weigh(modelState, items);
    return { ...part, tree: { gradients, modelState: state } };
  };

  const finish: Stepper<P, S, B>["finish"] = function* (
    { params, state, modelState: before, step, rateScale },
    { count, parts },
    again,
  ) {
    const summands = parts.map(weighed);
    const total = sharding.sum(step, summands, again === true);
    const { items, metrics, loss: mean } = meansOf(total.sums);
    const loss = isMean ? mean : total.sums.loss;
    const { gradients } = total.tree;
    const out = update(params, state, gradients, items, loss, isScaled ? rateScale : null);
    const modelState =
      isWhole || before === null ? total.tree.modelState : average(total.tree.modelState, before, items);
    const scalars = [out.health, ...(out.norms ?? [])];
    const [health, ...norms] = (yield { scalars, next: undefined }) as [number, ...number[]];
    return {
      loss,
      isFinite: [loss, total.health, health].every(Number.isFinite),
      ...(isWhole ? { batches: 0, sums: noItems } : { batches: count, sums: total.sums }),
      taken: {
        params: out.params,
        state: out.state,
        modelState,
        loss,
        metrics,
        items,
        ...(out.norms === null ? {} : { gradientNorms: norms }),
      },
      pending: undefined,
      spent: [...parts, ...summands, total].map(({ tree }) => tree),
    };
  };
  return {
    finish,
    *take(at, batch, again) {
      const { count = 0, parts: before = [] } = at.pending ?? {};
      const added = [];
      for (const [i, part] of partsOf(batch).entries())
        added.push(
          part.items > 0 || isWhole
            ? yield* addPart(at, before[i], part, count)
            : { part: before[i] ?? noPart(at, part.batch), own: noItems, loss: 0 },
        );
      const pending: PendingBatches<P> = { count: count + 1, parts: added.map(({ part }) => part) };
      const { part, own, loss } = added[0]!;
      const known = { loss, ...(isWhole ? { batches: 1, sums: own } : { batches: 0, sums: noItems }) };
      const isFinite = !isWhole || (Number.isFinite(loss) && Number.isFinite(part.health));
      if (!isFinite || pending.count < accumulate)
        return { ...known, isFinite, taken: undefined, pending, spent: [] };
      const outcome = yield* finish(at, pending, again);
      return isWhole ? { ...outcome, ...known } : outcome;
    },
  };
}

/**
 * Compiles the parts of a step of several micro-batches: summation of gradients, update, weighting and average of
 * states.
 */
function jittedParts<P, S, B>(
  { optimizer, reduction, hasNorms, device }: StepperOptions<P, S, B>,
  evaluate: GradientEvaluator<P, B>,
): {
  readonly addUp: (
    params: P,
    before: P | null,
    modelState: unknown,
    batch: B,
    partKey: Tensor,
    step: Tensor,
    items: number,
  ) => LossAuxiliary & { loss: Tensor; gradients: P; health: Tensor };
  readonly update: (
    params: P,
    state: S,
    gradients: P,
    items: number,
    value: number,
    scale: number | null,
  ) => { params: P; state: S; health: Tensor; norms: Norms };
  readonly weigh: typeof weighState;
  readonly average: typeof averageState;
} {
  const isMean = reduction === "mean";
  const addGradients = (
    params: P,
    before: P | null,
    stateBefore: unknown,
    batch: B,
    partKey: Tensor,
    step: Tensor,
    items: Tensor,
  ): unknown => {
    const [[loss, beside], grads] = evaluate(params, stateBefore, batch, partKey, step);
    const weigh = (g: unknown): Tensor => (isMean ? mul(g as Tensor, items) : (g as Tensor));
    const gradients =
      before === null
        ? mapLeaves("fit", weigh, grads)
        : mapLeaves("fit", (g, sumOfG) => add(sumOfG as Tensor, weigh(g)), grads, before);
    return { loss, ...beside, gradients, health: healthOf(gradients, beside.modelState) };
  };
  const updateStep = (
    params: P,
    state: S,
    gradients: P,
    items: Tensor,
    value: Tensor,
    scale: Tensor | null,
  ): unknown => {
    const grads = isMean ? mapLeaves("fit", (g) => div(g as Tensor, items), gradients) : gradients;
    const { updates, state: next } = updateScaled(optimizer, grads as P, state, params, { value }, scale);
    const moved = applyUpdates(params, updates);
    const norms = hasNorms ? normsOf(grads) : null;
    return { params: moved, state: next, health: healthOf(moved), norms };
  };
  const on = (f: (...args: never[]) => unknown): unknown => jit(f as never, { device });
  return {
    addUp: on(addGradients),
    update: on(updateStep),
    weigh: on(weighState),
    average: on(averageState),
  } as never;
}

/**
 * Computes an update. `scale` is the factor for the learning rate; `null` for none.
 *
 * @throws DownhillError `option` if there is a scale and the optimiser never reads `extra.rateScale`.
 */
function updateScaled<P, S>(
  optimizer: Optimizer<P, S>,
  grads: P,
  state: S,
  params: P,
  extra: UpdateExtra<P>,
  scale: Tensor | null,
): { readonly updates: P; readonly state: S } {
  if (scale === null) return optimizer.update(grads, state, params, extra);
  let isAsked = false;
  const next = optimizer.update(grads, state, params, {
    ...extra,
    get rateScale() {
      isAsked = true;
      return scale;
    },
  });
  if (isAsked) return next;
  throw new DownhillError(
    "option",
    "fit: the optimiser does not read extra.rateScale, so plateau cannot lower its learning rate. " +
      "Multiply the rate by it in update, or omit plateau.",
  );
}

/**
 * Returns the sum of all elements of all leaves, which is infinite or NaN if any of them is, and NaN if the state of
 * the model contains NaN.
 */
function healthOf(tree: unknown, modelState: unknown = null): Tensor {
  const health = (flatten(tree, "fit").leaves as Tensor[]).map((x) => sum(x)).reduce((a, b) => add(a, b));
  const nan = nanOf(modelState);
  return nan === undefined ? health : add(health, nan);
}

/** 2-norm of the gradient for each leaf; `null` if norms are not requested. */
type Norms = readonly Tensor[] | null;

function normsOf(gradients: unknown): Tensor[] {
  return (flatten(gradients, "fit").leaves as Tensor[]).map((g) => sqrt(sum(mul(g, g))));
}

/** Pairs names with numbers, in order. */
export function byName(names: readonly string[], numbers: readonly number[]): Record<string, number> {
  return Object.fromEntries(names.map((name, i) => [name, numbers[i]!]));
}

function int32(n: number): Tensor {
  return full([], n, { dtype: "int32" });
}
