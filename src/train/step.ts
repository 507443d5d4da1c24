import { full } from "../array/create.ts";
import { add, div, mul } from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import { DownhillError } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { applyUpdates, type Optimizer, type UpdateExtra } from "../optim/index.ts";
import type { Key } from "../random/index.ts";
import { makeJitted as jit } from "../runtime/jitted.ts";
import { valueAndGrad } from "../transforms/grad.ts";
import { flatten, mapLeaves } from "../tree/index.ts";
import { addBatch, type ItemSums, meansOf, noItems } from "./history.ts";
import { keyOf, type Loss, type Reduction, requireDependence, splitLoss } from "./loss.ts";

/** Where a run stands between two batches, as far as a step needs to know. */
export interface Standing<P, S> {
  readonly params: P;
  readonly state: S;
  /** Steps taken before. */
  readonly step: number;
  /** What the batches since the last step have added up to, where several make one step. */
  readonly pending: Pending<P> | undefined;
  /** What the learning rate is multiplied by. */
  readonly rateScale: number;
}

/** Batches that wait for the others of their step. */
export interface Pending<P> {
  /** Number of them. */
  readonly count: number;
  /** Their gradients, each times the number of its items where losses are means. */
  readonly gradients: P;
  readonly sums: ItemSums;
}

/** A step that was taken. */
export interface Taken<P, S> {
  readonly params: P;
  readonly state: S;
  /** The loss of its batches before it: of one batch as it is, of several their mean over items (or sum). */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly items: number;
}

/** What a batch led to. */
export interface Outcome<P, S> {
  /** The loss of the batch. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether loss and step are finite. If not, keep what was before. */
  readonly isFinite: boolean;
  /** The step, or what is pending instead. */
  readonly taken: Taken<P, S> | undefined;
  readonly pending: Pending<P> | undefined;
}

/** Takes batches and makes steps of them. */
export interface Stepper<P, S, B> {
  readonly take: (at: Standing<P, S>, batch: B, items: number) => Outcome<P, S>;
  /** The step of the batches that are pending when an epoch ends. */
  readonly finish: (at: Standing<P, S>, pending: Pending<P>) => Outcome<P, S>;
}

/** What steps are made of. */
export interface StepperOptions<P, S, B> {
  readonly loss: Loss<P, B>;
  readonly optimizer: Optimizer<P, S>;
  readonly key: Key;
  /** Batches a step. */
  readonly accumulate: number;
  readonly reduction: Reduction;
  /** Whether the learning rate is scaled. */
  readonly isScaled: boolean;
}

/** The loss with its metrics, and the gradient. */
type Evaluated<P> = [readonly [Tensor, Readonly<Record<string, Tensor>>], P];
type Evaluate<P, B> = (params: P, batch: B, key: Tensor, step: Tensor) => Evaluated<P>;

/**
 * Steps compiled as a whole: a batch of another shape, such as the short last one, compiles another. Random numbers of step
 * k depend on the key and k alone (and on the number of the batch within the step, where several make one).
 */
export function makeStepper<P, S, B>(options: StepperOptions<P, S, B>): Stepper<P, S, B> {
  const { loss } = options;
  const evaluate: Evaluate<P, B> = (params, batch, key, step) => {
    const objective = (p: P): Evaluated<P>[0] => {
      const result = splitLoss(loss(p, batch, { key, step, training: true }));
      requireDependence(result.loss, p);
      return [result.loss, result.metrics];
    };
    return (valueAndGrad(objective, { hasAux: true }) as (p: P) => Evaluated<P>)(params);
  };
  return options.accumulate === 1
    ? stepPerBatch(options, evaluate)
    : stepPerBatches(options, evaluate, options.accumulate);
}

function stepPerBatch<P, S, B>(
  { optimizer, key, isScaled }: StepperOptions<P, S, B>,
  evaluate: Evaluate<P, B>,
): Stepper<P, S, B> {
  const call = jit(function trainStep(
    params: P,
    state: S,
    batch: B,
    stepKey: Tensor,
    step: Tensor,
    scale: Tensor | null,
  ) {
    const [[value, metrics], grads] = evaluate(params, batch, stepKey, step);
    const valueAndGradAt = (p: P): [Tensor, P] => {
      const [[v], g] = evaluate(p, batch, stepKey, step);
      return [v, g];
    };
    const extra = { value, valueAndGrad: valueAndGradAt };
    const { updates, state: next } = updateScaled(optimizer, grads, state, params, extra, scale);
    const moved = applyUpdates(params, updates);
    return { params: moved, state: next, loss: value, metrics, health: healthOf(moved) };
  }) as unknown as (
    params: P,
    state: S,
    batch: B,
    stepKey: Tensor,
    step: Tensor,
    scale: number | null,
  ) => { params: P; state: S; loss: Tensor; metrics: Readonly<Record<string, Tensor>>; health: Tensor };
  return {
    take({ params, state, step, rateScale }, batch, items) {
      const scale = isScaled ? rateScale : null;
      const out = call(params, state, batch, keyOf(key, step, 0), int32(step), scale);
      const [loss, metrics] = [out.loss.item(), numbersOf(out.metrics)];
      return {
        loss,
        metrics,
        isFinite: Number.isFinite(loss) && Number.isFinite(out.health.item()),
        taken: { params: out.params, state: out.state, loss, metrics, items },
        pending: undefined,
      };
    },
    finish: () => {
      throw new DownhillError("internal", "internal: a step of one batch left a part of it pending.");
    },
  };
}

/**
 * A step every `most` batches, by the gradient of their items together: the step of one batch that holds them all, to the
 * rounding of the sum. Each batch weighs as much as it has items.
 */
function stepPerBatches<P, S, B>(
  { optimizer, key, reduction, isScaled }: StepperOptions<P, S, B>,
  evaluate: Evaluate<P, B>,
  most: number,
): Stepper<P, S, B> {
  const isMean = reduction === "mean";
  const addUp = jit(function addGradients(
    params: P,
    before: P | null,
    batch: B,
    batchKey: Tensor,
    step: Tensor,
    items: Tensor,
  ) {
    const [[loss, metrics], grads] = evaluate(params, batch, batchKey, step);
    const weigh = (g: unknown): Tensor => (isMean ? mul(g as Tensor, items) : (g as Tensor));
    const gradients =
      before === null
        ? mapLeaves("fit", weigh, grads)
        : mapLeaves("fit", (g, sumOfG) => add(sumOfG as Tensor, weigh(g)), grads, before);
    return { loss, metrics, gradients, health: healthOf(gradients) };
  }) as unknown as (
    params: P,
    before: P | null,
    batch: B,
    batchKey: Tensor,
    step: Tensor,
    items: number,
  ) => { loss: Tensor; metrics: Readonly<Record<string, Tensor>>; gradients: P; health: Tensor };

  const update = jit(function updateStep(
    params: P,
    state: S,
    gradients: P,
    items: Tensor,
    value: Tensor,
    scale: Tensor | null,
  ) {
    const grads = isMean ? mapLeaves("fit", (g) => div(g as Tensor, items), gradients) : gradients;
    const { updates, state: next } = updateScaled(optimizer, grads as P, state, params, { value }, scale);
    const moved = applyUpdates(params, updates);
    return { params: moved, state: next, health: healthOf(moved) };
  }) as unknown as (
    params: P,
    state: S,
    gradients: P,
    items: number,
    value: number,
    scale: number | null,
  ) => { params: P; state: S; health: Tensor };

  const finish = ({ params, state, rateScale }: Standing<P, S>, pending: Pending<P>): Outcome<P, S> => {
    const { items, metrics, loss: mean } = meansOf(pending.sums);
    const loss = isMean ? mean : pending.sums.loss;
    const out = update(params, state, pending.gradients, items, loss, isScaled ? rateScale : null);
    return {
      loss,
      metrics,
      isFinite: Number.isFinite(out.health.item()),
      taken: { params: out.params, state: out.state, loss, metrics, items },
      pending: undefined,
    };
  };
  return {
    finish,
    take(at, batch, items) {
      const { count = 0, gradients = null, sums = noItems } = at.pending ?? {};
      const out = addUp(at.params, gradients, batch, keyOf(key, at.step, count), int32(at.step), items);
      const [loss, metrics] = [out.loss.item(), numbersOf(out.metrics)];
      const pending: Pending<P> = {
        count: count + 1,
        gradients: out.gradients,
        sums: addBatch(sums, items, loss, metrics, reduction),
      };
      const isFinite = Number.isFinite(loss) && Number.isFinite(out.health.item());
      if (!isFinite || pending.count < most) return { loss, metrics, isFinite, taken: undefined, pending };
      return { ...finish(at, pending), loss, metrics };
    },
  };
}

/**
 * An update with the learning rate scaled.
 *
 * @throws DownhillError `option` if the optimiser never asks what to scale it by.
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
    "fit: the optimiser does not ask for extra.rateScale, so the plateau has no learning rate to lower. " +
      "Multiply the rate by it in update, or leave plateau out.",
  );
}

/** The sum of all elements of all leaves: infinite or NaN if one of them is. */
function healthOf(tree: unknown): Tensor {
  return (flatten(tree, "fit").leaves as Tensor[]).map((x) => sum(x)).reduce((a, b) => add(a, b));
}

/** Scalars as plain numbers. */
export function numbersOf(metrics: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, x]) => [name, x.item()]));
}

function int32(n: number): Tensor {
  return full([], n, { dtype: "int32" });
}
