import { tensor } from "../../array/create.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { flatten, leafPaths } from "../../../engine/tree/index.ts";
import { type ColumnMatrix, covarianceAmong, triangular } from "../minimize/qr.ts";
import type { TangentSpace } from "../constrained/constraint.ts";
import type { ConstrainedFields } from "../minimize/least-squares.ts";
import type { ConstrainedResult } from "../minimize/minimize.ts";
import type { RobustLoss } from "../minimize/robust.ts";
import { subtract } from "../vector.ts";
import type { StopReason } from "../minimize/stop.ts";
import { undeterminedColumns } from "./determined.ts";
import { type FitSearchResult, jacobianOf, type FitProblem } from "./follow.ts";
import type { CurveModel } from "./model.ts";
import { operation, type CurveSettings, type CurveData, oneAxis } from "./options.ts";
import { studentQuantile } from "./student.ts";

/** Values of a curve with their confidence intervals. */
export interface CurveBand {
  readonly value: Tensor;
  readonly low: Tensor;
  readonly high: Tensor;
}

/** Result of `fitCurve`. */
export interface CurveFit<K extends string = string, X = Tensor> {
  readonly params: Readonly<Record<K, number>>;
  /**
   * Standard errors. NaN for a parameter at a bound or undetermined, and for all parameters without degrees of freedom.
   */
  readonly standardErrors: Readonly<Record<K, number>>;
  /** Confidence intervals, by Student's t distribution. */
  readonly intervals: Readonly<Record<K, readonly [low: number, high: number]>>;
  /** Covariance of the parameters in the order of `parameters`: n × n. */
  readonly covariance: Tensor;
  /** Correlation matrix: the covariance in units of the standard errors. */
  readonly correlation: Tensor;
  /** Values of the curve at the rows of the data; `residuals` are y − `fitted`. */
  readonly fitted: Tensor;
  readonly residuals: Tensor;
  /** `Σ w r²`; for a robust loss `Σ ρ(√w r)`. */
  readonly sumOfSquares: number;
  /** Number of rows with weight above 0 minus the number of parameters that change the curve independently. */
  readonly degreesOfFreedom: number;
  /**
   * `sumOfSquares/degreesOfFreedom`: about 1 if `sigma` are the errors of the data and the model is right. NaN without
   * degrees of freedom.
   */
  readonly reducedChiSquared: number;
  /** `1 − Σ w r²/Σ w (y − ȳ)²`, ȳ being the weighted mean. */
  readonly rSquared: number;
  /** The scale of a robust loss; `null` for `squares`. */
  readonly lossScale: number | null;
  /** Parameters that can change together without changing the curve at any row. */
  readonly undetermined: readonly K[];
  /** Parameters that are at a bound. */
  readonly atBound: readonly K[];
  /** Start values of the search that led to this fit. */
  readonly start: Readonly<Record<K, number>>;
  /** Number of starts that were followed, and number of the starts that led to this fit. */
  readonly starts: { readonly followed: number; readonly agreed: number };
  readonly reason: StopReason;
  readonly converged: boolean;
  readonly message: string;
  /** Totals over all starts, which `maxIterations` and `maxEvaluations` limit. */
  readonly iterations: number;
  readonly evaluations: number;
  /**
   * Values of the curve at other points, with the confidence band `f(x) ± t √(gᵀCg)`, where g is the gradient in the
   * parameters and C their covariance. The band is NaN if a parameter is undetermined.
   */
  readonly predict: (x: LikeColumns<X>) => CurveBand;
}

/** Fields that constraints add to the fit of a curve. */
interface ConstrainedCurveFields<K extends string> extends Pick<
  ConstrainedFields<unknown>,
  "reason" | "method" | "violation" | "optimality" | "history"
> {
  /** Names of the active constraints, with the index of a value: `budget[2]`. */
  readonly active: readonly string[];
  /** Multipliers of the constraints, and of the bounds by parameter. */
  readonly multipliers: Pick<ConstrainedResult<unknown>["multipliers"], "constraints"> & {
    readonly bounds: Readonly<Record<K, number>>;
  };
}

/**
 * Result of `fitCurve` with constraints. Errors belong to the tangent space of the active constraints and bounds; they are
 * NaN for parameters that these determine. `starts` describes the search without constraints.
 */
export interface ConstrainedCurveFit<K extends string = string, X = Tensor>
  extends Omit<CurveFit<K, X>, "reason">, ConstrainedCurveFields<K> {}

/** Result of `fitCurve` with constraints for a model of plain numbers. */
export interface PlainConstrainedCurveFit<K extends string = string, X = number>
  extends Omit<PlainCurveFit<K, X>, "reason">, ConstrainedCurveFields<K> {}

type LikeColumns<X> = X extends Tensor ? TensorLike : { readonly [name in keyof X]: TensorLike };

/** Columns of data for a model of plain numbers, which computes one row: an array of numbers, or a record of arrays. */
export type PlainColumns<X> = X extends number
  ? ArrayLike<number> & TensorLike
  : { readonly [name in keyof X]: ArrayLike<number> & TensorLike };

/** Result of `fitCurve` for a model of plain numbers: arrays of numbers instead of tensors. */
export interface PlainCurveFit<K extends string = string, X = number> extends Omit<
  CurveFit<K>,
  "covariance" | "correlation" | "fitted" | "residuals" | "predict"
> {
  readonly covariance: number[][];
  readonly correlation: number[][];
  readonly fitted: number[];
  readonly residuals: number[];
  readonly predict: (x: PlainColumns<X>) => { readonly [part in keyof CurveBand]: number[] };
}

/** Result of a fit with or without constraints, apart from the fields that constraints add. */
export type DescribedFit = Omit<CurveFit<string, never>, "reason"> &
  Pick<ConstrainedResult<unknown>, "reason">;

/** Converts a result to plain numbers and arrays. */
export function inNumbers(
  fit: DescribedFit,
): Omit<PlainCurveFit<string, never>, "reason"> & Pick<DescribedFit, "reason"> {
  const row = (x: Tensor): number[] => x.tolist() as number[];
  const matrix = (x: Tensor): number[][] => x.tolist() as number[][];
  return {
    ...fit,
    covariance: matrix(fit.covariance),
    correlation: matrix(fit.correlation),
    fitted: row(fit.fitted),
    residuals: row(fit.residuals),
    predict(x) {
      const { value, low, high } = fit.predict(x);
      return { value: row(value), low: row(low), high: row(high) };
    },
  };
}

/** Computes the result of a fit: errors, intervals, covariance and goodness of fit. */
export function describe(
  names: readonly string[],
  curve: CurveModel,
  { rows, y, weights, walls }: CurveData & Pick<FitProblem, "walls">,
  { absoluteSigma, level, loss }: CurveSettings,
  { result, start, lossScale, followed, agreed, iterations, evaluations, space }: FitSearchResult,
): DescribedFit {
  const n = names.length;
  const { theta } = result;
  const { sumOfSquares, reason, converged, message } = result;
  const fitted = curve.values(theta, rows);
  const { isAtBound, free, along, spread, movedBy } = space ?? spaceWithin(theta, walls);
  const roots = weights.map(Math.sqrt);
  const jacobianBy = (by: RobustLoss): ColumnMatrix =>
    triangular(jacobianOf(curve, { rows, y }, roots, by, lossScale ?? 1, theta));
  const jacobian = jacobianBy("squares");
  const columns = along(jacobian);
  const open = undeterminedColumns(columns);
  const undetermined = [...new Set(open.flatMap(movedBy))].sort((i, j) => i - j);
  // if some of these are fixed, the others still have errors
  const kept = [...free.keys()].filter((k) => !open.includes(k));
  for (const k of open)
    if (undeterminedColumns([...kept, k].map((j) => columns[j]!)).length === 0) kept.push(k);
  const degreesOfFreedom = weights.filter((w) => w > 0).length - kept.length;
  const reducedChiSquared = degreesOfFreedom > 0 ? sumOfSquares / degreesOfFreedom : Number.NaN;
  const counting = loss === "squares" ? jacobian : jacobianBy(loss);
  const counted = along(counting);
  const among = kept.map((k) => counted[k]!);
  const covariance = spread(covarianceAmong([...kept.keys()], among, kept.length, reducedChiSquared), kept);
  // the errors of determined parameters do not depend on which of these are fixed
  for (const i of undetermined)
    for (let j = 0; j < n; j++) covariance[i * n + j] = covariance[j * n + i] = Number.NaN;
  if (absoluteSigma) covariance.forEach((c, at) => (covariance[at] = c / reducedChiSquared));
  const errors = names.map((_, i) => Math.sqrt(covariance[i * n + i]!));
  const t = studentQuantile(level, degreesOfFreedom);
  const moves = new Set(free.flatMap((_, k) => movedBy(k)));
  const isConstant = (i: number): boolean => !moves.has(i);
  const byName = <T>(value: (i: number) => T): Record<string, T> =>
    Object.fromEntries(names.map((name, i) => [name, value(i)]));
  return {
    params: byName((i) => theta[i]!),
    standardErrors: byName((i) => errors[i]!),
    intervals: byName((i) => [theta[i]! - t * errors[i]!, theta[i]! + t * errors[i]!] as const),
    covariance: tensor(covariance, { shape: [n, n] }),
    correlation: tensor(
      covariance.map((c, at) => c / (errors[Math.floor(at / n)]! * errors[at % n]!)),
      { shape: [n, n] },
    ),
    fitted: tensor(fitted),
    residuals: tensor(subtract(y, fitted)),
    sumOfSquares,
    degreesOfFreedom,
    reducedChiSquared,
    rSquared: determination(y, fitted, weights),
    lossScale,
    undetermined: undetermined.map((i) => names[i]!),
    atBound: names.filter((_, i) => isAtBound[i]!),
    start: byName((i) => start[i]!),
    starts: { followed, agreed },
    reason,
    converged,
    message,
    iterations,
    evaluations,
    predict(x) {
      const { leaves, def } = flatten(x, operation);
      const paths = leafPaths(def, "x");
      if (leaves.length !== rows.columns.length) {
        throw new DownhillError("tree", `fitCurve: predict needs ${paths.join(", ")}, as in the fit.`);
      }
      const count = asTensor(leaves[0], operation).shape[0];
      const places = {
        count: count ?? 1,
        columns: leaves.map((leaf, i) => oneAxis(paths[i]!, leaf, count)),
      };
      const value = curve.values(theta, places);
      const gradients = curve.slopes(theta, places);
      // parameters that bounds or constraints determine are constant; undetermined parameters have no errors, so the curve has no band
      const moving = undetermined.length === 0 ? names.flatMap((_, i) => (isConstant(i) ? [] : [i])) : [];
      const width = value.map((_, r) => {
        let total = 0;
        if (moving.length === 0) return Number.NaN;
        for (const i of moving)
          for (const j of moving) total += gradients[i]![r]! * covariance[i * n + j]! * gradients[j]![r]!;
        return t * Math.sqrt(Math.max(total, 0));
      });
      return {
        value: tensor(value),
        low: tensor(value.map((v, r) => v - width[r]!)),
        high: tensor(value.map((v, r) => v + width[r]!)),
      };
    },
  };
}

/** The space of parameters that are not at a bound. */
function spaceWithin(theta: Float64Array, { low, high }: FitProblem["walls"]): Omit<TangentSpace, "active"> {
  const n = theta.length;
  const isAtBound = Array.from(theta, (p, i) => p === low[i] || p === high[i]);
  const free = [...theta.keys()].filter((i) => !isAtBound[i]!);
  return {
    isAtBound,
    free,
    along: (columns) => free.map((i) => columns[i]!),
    movedBy: (k) => [free[k]!],
    spread(covariance, directions) {
      const out = new Float64Array(n * n).fill(Number.NaN);
      directions.forEach((a, i) => {
        directions.forEach((b, j) => {
          out[free[a]! * n + free[b]!] = covariance[i * directions.length + j]!;
        });
      });
      return out;
    },
  };
}

function determination(y: Float64Array, fitted: Float64Array, weights: Float64Array): number {
  let [total, mean] = [0, 0];
  weights.forEach((w, r) => {
    total += w;
    mean += w * y[r]!;
  });
  mean /= total;
  let [rest, spread] = [0, 0];
  weights.forEach((w, r) => {
    rest += w * (y[r]! - fitted[r]!) ** 2;
    spread += w * (y[r]! - mean) ** 2;
  });
  return 1 - rest / spread;
}
