import { DownhillError } from "../../../engine/errors/index.ts";
import type { ConstrainedReason } from "../constrained/verdict.ts";
import { levenbergMarquardt, type Residuals } from "../minimize/levenberg-marquardt.ts";
import type { ColumnMatrix } from "../minimize/qr.ts";
import { boxSpace } from "../minimize/search-space.ts";
import type { RobustLoss } from "../minimize/robust.ts";
import {
  explain,
  fitTolerances,
  follow as followSearch,
  isConverged,
  type Limits,
  readLimits,
  type StopReason,
} from "../minimize/stop.ts";
import type { TangentSpace } from "../constrained/constraint.ts";
import { addScaled, product, subtract } from "../vector.ts";
import { findStarts, givenStarts } from "./find-start.ts";
import { type CurveModel, takeRows } from "./model.ts";
import type { ruleNames, CurveSettings, CurveData, FitCurveOptions } from "./options.ts";

/** Input of `search`: the data, curve, bounds, given start values and options of a fit. */
export interface FitProblem extends CurveData {
  readonly curve: CurveModel;
  readonly walls: { readonly low: Float64Array; readonly high: Float64Array };
  readonly given: Float64Array;
  readonly choices: CurveSettings;
  readonly rules: Pick<FitCurveOptions, (typeof ruleNames)[number]>;
}

/** Result of one search. */
export interface FitEnd {
  readonly theta: Float64Array;
  readonly sumOfSquares: number;
  readonly reason: StopReason | ConstrainedReason;
  readonly converged: boolean;
  readonly message: string;
}

/** Maximum numbers of iterations and evaluations of one search. */
type FitLimits = Pick<Limits, "maxIterations" | "maxEvaluations">;

/** Budget of iterations and evaluations that several searches share. */
interface FitBudget {
  /**
   * Returns the limits of the next of `count` remaining searches: an equal share of the unspent rest of the fraction
   * `part` of the budget.
   */
  readonly shareOf: (part: number, count: number) => FitLimits;
  readonly spend: (iterations: number, evaluations: number) => void;
  readonly spent: () => { readonly iterations: number; readonly evaluations: number };
}

function makeBudget({ maxIterations, maxEvaluations }: FitLimits): FitBudget {
  let [iterations, evaluations] = [0, 0];
  return {
    shareOf: (part, count) => ({
      maxIterations: Math.max(0, Math.floor((part * maxIterations - iterations) / count)),
      maxEvaluations: Math.max(0, Math.floor((part * maxEvaluations - evaluations) / count)),
    }),
    spend(moreIterations, moreEvaluations) {
      iterations += moreIterations;
      evaluations += moreEvaluations;
    },
    spent: () => ({ iterations, evaluations }),
  };
}

/** Result of a fit over all starts. */
export interface FitSearchResult {
  readonly result: FitEnd;
  readonly start: Float64Array;
  readonly lossScale: number | null;
  readonly followed: number;
  readonly agreed: number;
  readonly iterations: number;
  readonly evaluations: number;
  /** Set with constraints. */
  readonly space?: TangentSpace;
}

const mostRows = 1000; // rows used for following starts

/**
 * Follows the starts to their minima, and continues from the best minimum with all rows of the data. Yields between
 * iterations. After an abort every search ends at its next iterate, so the result is the best point so far.
 */
export function* search(task: FitProblem): Generator<void, FitSearchResult, void> {
  const { curve, rows, y, weights, walls, given, choices, rules } = task;
  const isRobust = choices.loss !== "squares";
  const isGiven = given.every((p) => !Number.isNaN(p));
  const roots = weights.map(Math.sqrt);
  const looking = { model: curve, rows, y, roots, ...walls, given, isRobust, count: choices.starts };
  const found = isGiven ? undefined : findStarts(looking);
  const starts = found?.starts ?? givenStarts(looking);
  if (starts.length === 0) throw notFinite();
  const scaleAt = (theta: Float64Array): number => scaleOf(curve, task, roots, theta);
  // divides by the mean square of y, so that tolerances are independent of units
  const [total, power] = [
    weights.reduce((sum, w) => sum + w, 0),
    weights.reduce((sum, w, r) => sum + w * y[r]! * y[r]!, 0),
  ];
  const unit = power > 0 ? total / power : 1;
  const limits = readLimits("fitCurve", defined(rules), [], fitTolerances);
  const budget = makeBudget(limits);
  const follow = function* (
    theta: Float64Array,
    part: Pick<FitProblem, "rows" | "y" | "weights">,
    loss: RobustLoss,
    lossScale: number,
    share: FitLimits,
  ): Generator<void, FitEnd, void> {
    const scaledRoots = part.weights.map((w) => Math.sqrt(w * unit));
    const counts = { evaluations: 0 };
    const residuals = residualsOf(curve, part, scaledRoots, loss, lossScale * Math.sqrt(unit), counts);
    const { best, reason, iterations } = yield* followSearch(
      levenbergMarquardt(residuals, theta, boxSpace(walls)),
      { ...limits, ...share, evaluations: () => counts.evaluations },
      () => false,
    );
    budget.spend(iterations, counts.evaluations);
    return {
      theta: best.x,
      sumOfSquares: best.value,
      reason,
      converged: isConverged(reason),
      message: explain(reason, best),
    };
  };

  let scale = choices.lossScale ?? (isRobust ? scaleAt(starts[0]!) : 1);
  let best = { theta: starts[0]!, start: starts[0]! };
  let [followed, agreed] = [1, 1];
  let reached: FitEnd | undefined; // set if nothing is left to follow
  // all starts together get half of the limits, so small limits allow fewer starts
  const most = Math.min(limits.maxIterations, limits.maxEvaluations) / 2;
  const few = starts.slice(0, Math.max(1, most));
  if (few.length > 1) {
    const part = everyFew(task);
    // soft-l1 attracts from everywhere, while cauchy and arctan are flat far from the data
    const ends: { readonly start: Float64Array; readonly end: FitEnd }[] = [];
    for (const [i, start] of few.entries()) {
      const half = budget.shareOf(0.5, few.length - i);
      const share = { ...half, maxIterations: Math.min(100, half.maxIterations) };
      ends.push({ start, end: yield* follow(start, part, isRobust ? "soft-l1" : "squares", scale, share) });
    }
    const finite = ends
      .filter(({ end }) => Number.isFinite(end.sumOfSquares))
      .sort((a, b) => a.end.sumOfSquares - b.end.sumOfSquares);
    if (finite.length === 0) throw notFinite();
    const { start, end } = finite[0]!;
    best = { theta: end.theta, start };
    if (part === task && !isRobust && end.converged) reached = end;
    const limit = end.sumOfSquares * (1 + 1e-6) + 1e-20 * power * unit; // tolerance for rounding
    followed = few.length;
    agreed = finite.filter(({ end: { sumOfSquares } }) => sumOfSquares <= limit).length;
  }
  // parameters with bounds or given values keep their sign and period
  const isKept = (i: number): boolean =>
    walls.low[i]! > -Infinity || walls.high[i]! < Infinity || !Number.isNaN(given[i]!);
  const from = found === undefined ? best.theta : found.plainest(best.theta, isKept);
  let result =
    reached !== undefined && from === reached.theta
      ? reached
      : yield* follow(from, task, choices.loss, scale, budget.shareOf(1, 1));
  // the scale is estimated from the residuals of the fit that uses it
  const rounds = isRobust && choices.lossScale === undefined ? 5 : 0;
  for (let round = 0; round < rounds; round++) {
    const next = scaleAt(result.theta);
    if (Math.abs(next - scale) <= 0.01 * scale) break;
    scale = next;
    result = yield* follow(result.theta, task, choices.loss, scale, budget.shareOf(1, 1));
  }
  if (result.reason === "not-finite") throw notFinite();
  const { start } = best;
  result = { ...result, sumOfSquares: result.sumOfSquares / unit };
  return { result, start, lossScale: isRobust ? scale : null, followed, agreed, ...budget.spent() };
}

/** Estimates the scale of a robust loss: by the median size of the weighted residuals, without rows of weight 0. */
export function scaleOf(
  curve: CurveModel,
  { rows, y, weights }: Pick<FitProblem, "rows" | "y" | "weights">,
  roots: Float64Array,
  theta: Float64Array,
): number {
  const fitted = curve.values(theta, rows);
  return medianSize(y.map((yi, r) => (yi - fitted[r]!) * roots[r]!).filter((_, r) => weights[r]! > 0));
}

/**
 * The residuals `ρ(√w (curve − y))` of some rows, whose squares sum to the loss. Also their Jacobian, and their second
 * derivative along a direction.
 */
function residualsOf(
  curve: CurveModel,
  part: Pick<FitProblem, "rows" | "y">,
  roots: Float64Array,
  loss: RobustLoss,
  lossScale: number,
  counts: { evaluations: number },
): Residuals {
  return {
    values(theta) {
      counts.evaluations++;
      const r = weighted(curve, part, roots, theta);
      return loss === "squares" ? r : curve.robust(loss, lossScale, r).values;
    },
    jacobian: (theta) => jacobianOf(curve, part, roots, loss, lossScale, theta),
    curvature(theta, v) {
      counts.evaluations++;
      const plain = product(roots, curve.curvature(theta, part.rows, v));
      if (loss === "squares") return plain;
      const { slopes, bends } = curve.robust(loss, lossScale, weighted(curve, part, roots, theta));
      let along: Float64Array = new Float64Array(roots.length);
      curve.slopes(theta, part.rows).forEach((column, i) => (along = addScaled(along, v[i]!, column)));
      return plain.map((c, at) => slopes[at]! * c + bends[at]! * (roots[at]! * along[at]!) ** 2);
    },
  };
}

/** Weighted residuals `√w (curve − y)`. */
function weighted(
  curve: CurveModel,
  { rows, y }: Pick<FitProblem, "rows" | "y">,
  roots: Float64Array,
  theta: Float64Array,
): Float64Array {
  return product(roots, subtract(curve.values(theta, rows), y));
}

/** Jacobian of the residuals of `residualsOf`, one column per parameter. */
export function jacobianOf(
  curve: CurveModel,
  part: Pick<FitProblem, "rows" | "y">,
  roots: Float64Array,
  loss: RobustLoss,
  lossScale: number,
  theta: Float64Array,
): ColumnMatrix {
  const slopes =
    loss === "squares"
      ? undefined
      : curve.robust(loss, lossScale, weighted(curve, part, roots, theta)).slopes;
  const factors = slopes === undefined ? roots : product(roots, slopes);
  return curve.slopes(theta, part.rows).map((column) => product(factors, column));
}

function notFinite(): DownhillError {
  return new DownhillError(
    "data",
    "fitCurve: the model is not finite at all rows for any start that was tried. Give start values, or bounds that keep " +
      "it finite.",
  );
}

/** Returns at most `mostRows` rows of the data, evenly spread, with their values and weights. */
function everyFew(task: FitProblem): Pick<FitProblem, "rows" | "y" | "weights"> {
  const { rows, y, weights } = task;
  if (rows.count <= mostRows) return task;
  const chosen = Array.from({ length: mostRows }, (_, i) => Math.floor((i * rows.count) / mostRows));
  return {
    rows: takeRows(rows, chosen),
    y: Float64Array.from(chosen, (r) => y[r]!),
    weights: Float64Array.from(chosen, (r) => weights[r]!),
  };
}

/**
 * Returns 1.4826 times the median absolute value, which estimates the standard deviation of normally distributed
 * numbers. If the median is 0, it returns the largest absolute value, or 1 if that is 0 too.
 */
function medianSize(r: Float64Array): number {
  const sizes = r.map(Math.abs).sort();
  const median = (sizes[(sizes.length - 1) >> 1]! + sizes[sizes.length >> 1]!) / 2;
  return 1.4826 * median || sizes.at(-1)! || 1;
}

/** Returns the options without the keys whose value is `undefined`. */
export function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
