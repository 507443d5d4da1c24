import { tensor } from "../../array/create.ts";
import { astype } from "../../array/elementwise.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { asGiven } from "../../../engine/transforms/plain.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { rebuild } from "../parameters.ts";
import type { LeastSquaresResult, PlainLeastSquaresResult } from "../minimize/least-squares.ts";
import type { FlatParameters } from "../minimize/problem.ts";
import { explain, explainFault, isConverged, type SearchOutcome } from "../minimize/stop.ts";
import type { LinearSolver } from "./choose-solver.ts";
import { coordinatesAt, coordinateShapes, pathOfCoordinate } from "./coordinate-paths.ts";
import type { SolverSeconds } from "./linearisation.ts";
import type { ManifoldMaps } from "./manifolds.ts";
import type { StepSpace } from "./step-space.ts";
import { interiorCoordinates, mostColumns, type Uncertainty } from "./uncertainty.ts";

/** Report on the linear algebra of a fit. */
export interface LinearSolverReport {
  readonly solver: LinearSolver;
  /** Reason for the choice of the solver. */
  readonly reason: string;
  /** Coordinates of a step: parameters that are not fixed, and tangent coordinates of manifolds. */
  readonly unknowns: number;
  /** Entries of the patterns of J and of JᵀJ, and of its factor L; `undefined` unless `sparse`. */
  readonly patternEntries: number | undefined;
  readonly normalEntries: number | undefined;
  readonly factorEntries: number | undefined;
  /** Number of evaluations at which the pattern of J changed; `undefined` unless `sparse`. */
  readonly patternChanges: number | undefined;
  /** Derivative passes per Jacobian, and the order of elimination; `undefined` unless `sparse`. */
  readonly colours: number | undefined;
  readonly ordering: "amd" | "natural" | "given" | undefined;
  readonly seconds: Readonly<SolverSeconds>;
}

/** Parts of a result that the fitted point determines. */
export type FitStatistics = Omit<
  LeastSquaresResult<unknown> & PlainLeastSquaresResult<unknown>,
  "reason" | "converged" | "message" | "iterations" | "evaluations" | "jacobians" | "linearSolver"
>;

/** A fitted point, with all that the statistics of a result are computed from. */
export interface FittedPoint {
  readonly operation: string;
  readonly f: unknown;
  readonly x0: unknown;
  readonly flat: FlatParameters;
  readonly space: StepSpace;
  readonly maps: readonly (ManifoldMaps | undefined)[];
  readonly x: Float64Array;
  readonly sumOfSquares: number;
  readonly residuals: Float64Array<ArrayBuffer>;
  /** Number of residuals with a weight above 0. */
  readonly counted: number;
  /** Number of coordinates that move independently. */
  readonly free: number;
  /** Uncertainty of the coordinates; called at most once. */
  readonly uncertainty: () => Uncertainty;
}

/** Everything about a finished search that its result reports. */
interface FinishedFit extends Omit<FittedPoint, "x" | "sumOfSquares" | "free" | "uncertainty"> {
  readonly outcome: SearchOutcome;
  readonly counts: { readonly evaluations: number; readonly jacobians: number };
  readonly report: LinearSolverReport;
  /** Number of residuals in each block of the loss. */
  readonly block: number;
  /** Uncertainty of the free coordinates at the result; called at most once. */
  readonly uncertainty: (free: readonly number[]) => Uncertainty;
}

/** The result of a fit. Its errors are computed when they are first read. */
export function describeFit(
  fit: FinishedFit,
): LeastSquaresResult<unknown> | PlainLeastSquaresResult<unknown> {
  const { best, reason, iterations } = fit.outcome;
  const free = interiorCoordinates(fit.space, best.x);
  const point = { ...fit, x: best.x, sumOfSquares: best.value, free: free.length };
  return Object.assign(describePoint({ ...point, uncertainty: () => fit.uncertainty(free) }), {
    reason,
    converged: isConverged(reason),
    message: reason === "not-finite" ? explainNonFinite(fit) : explain(reason, best),
    iterations,
    evaluations: fit.counts.evaluations,
    jacobians: fit.counts.jacobians,
    linearSolver: fit.report,
  });
}

/** Explains which residual or derivative is not finite. */
function explainNonFinite({ outcome, residuals, block, flat, maps, space }: FinishedFit): string {
  const { best, iterations } = outcome;
  const when = iterations === 0 ? " at the start" : ` after iteration ${iterations}`;
  if (best.fault !== undefined && Number.isFinite(best.value)) {
    const { coordinate } = best.fault;
    const shapes = coordinateShapes(flat.parameters, maps);
    const at = space.padded(Float64Array.from({ length: space.size }, (_, i) => (i === coordinate ? 1 : 0)));
    return explainFault(best.fault, pathOfCoordinate(flat.parameters, shapes, at.indexOf(1)), when);
  }
  const wrong = residuals.findIndex((r) => !Number.isFinite(r));
  if (wrong < 0)
    return `The sum of squares${when} is ${best.value}, although all residuals are finite. Scale the residuals.`;
  const inBlock = block === 1 ? "" : ` (block ${Math.floor(wrong / block)})`;
  return `Residual ${wrong}${inBlock} is ${residuals[wrong]}${when}: start elsewhere, or find the cause with debug({ nan: true }).`;
}

/** Parameters of a fit with their statistics. Errors are computed when they are first read. */
export function describePoint(fit: FittedPoint): FitStatistics {
  const { operation, f, x0, flat, space, maps } = fit;
  const degreesOfFreedom = fit.counted - fit.free;
  const variance = degreesOfFreedom > 0 ? fit.sumOfSquares / degreesOfFreedom : Number.NaN;
  const shapes = coordinateShapes(flat.parameters, maps);
  const total = shapes.reduce((n, shape) => n + sizeOf(shape), 0);
  /** For each coordinate of the parameters, its index among the fitted coordinates; −1 for a fixed one. */
  const coordinateOf = new Int32Array(total).fill(-1);
  space
    .padded(Float64Array.from({ length: space.size }, (_, i) => i + 1))
    .forEach((i, at) => (coordinateOf[at] = i - 1));
  let known: Uncertainty | undefined;
  const uncertainty = (): Uncertainty => (known ??= fit.uncertainty());
  const among = (elements: readonly number[]): Tensor & number[][] => {
    const n = elements.length;
    const kept = elements.flatMap((at, a) => (coordinateOf[at]! < 0 ? [] : [a]));
    const covariances = uncertainty().among(kept.map((a) => coordinateOf[elements[a]!]!));
    const out = new Float64Array(n * n).fill(Number.NaN);
    kept.forEach((a, i) => {
      kept.forEach((b, j) => (out[a * n + b] = variance * covariances[i * kept.length + j]!));
    });
    return asGiven(f, [], tensor(out, { shape: [n, n] })) as Tensor & number[][];
  };
  let errors: unknown;
  return {
    params: flat.fromVector(fit.x),
    sumOfSquares: fit.sumOfSquares,
    residuals: asGiven(f, [], tensor(fit.residuals)) as Tensor & number[],
    degreesOfFreedom,
    get standardErrors() {
      if (errors !== undefined) return errors;
      const variances = uncertainty().variances();
      const of = (at: number): number => (coordinateOf[at]! < 0 ? Number.NaN : Math.sqrt(variance * variances[coordinateOf[at]!]!)); // prettier-ignore
      let from = 0;
      const parts = shapes.map((shape, i) => {
        const size = sizeOf(shape);
        from += size;
        const numbers = Float64Array.from({ length: size }, (_, k) => of(from - size + k));
        return astype(tensor(numbers, { shape }), flat.parameters.tensors[i]!.dtype);
      });
      errors = asGiven(f, x0, rebuild(flat.parameters, parts));
      return errors;
    },
    get standardErrorsMessage() {
      if (!(degreesOfFreedom > 0))
        return `There are ${fit.counted} residuals for ${fit.free} free parameters, so no degrees of freedom are left for errors.`;
      if (uncertainty().isDetermined) return undefined;
      return "The residuals do not determine all parameters: some combination of them has no effect, such as a shift of everything. Fix a part of them with the option fixed.";
    },
    get covariance() {
      if (total > mostColumns)
        throw new DownhillError(
          "range",
          `${operation}: the covariance of ${total} parameters would have ${total ** 2} elements. covarianceOf(paths) computes a part of it, standardErrors its diagonal.`,
        );
      return among(Array.from({ length: total }, (_, i) => i));
    },
    covarianceOf: (paths: string | readonly string[]) =>
      among(coordinatesAt(flat.parameters, shapes, typeof paths === "string" ? [paths] : paths)),
  };
}
