import { full } from "../array/create.ts";
import { add } from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import type { Tensor } from "../ir/tensor.ts";
import { applyUpdates, type Optimizer } from "../optim/index.ts";
import { foldIn, type Key } from "../random/index.ts";
import { jit } from "../runtime/jit.ts";
import { valueAndGrad } from "../transforms/grad.ts";
import { flatten } from "../tree/index.ts";
import { type Loss, splitLoss } from "./loss.ts";

/** What a step of training gives. */
export interface StepResult<P, S> {
  readonly params: P;
  readonly state: S;
  /** The loss of the batch before the step. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether loss and step are finite. If not, keep the parameters from before it. */
  readonly isFinite: boolean;
}

/** One step: loss, gradient, update. `step` counts the steps before. */
export type Step<P, S, B> = (params: P, state: S, batch: B, step: number) => StepResult<P, S>;

/**
 * A whole step compiled as one: a batch of another shape, such as the short last one, compiles another. Random numbers of
 * step k depend on the key and k alone.
 */
export function makeStep<P, S, B>(loss: Loss<P, B>, optimizer: Optimizer<P, S>, key: Key): Step<P, S, B> {
  const compiled = jit(function trainStep(params: P, state: S, batch: B, stepKey: Tensor, step: Tensor) {
    const objective = (p: P): readonly [Tensor, Readonly<Record<string, Tensor>>] => {
      const result = splitLoss(loss(p, batch, { key: stepKey, step }));
      return [result.loss, result.metrics];
    };
    const evaluate = valueAndGrad(objective, { hasAux: true }) as (
      p: P,
    ) => [readonly [Tensor, Readonly<Record<string, Tensor>>], P];
    const [[value, metrics], grads] = evaluate(params);
    const { updates, state: next } = optimizer.update(grads, state, params, {
      value,
      valueAndGrad(p) {
        const [[v], g] = evaluate(p);
        return [v, g];
      },
    });
    // a sum is infinite or NaN if a part of it is
    const health = (flatten(updates, "fit").leaves as Tensor[])
      .map((u) => sum(u))
      .reduce((a, b) => add(a, b));
    return { params: applyUpdates(params, updates), state: next, loss: value, metrics, health };
  });
  const call = compiled as unknown as (
    params: P,
    state: S,
    batch: B,
    key: Key,
    step: Tensor,
  ) => {
    readonly params: P;
    readonly state: S;
    readonly loss: Tensor;
    readonly metrics: Readonly<Record<string, Tensor>>;
    readonly health: Tensor;
  };
  return (params, state, batch, step) => {
    const out = call(params, state, batch, foldIn(key, step), full([], step, { dtype: "int32" }));
    const lossValue = out.loss.item();
    return {
      params: out.params,
      state: out.state,
      loss: lossValue,
      metrics: numbersOf(out.metrics),
      isFinite: Number.isFinite(lossValue) && Number.isFinite(out.health.item()),
    };
  };
}

/** Scalars as plain numbers. */
export function numbersOf(metrics: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, x]) => [name, x.item()]));
}
