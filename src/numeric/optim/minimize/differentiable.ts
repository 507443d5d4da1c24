import type { Tensor } from "../../../engine/ir/tensor.ts";
import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import { differentiableSearch, totalCounts } from "../constrained/differentiable-result.ts";
import type { SolvedProgram } from "../constrained/sensitivity.ts";
import type { RowProgram } from "../constrained/slack-form.ts";
import { largest } from "../vector.ts";
import { type HessianSource, hessianModel } from "./hessian.ts";
import type { MinimizeResult } from "./minimize.ts";
import { freeCoordinates, boxSpace } from "./search-space.ts";
import { finish, isConverged, type SearchOutcome, type StopReason } from "./stop.ts";
import type { BoxBounds } from "./walls.ts";

/** A search that has ended, with the functions that its derivatives are computed from. */
interface FinishedMinimum {
  readonly operation: string;
  readonly outcome: SearchOutcome;
  readonly result: MinimizeResult<unknown>;
  readonly valueAndGradient: (x: Float64Array) => { readonly value: number; readonly gradient: Float64Array };
  readonly hessian: (x: Float64Array) => ReturnType<HessianSource["evaluate"]>;
  readonly walls: BoxBounds | undefined;
  readonly gradientTolerance: number;
}

/**
 * Result of a search without constraints whose start or arguments are traced. `params` and `value` are traced tensors; the
 * other fields are those of the search with concrete numbers. Under `vmap`, which runs one search per item, counts are
 * totals.
 *
 * @throws DownhillError `diverged` unless all searches end at minima, `trace` while a function is being compiled.
 */
export function differentiableMinimum(
  operation: string,
  f: (...given: never[]) => Tensor | number,
  search: (x0: unknown, args: readonly unknown[]) => Generator<void, FinishedMinimum, void>,
  x0: unknown,
  args: readonly unknown[],
): MinimizeResult<unknown> {
  const minima = new Set<MinimizeResult<unknown>>();
  const task = {
    operation,
    f,
    constraints: [],
    *run(from: unknown, data: readonly unknown[]) {
      const found = yield* search(from, data);
      let { result } = found;
      if (isStationary(found.outcome.reason)) {
        if (isMinimum(found)) minima.add(result);
        else result = { ...result, message: `${result.message} ${slopeRemains}` };
      }
      return { ...solvedProgram(found), result };
    },
    isSolution: (result: MinimizeResult<unknown>) => minima.has(result),
  };
  const { params, value, results, gradient } = differentiableSearch(task, x0, args);
  return { ...results.at(-1)!, ...totalCounts(results), gradient, params, value: value as never };
}

/** The problem without rows that a search solved. A bound at which the value falls outwards balances the gradient. */
function solvedProgram({ outcome, walls, valueAndGradient, hessian }: FinishedMinimum): SolvedProgram {
  const { x } = outcome.best;
  const n = x.length;
  const box = walls ?? unlimited(n);
  const none = new Float64Array(0);
  const noRows = {
    pattern: SparsePattern.fromChecked([0, n], new Int32Array(1), new Int32Array(0)),
    values: none,
  };
  const program: RowProgram = {
    values: (at) => ({ value: valueAndGradient(at).value, rows: none }),
    gradient: (at) => valueAndGradient(at).gradient,
    jacobian: () => noRows,
    hessian: (at, weight) => {
      const { pattern, values } = hessian(at);
      return { pattern, values: values.map((entry) => weight * entry) };
    },
  };
  const { value, gradient } = valueAndGradient(x);
  const bounds = gradient.map((g, i) => ((g > 0 ? x[i] === box.low[i] : x[i] === box.high[i]) ? -g : 0));
  return {
    program,
    box,
    limits: { low: none, high: none },
    assessment: { x, value, gradient, violation: 0, optimality: largest(gradient), rows: none, bounds },
  };
}

function unlimited(n: number): BoxBounds {
  return { low: new Float64Array(n).fill(-Infinity), high: new Float64Array(n).fill(Infinity) };
}

/** Newton steps up to this size, relative to the parameters, are the remaining error of a search. */
const smallStep = 1e-4;

/**
 * True if the end of a search is a minimum, so that the gradient is 0 up to the error of the search. The Newton step
 * shows the error. It is long at kinks, where searches end with a large gradient.
 */
function isMinimum({
  operation,
  outcome,
  valueAndGradient,
  hessian,
  walls,
  gradientTolerance,
}: FinishedMinimum): boolean {
  const { x } = outcome.best;
  const { gradient } = valueAndGradient(x);
  const free = freeCoordinates(boxSpace(walls ?? unlimited(x.length)), x, (i) => gradient[i]!);
  const slope = gradient.map((g, i) => g * free[i]!);
  if (largest(slope) <= gradientTolerance) return true;
  if (!slope.every(Number.isFinite)) return false;
  const model = hessianModel(operation, hessian(x), free);
  const solve = finish(model.factorise(new Float64Array(x.length)));
  return solve === undefined
    ? isConverged(outcome.reason)
    : largest(solve(slope)) <= smallStep * (1 + largest(x));
}

/** True if a search ends because it finds no better point, rather than because of a limit. */
function isStationary(reason: StopReason): boolean {
  return isConverged(reason) || reason === "precision";
}

const slopeRemains = "The gradient is not 0 there, as at kinks of abs and max, or without a minimum.";
