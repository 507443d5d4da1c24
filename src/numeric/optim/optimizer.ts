import { add } from "../array/elementwise.ts";
import { refuseExtra, refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { matchParameters, readParameters, rebuild } from "./parameters.ts";
import type { Schedule } from "./schedule.ts";

/** Optional arguments of an update. */
export interface UpdateExtra<P> {
  /** The loss at `params`. */
  readonly value?: Tensor;
  /** The loss and its gradient at other parameters, for methods that search along a line. */
  readonly valueAndGrad?: (params: P) => [value: Tensor, grads: P];
  /** Factor of the learning rate, a floating scalar, as computed by `reduceOnPlateau`. */
  readonly rateScale?: Tensor;
}

/** Result of an update. */
export interface Update<P, S> {
  /** Changes to add to the parameters: `applyUpdates(params, updates)`. */
  readonly updates: P;
  /** The state for the next update. */
  readonly state: S;
}

/**
 * An optimiser as two pure functions over nested parameters. Both may be called eagerly, inside `jit` and as a step of
 * `scan`, and both can be differentiated through.
 */
export interface Optimizer<P, S> {
  /** The state before the first update: nested tensors, numbers and `null`. */
  init(params: P): S;
  /** Computes the step from `params` for the gradient `grads`. */
  update(grads: P, state: S, params: P, extra?: UpdateExtra<P>): Update<P, S>;
  /** The learning rate, for display. */
  readonly learningRate?: number | Schedule;
  /** Set if an update evaluates the loss at other parameters, by `extra.valueAndGrad`. */
  readonly searches?: true;
}

/**
 * An optimiser for parameters of any structure whose state type does not depend on the structure: an `Optimizer<P, S>`
 * for every `P`.
 */
export interface GeneralOptimizer<S> {
  init(params: unknown): S;
  update<P>(grads: P, state: S, params: P, extra?: UpdateExtra<P>): Update<P, S>;
  readonly learningRate?: number | Schedule;
  readonly searches?: true;
}

/**
 * Checks that a value is an optimiser.
 *
 * @throws DownhillError `option`.
 */
export function requireOptimizer(operation: string, optimizer: unknown, what: string): void {
  const parts = optimizer as Partial<Optimizer<unknown, unknown>> | null | undefined;
  if (typeof parts?.init === "function" && typeof parts.update === "function") return;
  throw new DownhillError("option", `${operation}: ${what} must be an optimiser, such as adam().`);
}

/**
 * Checks the arguments of an `update`: refuses a call without state or parameters, or with arguments after `extra`.
 * @throws DownhillError `tree`, naming the missing argument; `option` for an extra argument.
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

/**
 * Refuses a call of `init` with more than one argument.
 *
 * @throws DownhillError `option`
 */
export function checkInit(operation: string, given: ArrayLike<unknown>): void {
  if (given.length > 1) refuseExtraOfMethod(operation, given, 1);
}

/**
 * Returns `params + updates`, tensor by tensor.
 * @throws DownhillError `tree` or `shape`, naming the path, if the two do not match.
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
