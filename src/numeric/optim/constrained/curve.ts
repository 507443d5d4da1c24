import { mul, sub, square } from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { stack } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { requireResult } from "../minimize/problem.ts";
import type { FitProblem, FitSearchResult } from "../curve/follow.ts";
import type { CurveModel } from "../curve/model.ts";
import type { ConstrainedCurveTask, PrepareConstrainedCurve } from "./constraint.ts";
import { type ConstrainedFit, type FitStart, fitUnderConstraints } from "./fit.ts";

/** Number of estimates of the scale of a robust loss, and the relative change below which one is final. */
const mostRounds = 5;
const sameScale = 0.01;

/** Prepares `fitCurve` under constraints. */
export const prepareConstrainedCurve: PrepareConstrainedCurve = (task) => {
  const { operation, names } = task;
  const moved = names.find(
    (name, i) =>
      Object.keys(
        named(
          names,
          names.map(() => 0),
        ),
      )[i] !== name,
  );
  if (moved !== undefined)
    throw new DownhillError(
      "option",
      `${operation}: with constraints, names of parameters must not be integers, because JavaScript reorders these; got ${JSON.stringify(moved)}. Use names such as p${moved}.`,
    );
  const searches = new WeakMap<CurveModel, CurveSearch>();
  return function* (problem, fit) {
    let search = searches.get(problem.curve);
    if (search === undefined) searches.set(problem.curve, (search = searchFor(task, problem.curve)));
    const { found, lossScale, iterations, evaluations } = yield* followed(task, search, problem, fit);
    const { reason, converged, message, value, method, violation, optimality, history, multipliers } =
      found.solved;
    const bounds = multipliers.bounds as Readonly<Record<string, Tensor>>;
    const end: FitSearchResult = {
      ...fit,
      result: { theta: found.x, sumOfSquares: value, reason, converged, message },
      lossScale: problem.choices.loss === "squares" ? null : lossScale,
      iterations: fit.iterations + iterations,
      evaluations: fit.evaluations + evaluations,
      space: found.tangentSpace,
    };
    const all = {
      constraints: multipliers.constraints,
      bounds: named(
        names,
        names.map((name) => bounds[name]!.item()),
      ),
    };
    const { active } = found.tangentSpace;
    return { end, fields: { active, method, violation, optimality, history, multipliers: all } };
  };
};

type CurveSearch = ReturnType<typeof fitUnderConstraints>;

function named(names: readonly string[], numbers: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(names.map((name, i) => [name, numbers[i]!]));
}

/** The search for one model. Its functions are compiled once. */
function searchFor(
  { operation, names, walls, options, robust }: ConstrainedCurveTask,
  { curve }: CurveModel,
): CurveSearch {
  const residuals = (
    params: Readonly<Record<string, Tensor>>,
    y: Tensor,
    roots: Tensor,
    scale: Tensor,
    ...columns: Tensor[]
  ): Tensor => {
    const theta = stack(names.map((name) => params[name]!));
    return robust(mul(roots, sub(curve(theta, { count: y.shape[0]!, columns }), y)), scale);
  };
  return fitUnderConstraints({
    operation,
    f: residuals,
    options: { ...options, low: named(names, walls.low), high: named(names, walls.high) },
    costOf: (out) => sum(square(requireResult(operation, out, 1))),
  });
}

/**
 * Fits the curve under constraints. If the unconstrained fit converged and satisfies the constraints, it is the result.
 * Otherwise searches from it and, if all start values are given, also from these, and takes the better result. Unless
 * the scale of a robust loss is given, then re-estimates it from the residuals and continues the fit until the scale is
 * stable.
 */
function* followed(
  { names, jacobianOf, scaleOf }: ConstrainedCurveTask,
  search: CurveSearch,
  problem: FitProblem,
  fit: FitSearchResult,
): Generator<
  void,
  {
    readonly found: ConstrainedFit;
    readonly lossScale: number;
    readonly iterations: number;
    readonly evaluations: number;
  },
  void
> {
  const { curve, rows, y, weights, given, choices } = problem;
  const roots = weights.map(Math.sqrt);
  let [iterations, evaluations] = [0, 0];
  const fitFrom = function* (
    starts: readonly FitStart[],
    scale: number,
  ): Generator<void, ConstrainedFit, void> {
    const found = yield* search({
      x0: named(names, starts[0]!.x),
      starts,
      args: [],
      own: [y, roots, scale, ...rows.columns],
      columns: (x) => jacobianOf(curve, problem, roots, choices.loss, scale, x),
    });
    iterations += found.solved.iterations;
    evaluations += found.solved.evaluations;
    return found;
  };
  let scale = fit.lossScale ?? 1;
  const best = { x: fit.result.theta, isMinimum: fit.result.converged };
  const own = given.some(Number.isNaN) ? [] : [{ x: given, isMinimum: false }];
  let found = yield* fitFrom([best, ...own], scale);
  const rounds = choices.loss === "squares" || choices.lossScale !== undefined ? 0 : mostRounds;
  for (let round = 0; round < rounds; round++) {
    const next = scaleOf(curve, problem, roots, found.x);
    if (Math.abs(next - scale) <= sameScale * scale) break;
    scale = next;
    found = yield* fitFrom([{ x: found.x, isMinimum: false }], scale);
  }
  return { found, lossScale: scale, iterations, evaluations };
}
