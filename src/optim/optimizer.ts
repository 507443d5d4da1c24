import { add } from "../array/elementwise.ts";
import { DownhillError } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { matchParameters, readParameters, rebuild } from "./parameters.ts";
import type { Schedule } from "./schedule.ts";

/** What else an update may be told. */
export interface UpdateExtra<P> {
  /** The loss at `params`. */
  readonly value?: Tensor;
  /** The loss and its gradient at other parameters, for methods that search along a line. */
  readonly valueAndGrad?: (params: P) => [value: Tensor, grads: P];
  /** What to multiply the learning rate by, a floating scalar: what a plateau of the loss asks for. */
  readonly rateScale?: Tensor;
}

/** What an update gives. */
export interface Update<P, S> {
  /** What to add to the parameters: `applyUpdates(params, updates)`. */
  readonly updates: P;
  /** The state for the next update. */
  readonly state: S;
}

/**
 * A method of descent as two pure functions over nested parameters. Both may be called eagerly, inside `jit` and as a
 * step of `scan`, and both can be differentiated through.
 */
export interface Optimizer<P, S> {
  /** The state before the first update: nested tensors, numbers and `null`. */
  init(params: P): S;
  /** The step from `params` that `grads`, the gradient there, asks for. */
  update(grads: P, state: S, params: P, extra?: UpdateExtra<P>): Update<P, S>;
  /** The learning rate, for those who want to show it. */
  readonly learningRate?: number | Schedule;
  /** Set where an update looks at the loss elsewhere, by `extra.valueAndGrad`. */
  readonly searches?: true;
}

/** An optimiser for parameters of any structure, whose state's type does not tell it: an `Optimizer<P, S>` for every `P`. */
export interface GeneralOptimizer<S> {
  init(params: unknown): S;
  update<P>(grads: P, state: S, params: P, extra?: UpdateExtra<P>): Update<P, S>;
  readonly learningRate?: number | Schedule;
  readonly searches?: true;
}

/**
 * Refuses what is no optimiser.
 *
 * @throws DownhillError `option`.
 */
export function requireOptimizer(operation: string, optimizer: unknown, what: string): void {
  const parts = optimizer as Partial<Optimizer<unknown, unknown>> | null | undefined;
  if (typeof parts?.init === "function" && typeof parts.update === "function") return;
  throw new DownhillError("option", `${operation}: ${what} must be an optimiser, as adam() gives.`);
}

/**
 * `params + updates`, tensor by tensor.
 *
 * @throws DownhillError `tree` or `shape`, naming the place, if the two do not match.
 * @example
 * const params = { slope: tensor(2), intercept: tensor([1, 0]) };
 * const updates = { slope: tensor(-0.5), intercept: tensor([1, 1]) };
 * applyUpdates(params, updates); // { slope: 1.5, intercept: f64[2] [2, 1] }
 */
export function applyUpdates<P>(params: P, updates: P): P {
  const parameters = readParameters("applyUpdates", params);
  const changes = matchParameters(parameters, "updates", updates);
  const next = parameters.tensors.map((x, i) => add(x, changes[i]!));
  return rebuild(parameters, next) as P;
}
