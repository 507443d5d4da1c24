import { add } from "../array/elementwise.ts";
import { refuseExtra, refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
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
 * The first thing that an `update` does: refuses a call that leaves out the state or the parameters, or has more than `extra`.
 *
 * @throws DownhillError `tree`, naming what is missing; `option` for what is too much.
 */
export function checkUpdate(operation: string, given: ArrayLike<unknown>): void {
  const missing = ["state", "params"].filter((_, i) => given[i + 1] === undefined);
  if (missing.length > 0) {
    throw new DownhillError(
      "tree",
      `${operation}: update needs gradients, state and parameters, and ${missing.join(" and ")} ` +
        `${missing.length === 1 ? "is" : "are"} missing. Write update(grads, state, params), the first time with init(params) as state.`,
    );
  }
  if (given.length > 4) refuseExtraOfMethod(operation, given, 4);
  checkOptions(`${operation}: extra`, given[3], ["value", "valueAndGrad", "rateScale"]);
}

/** The same for an `init`. */
export function checkInit(operation: string, given: ArrayLike<unknown>): void {
  if (given.length > 1) refuseExtraOfMethod(operation, given, 1);
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
  if (arguments.length > 2) refuseExtra("applyUpdates", arguments, 2);
  const parameters = readParameters("applyUpdates", params);
  const changes = matchParameters(parameters, "updates", updates);
  const next = parameters.tensors.map((x, i) => add(x, changes[i]!));
  return rebuild(parameters, next) as P;
}
