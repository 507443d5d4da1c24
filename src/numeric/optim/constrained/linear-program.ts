import { mul } from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { plainOf } from "../../../engine/transforms/plain.ts";
import type { LikeAll } from "../../../engine/tree/index.ts";
import type { ConstrainedResult, SolverOptions } from "../minimize/minimize.ts";
import { readArgs } from "../minimize/problem.ts";
import { finish } from "../minimize/stop.ts";
import type { Constraint } from "./constraint.ts";
import { solverOf } from "./constraint.ts";
import { between } from "./constructors.ts";

/** Options of `linearProgram`. */
export interface LinearProgramOptions<A extends readonly unknown[] = []> extends Pick<
  SolverOptions<Tensor, A>,
  | "constraints"
  | "low"
  | "high"
  | "constraintTolerance"
  | "gradientTolerance"
  | "maxIterations"
  | "signal"
  | "callback"
> {
  /** Further arguments of the constrained functions after x. Default: none. */
  readonly args?: LikeAll<A>;
}

const names = [
  "constraints",
  "low",
  "high",
  "constraintTolerance",
  "gradientTolerance",
  "maxIterations",
  "signal",
  "callback",
  "args",
] as const;

/**
 * Minimises `Σ cᵢ xᵢ` over vectors x within bounds and under linear constraints, for costs `c` of shape `[n]`. Without
 * `low` and `high` x may have any sign.
 *
 * The result is that of `minimize` with constraints: verdict, value and multipliers, which are the dual variables.
 * `multipliers.bounds` has the reduced costs with the opposite sign. If several points are optimal, x is inside their
 * set and not one of its corners. `grad` differentiates the result with respect to `c` and `args`.
 *
 * @throws DownhillError `shape` for c, `option` for constraints that are not linear in x, and as `minimize`.
 * @see Mehrotra, On the implementation of a primal-dual interior point method, SIAM Journal on Optimization 2, 1992.
 * @example
 * // two products with profits 3 and 5, and hours on three machines
 * const hours = atMost((x) => matmul(tensor([[1, 0], [0, 2], [3, 2]]), x), [4, 12, 18]);
 * const plan = linearProgram([-3, -5], { constraints: [hours], low: 0 });
 * plan.params.tolist().map((x) => x.toFixed(6)); // ["2.000000", "6.000000"]
 * plan.multipliers.constraints[0].tolist().map((y) => y.toFixed(6)); // ["0.000000", "1.500000", "1.000000"]
 */
export function linearProgram<A extends readonly unknown[] = []>(
  c: TensorLike,
  options: LinearProgramOptions<A> = {},
): ConstrainedResult<Tensor> {
  if (arguments.length > 2) refuseExtra("linearProgram", arguments, 2);
  checkOptions("linearProgram", options, names);
  const costs = asTensor(c, "linearProgram");
  if (costs.ndim !== 1 || costs.shape[0] === 0)
    throw new DownhillError(
      "shape",
      `linearProgram: c must be a vector with one cost per variable, got ${showType(costs.type)}.`,
    );
  const { args: given, constraints, ...rest } = options;
  const args = readArgs("linearProgram", given);
  const own = { ...rest, constraints };
  // checks the list before it is used
  const isFree = solverOf("linearProgram", own) === undefined;
  const rows = isFree ? [unlimited] : (constraints ?? []).map((constraint) => behindCosts(constraint as Constraint)); // prettier-ignore
  const cost = (x: Tensor, prices: Tensor): Tensor => sum(mul(prices, x));
  const solve = solverOf("linearProgram", { constraints: rows })!;
  const search = solve.minimize("linearProgram", cost, { ...rest, constraints: rows });
  const start = new Float64Array(costs.shape[0]!);
  const result = finish(search(start, [costs, ...args])) as ConstrainedResult<Tensor>;
  if (result.problem !== "linear")
    throw new DownhillError(
      "option",
      "linearProgram: the constraints are not linear in x. Use minimize, which takes any smooth functions.",
    );
  return isFree ? { ...result, multipliers: { ...result.multipliers, constraints: [] } } : result;
}

/** A constraint without limits, for problems that have only bounds. */
const unlimited = /* @__PURE__ */ between((x: Tensor) => sum(x), -Infinity, Infinity) as Constraint;

/** Returns the constraint for calls `f(x, costs, ...args)`: its function does not receive the costs. */
function behindCosts(constraint: Constraint): Constraint {
  const f = (plainOf(constraint.f)?.overTensors ?? constraint.f) as Constraint["f"];
  return { ...constraint, f: (x, _costs, ...args) => f(x, ...args) };
}
