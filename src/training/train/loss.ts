import { DownhillError, showType } from "../../engine/errors/index.ts";
import { tensor, zeros } from "../../numeric/array/create.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { foldIn, type KeyWords, key } from "../../numeric/random/index.ts";
import { makeProgram } from "../../engine/transforms/make-program.ts";
import { flatten, mapLeaves } from "../../engine/tree/index.ts";

/** Third argument of a loss, after parameters and batch. */
export interface LossContext<M = undefined> {
  /** Random key of this step, two uint32 words. */
  readonly key: Tensor;
  /** Number of steps taken before, int32. */
  readonly step: Tensor;
  /** True in training; false in validation, which should omit dropout and noise. */
  readonly training: boolean;
  /**
   * State that the model carries from batch to batch without learning it, as returned for the previous batch
   * (`modelState` of `fit`).
   */
  readonly modelState: M;
}

/**
 * Result of a loss function: the loss, optional metrics (further scalars to report), and the next state of the model.
 * The state has the structure, shapes and dtypes of the given one.
 */
export type LossResult<M = undefined> =
  | Tensor
  | {
      readonly loss: Tensor;
      readonly metrics?: Readonly<Record<string, Tensor>>;
      readonly modelState?: M;
    };

/** Function to minimise: a scalar of the parameters and a batch. It is traced once and compiled. */
export type Loss<P, B, M = undefined> = (params: P, batch: B, context: LossContext<M>) => LossResult<M>;

/** A loss inside a run, which does not inspect the type of the state. */
export type AnyLoss<P, B> = Loss<P, B, unknown>;

/**
 * Derives the random key of a step, or of one of its batches (`part`, where 0 has the key of the step), or of one of
 * their shards.
 */
export function keyOf(runKey: KeyWords, step: number, part: number, shard?: number): Tensor {
  const ofStep = foldIn(runKey, step);
  const ofPart = part === 0 ? ofStep : foldIn(ofStep, part);
  return tensor(shard === undefined ? ofPart : foldIn(ofPart, shard));
}

/**
 * Returns the names of the metrics that a loss returns for batches like this one, which may be empty. The loss is
 * traced for one item, and nothing is computed.
 */
export function metricNames<P, B>(
  loss: AnyLoss<P, B>,
  params: P,
  modelState: unknown,
  batch: B,
  training: boolean,
): readonly string[] {
  const oneItem = (leaf: unknown): unknown => {
    const { dtype, shape } = asTensor(leaf, "fit");
    return shape.length === 0 ? leaf : zeros([1, ...shape.slice(1)], { dtype });
  };
  let names: readonly string[] = [];
  const trace = (p: P, state: unknown, b: B, k: Tensor, step: Tensor): Tensor => {
    const result = splitLoss(loss(p, b, contextOf(k, step, training, state)));
    names = Object.keys(result.metrics);
    return result.loss;
  };
  const step = zeros([], { dtype: "int32" });
  (makeProgram(trace) as (...args: unknown[]) => unknown)(
    params,
    modelState,
    mapLeaves("fit", oneItem, batch),
    tensor(key(0)),
    step,
  );
  return names;
}

/** Builds the third argument of a loss. A `modelState` of `null` means none. */
export function contextOf(
  drawKey: Tensor,
  step: Tensor,
  training: boolean,
  modelState: unknown,
): LossContext<unknown> {
  return { key: drawKey, step, training, modelState: modelState ?? undefined };
}

/** Way in which a loss combines the losses of the items of a batch: their mean or their sum. */
export type Reduction = "mean" | "sum";

/**
 * Splits the result of a loss function into loss, metrics and state.
 *
 * @throws DownhillError `tree` or `shape` for a result of another form.
 */
export function splitLoss(result: unknown): {
  readonly loss: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
  readonly modelState: unknown;
} {
  if (result instanceof Tensor) return { loss: oneNumber(result), metrics: {}, modelState: undefined };
  if (!hasLoss(result)) {
    if (result instanceof Promise) result.catch(() => {}); // The error below replaces a rejection of this promise.
    throw new DownhillError(
      "tree",
      "fit: the loss must return a scalar tensor, or { loss, metrics, modelState } with scalars by name as metrics." +
        hintOf(result),
    );
  }
  oneNumber(result.loss);
  const { loss, metrics = {}, modelState } = result;
  for (const [name, metric] of Object.entries(metrics)) {
    if (metric instanceof Tensor && metric.ndim === 0) continue;
    const got = metric instanceof Tensor ? showType(metric.type) : `a ${typeof metric}`;
    throw new DownhillError(
      "shape",
      `fit: the metric ${JSON.stringify(name)} must be a scalar tensor, got ${got}. Take its mean or sum.`,
    );
  }
  return { loss, metrics, modelState };
}

/**
 * Checks, while the loss is differentiated, that it depends on the parameters. Otherwise training would not change
 * them.
 *
 * @throws DownhillError `derivative` if it does not
 */
export function requireDependence(loss: Tensor, params: unknown): void {
  const trace = (flatten(params, "fit").leaves[0] as Tensor).tracer?.trace;
  if (loss.tracer?.trace === trace) return;
  throw new DownhillError(
    "derivative",
    "fit: the loss does not depend on the parameters, or only where its derivative is 0, so there is nothing " +
      "to learn. Compute it from the first argument of the loss, not from tensors outside the function.",
  );
}

function oneNumber(loss: Tensor): Tensor {
  if (loss.ndim === 0) return loss;
  throw new DownhillError(
    "shape",
    `fit: the loss is ${showType(loss.type)}, but must be a scalar. Return its mean, or its sum with reduction: "sum".`,
  );
}

function hintOf(result: unknown): string {
  if (result instanceof Promise) return " It is async: read the data beforehand and pass it as data.";
  if (result === undefined) return " It returned nothing: did it forget to return its result?";
  if (typeof result !== "number") return "";
  return ` It returned the plain number ${result}, which does not depend on the parameters: compute with tensors throughout.`;
}

function hasLoss(result: unknown): result is Exclude<LossResult<unknown>, Tensor> {
  return typeof result === "object" && result !== null && "loss" in result && result.loss instanceof Tensor;
}
