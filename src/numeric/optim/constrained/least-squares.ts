import { square } from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { bound } from "../../../engine/transforms/plain.ts";
import type { Uncertainty } from "../least-squares/uncertainty.ts";
import { flatParameters, pick, requireResult } from "../minimize/problem.ts";
import { type ColumnMatrix, columnsOf } from "../minimize/qr.ts";
import { readWalls } from "../minimize/walls.ts";
import type { ConstrainedFitTask, PrepareConstrainedFit, TangentSpace } from "./constraint.ts";
import { type FitStart, fitUnderConstraints } from "./fit.ts";

/** Options of `leastSquares` that belong to its searches without constraints. */
const refusedOptions = ["scale", "manifolds", "linearSolver"] as const;
/** Options that the search under constraints reads. */
const searchOptions = [
  "jit",
  "low",
  "high",
  "constraints",
  "constraintTolerance",
  "signal",
  "callback",
  "maxIterations",
  "maxEvaluations",
  "gradientTolerance",
  "valueTolerance",
  "stepTolerance",
];

/** Largest number of parameters, because the errors are computed with dense matrices. */
const mostParameters = 2000;

/** Prepares `leastSquares` under constraints. */
export const prepareConstrainedFit: PrepareConstrainedFit = (task) => {
  const { operation, f, options, functionsFor, counted, ignored, makeStepSpace, describePoint } = task;
  const refused = refusedOptions.find((name) => options[name] !== undefined);
  if (refused !== undefined)
    throw new DownhillError("option", `${operation}: ${refused} does not apply with constraints. Omit it.`);
  const search = fitUnderConstraints({
    operation,
    f,
    options: pick(options as Record<string, unknown>, searchOptions),
    costOf: (out) => sum(square(counted(requireResult(operation, out, 1)))),
    fixed(flat) {
      const space = makeStepSpace(flat, readWalls(flat, options), options.fixed, []);
      return Array.from(space.padded(new Float64Array(space.size).fill(1)), (moves) => moves === 0);
    },
  });
  return function* (x0, args) {
    const flat = flatParameters(operation, x0, f);
    if (flat.start.length > mostParameters)
      throw new DownhillError(
        "range",
        `${operation}: fits with constraints compute standard errors, for at most ${mostParameters} parameters; got ${flat.start.length}. ` +
          "Use minimize with the sum of squares, which has no such limit.",
      );
    const data = bound(f, args);
    const functions = functionsFor(flat, data);
    const derivatives = (x: Float64Array): ColumnMatrix =>
      columnsOf(functions.derivatives([x], data.operands)[0]!, x.length);
    const free = yield* task.searchFreely(flat, args);
    const { iterations: before, isConverged, reason: end, best, evaluations: evaluated } = free;
    const starts: FitStart[] =
      end === "aborted" || end === "callback"
        ? [{ x: best.x, isMinimum: false, stopped: end }]
        : [...(isConverged ? [{ x: best.x, isMinimum: true }] : []), { x: flat.start, isMinimum: false }];
    const {
      x,
      solved,
      tangentSpace: space,
      columns,
    } = yield* search({
      x0,
      args,
      own: args,
      columns: derivatives,
      starts,
      before: { iterations: before, evaluations: evaluated },
    });
    const residuals = functions.plain([x], data.operands)[0] as Float64Array<ArrayBuffer>;
    const point = describePoint({
      operation,
      f,
      x0,
      flat,
      space: makeStepSpace(flat, readWalls(flat, {}), undefined, []),
      maps: [],
      x,
      sumOfSquares: solved.value,
      residuals,
      counted: residuals.length - ignored,
      free: space.free.length,
      uncertainty: () => tangentUncertainty(columns, space, task.covarianceAmong),
    });
    const { reason, converged, message, iterations, evaluations, method } = solved;
    const { multipliers, violation, optimality, history } = solved;
    const verdict = { reason, converged, message, iterations, evaluations, method };
    return Object.assign(point, verdict, {
      multipliers,
      violation,
      optimality,
      history,
      active: space.active,
    });
  };
};

/**
 * Uncertainty of the parameters in a tangent space: `Z (ZᵀJᵀJZ)⁻¹ Zᵀ` for its basis Z. NaN for parameters that do not move
 * in it.
 */
function tangentUncertainty(
  jacobian: ColumnMatrix,
  { free, along, spread }: TangentSpace,
  covarianceAmong: ConstrainedFitTask["covarianceAmong"],
): Uncertainty {
  const n = jacobian.length;
  const directions = [...free.keys()];
  const inner = covarianceAmong(directions, along(jacobian), free.length, 1);
  const all = spread(inner, directions);
  return {
    isDetermined: free.every((i) => !Number.isNaN(all[i * n + i]!)),
    variances: () => Float64Array.from({ length: n }, (_, i) => all[i * n + i]!),
    among: (chosen) => Float64Array.from(chosen.flatMap((i) => chosen.map((j) => all[i * n + j]!))),
  };
}
