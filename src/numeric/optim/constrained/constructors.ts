import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import type { TensorLike } from "../../../engine/ir/tensor.ts";
import { requireCompiled } from "../../../engine/transforms/plain.ts";
import type { Constraint, ConstrainedSolvers, ConstrainedValue } from "./constraint.ts";
import { prepareConstrainedCurve } from "./curve.ts";
import { prepareConstrainedFit } from "./least-squares.ts";
import { prepareConstrained } from "./prepare.ts";
import { violationFunction } from "./violation.ts";

/** Options of `equality`, `atMost`, `atLeast` and `between`. */
export interface ConstraintOptions {
  /** Name of the constraint in messages. Default: its number, from 1. */
  readonly name?: string;
}

/**
 * The constraint `f(params, ...args) = target`, elementwise, for the option `constraints` of `minimize`. `target` is a number
 * or has a shape that broadcasts to that of the values of f.
 *
 * @throws DownhillError `option` for options, `tree` if f is not a function. `minimize` checks the target.
 * @example
 * const nearest = minimize((p) => sum(square(p)), [0, 0], { constraints: [equality((p) => sum(p), 1)] });
 * nearest.params; // f64[2] [0.5, 0.5]
 */
export function equality<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => ConstrainedValue,
  target: TensorLike,
  options: ConstraintOptions = {},
): Constraint<P, A> {
  if (arguments.length > 3) refuseExtra("equality", arguments, 3);
  return makeConstraint("equality", f, target, target, options);
}

/**
 * The constraint `f(params, ...args) ≤ high`, elementwise, for the option `constraints` of `minimize`. Its multipliers are 0
 * or positive.
 *
 * @throws DownhillError as `equality`.
 * @example
 * const disc = atMost((p) => sum(square(p)), 1, { name: "disc" });
 * const r = minimize((p) => p.at(0).add(p.at(1)), [0, 0], { constraints: [disc] });
 * r.value; // -1.41421
 * r.multipliers.constraints[0]; // 0.70710…
 */
export function atMost<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => ConstrainedValue,
  high: TensorLike,
  options: ConstraintOptions = {},
): Constraint<P, A> {
  if (arguments.length > 3) refuseExtra("atMost", arguments, 3);
  return makeConstraint("atMost", f, -Infinity, high, options);
}

/**
 * The constraint `f(params, ...args) ≥ low`, elementwise, for the option `constraints` of `minimize`. Its multipliers are 0
 * or negative.
 *
 * @throws DownhillError as `equality`.
 * @example
 * const r = minimize((p) => square(p), 3, { constraints: [atLeast((p) => p, 1)] });
 * r.params.item().toFixed(6); // "1.000000"
 */
export function atLeast<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => ConstrainedValue,
  low: TensorLike,
  options: ConstraintOptions = {},
): Constraint<P, A> {
  if (arguments.length > 3) refuseExtra("atLeast", arguments, 3);
  return makeConstraint("atLeast", f, low, Infinity, options);
}

/**
 * The constraint `low ≤ f(params, ...args) ≤ high`, elementwise, for the option `constraints` of `minimize`. Where both
 * limits are equal, it is an equality; −∞ and ∞ stand for no limit.
 *
 * @throws DownhillError as `equality`.
 * @example
 * const r = minimize((p) => sum(p), [0, 0], { constraints: [between((p) => square(p), 1, 4)], low: -3, high: 0 });
 * r.value.toFixed(6); // "-4.000000"
 */
export function between<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => ConstrainedValue,
  low: TensorLike,
  high: TensorLike,
  options: ConstraintOptions = {},
): Constraint<P, A> {
  if (arguments.length > 4) refuseExtra("between", arguments, 4);
  return makeConstraint("between", f, low, high, options);
}

const solvers: ConstrainedSolvers = {
  minimize: prepareConstrained,
  leastSquares: prepareConstrainedFit,
  fitCurve: prepareConstrainedCurve,
  violation: violationFunction,
};

function makeConstraint<P, A extends readonly unknown[]>(
  operation: string,
  f: (params: P, ...args: A) => ConstrainedValue,
  low: TensorLike,
  high: TensorLike,
  options: ConstraintOptions,
): Constraint<P, A> {
  requireCompiled(operation, f, `${operation}((params) => …, limit)`);
  checkOptions(operation, options, ["name"]);
  const { name } = options;
  if (name !== undefined && typeof name !== "string")
    throw new DownhillError("option", `${operation}: name must be a string, got ${typeof name}.`);
  if (low === undefined || high === undefined)
    throw new DownhillError(
      "option",
      `${operation}: needs ${operation === "between" ? "both limits" : "its limit"} after the function: a number, or one per value of the function.`,
    );
  return { name, low, high, f, solvers };
}
