import { full, tensor } from "../array/create.ts";
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

/** The loss with its metrics, and the gradient. */
type Evaluated<P> = [readonly [Tensor, Readonly<Record<string, Tensor>>], P];

/**
 * A whole step compiled as one: a batch of another shape, such as the short last one, compiles another. Where the optimiser
 * must run eagerly, the loss and its gradient alone are compiled. Random numbers of step k depend on the key and k alone.
 */
export function makeStep<P, S, B>(loss: Loss<P, B>, optimizer: Optimizer<P, S>, key: Key): Step<P, S, B> {
  const evaluate = (params: P, batch: B, stepKey: Tensor, step: Tensor): Evaluated<P> => {
    const objective = (p: P): Evaluated<P>[0] => {
      const result = splitLoss(loss(p, batch, { key: stepKey, step }));
      return [result.loss, result.metrics];
    };
    return (valueAndGrad(objective, { hasAux: true }) as (p: P) => Evaluated<P>)(params);
  };
  const compiledLoss = (optimizer.eager ? jit(evaluate) : evaluate) as typeof evaluate;

  function trainStep(params: P, state: S, batch: B, stepKey: Tensor, step: Tensor) {
    const [[value, metrics], grads] = compiledLoss(params, batch, stepKey, step);
    const { updates, state: next } = optimizer.update(grads, state, params, {
      value,
      valueAndGrad(p) {
        const [[v], g] = compiledLoss(p, batch, stepKey, step);
        return [v, g];
      },
    });
    // a sum is infinite or NaN if a part of it is
    const health = (flatten(updates, "fit").leaves as Tensor[])
      .map((u) => sum(u))
      .reduce((a, b) => add(a, b));
    return { params: applyUpdates(params, updates), state: next, loss: value, metrics, health };
  }

  const call = (optimizer.eager ? trainStep : jit(trainStep)) as typeof trainStep;
  return (params, state, batch, step) => {
    const stepKey = tensor(foldIn(key, step));
    const out = call(params, state, batch, stepKey, full([], step, { dtype: "int32" }));
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
