import { largest } from "../vector.ts";
import { infeasibility, optimalityErrors, slacksOf } from "./barrier.ts";
import { type QuadraticSolution, solveQuadratic } from "./dual-active-set.ts";
import { choleskyFactor, withCurvature } from "../dense-matrix.ts";
import { Filter, type FilterPair } from "./filter.ts";
import { endOfIterate, type InteriorOutcome, type InteriorTask } from "./interior-point.ts";
import {
  linearise,
  type Linearised,
  type HessianEntries,
  type PrimalDual,
  type ProgramValues,
} from "./nonlinear-program.ts";
import type { SlackForm } from "./slack-form.ts";

/** A search by sequential quadratic programming. */
export interface SqpTask extends InteriorTask {
  readonly program: SlackForm;
}

/** Multipliers above this size belong to active limits when the Hessian is made convex. */
const activeForce = 1e-8;
const negligible = 1e-12;
/** The method gives up if the error has not halved within this number of iterations. */
const patience = 20;
/** Weights of the terms that make a Hessian convex, relative to its size. */
const termWeights = [1, 100, 1e4];
const shiftShrink = 1 / 8;
const shiftGrowth = 2;

/** A step of the parameters, with the multipliers of the slack form at its end. */
interface SqpStep {
  /** Changes of the free parameters. */
  readonly d: Float64Array;
  readonly y: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * Sequential quadratic programming with exact Hessians for small problems: each iteration solves a quadratic problem by an
 * active set method, and a filter decides about the step. `undefined` if a quadratic problem has no solution, no step is
 * accepted, or a derivative is not finite. A method that restores feasibility must follow from the last iterate that
 * `observe` received.
 *
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, 2006, chapter 18; Fletcher, Leyffer, Nonlinear programming
 * without a penalty function, 2002.
 */
export function* sequentialQuadratic(task: SqpTask): Generator<undefined, InteriorOutcome | undefined, void> {
  const { program } = task;
  let at = task.start;
  let values = program.values(at.x);
  const filter = new Filter(infeasibility(values.residuals));
  let [alpha, shift, lastShift, least, since] = [0, 0, 0, Infinity, 0];
  for (let iteration = 0; ; iteration++) {
    const point = linearise(program, at.x, values);
    const errors = optimalityErrors(point, at, slacksOf(program, at.x), 0);
    const last = { point, at, errors, barrier: 0, primalStep: alpha, dualStep: alpha, regularisation: shift, isRestoration: false }; // prettier-ignore
    const end = endOfIterate(task, last);
    // interior points of the bounds may have finite derivatives
    if (end === "not-finite") return undefined;
    if (end !== undefined) return { end, last };
    if (errors.total < 0.5 * least) [least, since] = [errors.total, iteration];
    else if (iteration - since > patience) return undefined;
    yield undefined;
    // after a full step the model may be less convex
    const leastShift = lastShift * (alpha === 1 ? shiftShrink : shiftGrowth);
    const model = quadraticModel(program, point, at, lastShift === 0 ? 0.1 * errors.dual : leastShift);
    if (model === undefined) return undefined;
    shift = model.shift;
    if (shift > 0) lastShift = shift;
    const accepted = searchAlong(program, filter, point, at, model);
    if (accepted === undefined) return undefined;
    ({ at, values, alpha } = accepted);
  }
}

/** Quadratic model of a problem at a point. */
interface QuadraticModel {
  /** Least curvature that replaced smaller ones in its Hessian; 0 if none was replaced. */
  readonly shift: number;
  readonly step: SqpStep;
  /** Minimises the model with other residuals of the equations, for second-order corrections. */
  readonly minimise: (residuals: Float64Array) => SqpStep | undefined;
}

/**
 * The quadratic model with the first convex Hessian whose assumptions hold at the minimum of the model; `undefined` if
 * there is none.
 */
function quadraticModel(
  program: SlackForm,
  point: Linearised,
  at: PrimalDual,
  leastShift: number,
): QuadraticModel | undefined {
  const { low, high, slackOf, equations, free } = program;
  const n = free.length;
  const { pattern, values } = point.jacobian;
  const rows = equations + n;
  const normals = new Float64Array(rows * n);
  for (let e = 0; e < equations; e++)
    for (let p = pattern.rowPointers[e]!; p < pattern.rowPointers[e + 1]!; p++)
      if (pattern.columns[p]! < n) normals[e * n + pattern.columns[p]!] = values[p]!;
  for (let i = 0; i < n; i++) normals[(equations + i) * n + i] = 1;
  const limitsOf = (residuals: Float64Array): readonly [Float64Array, Float64Array] => {
    const [from, to] = [new Float64Array(rows), new Float64Array(rows)];
    for (let e = 0; e < equations; e++) {
      const s = slackOf[e]!;
      const value = residuals[e]! + (s < 0 ? 0 : at.x[s]!);
      from[e] = (s < 0 ? 0 : low[s]!) - value;
      to[e] = (s < 0 ? 0 : high[s]!) - value;
    }
    for (let i = 0; i < n; i++) {
      from[equations + i] = low[i]! - at.x[i]!;
      to[equations + i] = high[i]! - at.x[i]!;
    }
    return [from, to];
  };
  const first = limitsOf(point.residuals);
  for (const convex of convexHessians(
    program.hessian(at.x, 1, at.y),
    normals,
    first,
    at,
    program,
    leastShift,
  )) {
    const gradient = new Float64Array(n);
    for (let i = 0; i < n; i++) gradient[i] = point.gradient[i]! + convex.slope[i]!;
    const solve = ([from, to]: readonly [Float64Array, Float64Array]): QuadraticSolution | undefined =>
      solveQuadratic({ factor: convex.factor, gradient, normals, low: from, high: to });
    const solved = solve(first);
    if (solved === undefined) return undefined;
    if (!convex.terms.every((term) => holdsAt(term, normals, solved.d))) continue;
    return {
      shift: convex.shift,
      step: stepOf(program, solved, convex, normals),
      minimise(residuals) {
        const next = solve(limitsOf(residuals));
        return next && stepOf(program, next, convex, normals);
      },
    };
  }
  return undefined;
}

/** True if the limit of a term is active at d, so that the term does not change the minimum. */
function holdsAt({ row, limit }: CurvatureTerm, normals: Float64Array, d: Float64Array): boolean {
  let [value, size] = [0, Math.abs(limit)];
  for (let i = 0; i < d.length; i++) {
    value += normals[row * d.length + i]! * d[i]!;
    size += Math.abs(normals[row * d.length + i]! * d[i]!);
  }
  return Math.abs(value - limit) <= 1e-6 * size + 1e-12;
}

/** A convex replacement of a Hessian. */
interface ConvexHessian {
  readonly factor: Float64Array;
  /** Least curvature that replaced smaller ones; 0 if none was replaced. */
  readonly shift: number;
  /** Gradient at 0 of the terms that were added. */
  readonly slope: Float64Array;
  readonly terms: readonly CurvatureTerm[];
}

/** The term `½ weight (aᵀd − limit)²` for a row of normals. */
interface CurvatureTerm {
  readonly row: number;
  readonly limit: number;
  readonly weight: number;
}

/**
 * Yields convex Hessians to try in order: only the Hessian itself if it is positive definite. Otherwise first the
 * Hessian with terms for the limits that have multipliers, which do not change the minimum if these limits are active
 * there. Then the Hessian with changed curvatures: negative curvature counts as positive, and curvatures below
 * `leastShift` are raised to it.
 */
function* convexHessians(
  { pattern, values, lowRank }: HessianEntries,
  normals: Float64Array,
  limits: readonly [Float64Array, Float64Array],
  at: PrimalDual,
  program: SlackForm,
  leastShift: number,
): Generator<ConvexHessian, void, void> {
  const n = program.free.length;
  const base = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++)
      if (pattern.columns[p]! < n) base[i * n + pattern.columns[p]!] = values[p]!;
  lowRank?.subtractFromMatrix(base, n);
  const size = largest(base);
  const plain = choleskyFactor(base, n);
  if (plain !== undefined) {
    yield { factor: plain, shift: 0, slope: new Float64Array(n), terms: [] };
    return;
  }
  const active = activeTerms(normals, limits, at, program);
  for (const weight of active.length === 0 ? [] : termWeights) {
    const matrix = base.slice();
    const slope = new Float64Array(n);
    const terms = active.map((term) => ({ ...term, weight: term.weight * weight * size }));
    for (const { row, limit, weight: own } of terms)
      for (let i = 0; i < n; i++) {
        const a = own * normals[row * n + i]!;
        if (a === 0) continue;
        slope[i]! -= a * limit;
        for (let j = 0; j < n; j++) matrix[i * n + j]! += a * normals[row * n + j]!;
      }
    const factor = choleskyFactor(matrix, n);
    if (factor === undefined) continue;
    yield { factor, shift: 0, slope, terms };
    break;
  }
  const shift = Math.max(leastShift, 1e-5 * size, 1e-12);
  const factor = choleskyFactor(withCurvature(base, n, shift), n);
  if (factor !== undefined) yield { factor, shift, slope: new Float64Array(n), terms: [] };
}

/**
 * Curvature terms for all equalities, and for limits and bounds whose multipliers are not negligible. Each weight is 1
 * / |normal|².
 */
function activeTerms(
  normals: Float64Array,
  [low, high]: readonly [Float64Array, Float64Array],
  at: PrimalDual,
  { equations, slackOf, free }: SlackForm,
): readonly CurvatureTerm[] {
  const n = free.length;
  const out: CurvatureTerm[] = [];
  for (let row = 0; row < equations + n; row++) {
    const force = row < equations ? at.y[row]! : at.high[row - equations]! - at.low[row - equations]!;
    const isEquality = row < equations && slackOf[row]! < 0;
    const limit = force > 0 ? high[row]! : low[row]!;
    if ((!isEquality && Math.abs(force) <= activeForce) || Math.abs(limit) === Infinity) continue;
    let square = 0;
    for (let i = 0; i < n; i++) square += normals[row * n + i]! ** 2;
    if (square > 0) out.push({ row, limit, weight: 1 / square });
  }
  return out;
}

/**
 * Returns the step that solves a quadratic problem, and its multipliers in the slack form. They include the forces of
 * the curvature terms.
 */
function stepOf(
  { equations, slackOf, free, low: bounds }: SlackForm,
  { d, multipliers }: QuadraticSolution,
  { terms }: ConvexHessian,
  normals: Float64Array,
): SqpStep {
  const n = free.length;
  const all = multipliers.slice();
  for (const { row, limit, weight } of terms) {
    let value = -limit;
    for (let i = 0; i < n; i++) value += normals[row * n + i]! * d[i]!;
    all[row]! += weight * value;
  }
  const [low, high] = [new Float64Array(bounds.length), new Float64Array(bounds.length)];
  const put = (i: number, force: number): void => {
    low[i] = Math.max(-force, 0);
    high[i] = Math.max(force, 0);
  };
  for (let i = 0; i < n; i++) put(i, all[equations + i]!);
  for (let e = 0; e < equations; e++) if (slackOf[e]! >= 0) put(slackOf[e]!, all[e]!);
  return { d, y: all.slice(0, equations), low, high };
}

interface AcceptedSqpStep {
  readonly at: PrimalDual;
  readonly values: ProgramValues;
  readonly alpha: number;
}

/**
 * Halves the step of the model until the filter accepts a point. The full step may be corrected for the curvature of
 * the constraints. `undefined` if the step becomes too short.
 */
function searchAlong(
  program: SlackForm,
  filter: Filter,
  point: Linearised,
  at: PrimalDual,
  model: QuadraticModel,
): AcceptedSqpStep | undefined {
  const { step } = model;
  const now = pairOf(point);
  let slope = 0;
  for (let i = 0; i < step.d.length; i++) slope += point.gradient[i]! * step.d[i]!;
  const least = Math.max(filter.smallestStep(now, slope), negligible);
  for (let alpha = 1; alpha === 1 || alpha >= least; alpha /= 2) {
    const trial = moved(program, at, step.d, alpha);
    let accepted = trial !== undefined && filter.allows(now, trial.pair, slope, alpha) ? trial : undefined;
    let direction = step;
    if (
      accepted === undefined &&
      alpha === 1 &&
      trial !== undefined &&
      trial.pair.infeasibility >= now.infeasibility
    ) {
      const corrected = correction(program, point, at, step, trial, model);
      if (corrected !== undefined && filter.allows(now, corrected.trial.pair, slope, 1))
        [accepted, direction] = [corrected.trial, corrected.step];
    }
    if (accepted === undefined) continue;
    if (filter.mustExtend(now, accepted.pair, slope, alpha)) filter.add(now);
    const along = (from: Float64Array, to: Float64Array): Float64Array =>
      from.map((value, i) => value + alpha * (to[i]! - value));
    const next = { x: accepted.x, y: along(at.y, direction.y), low: along(at.low, direction.low), high: along(at.high, direction.high) }; // prettier-ignore
    return { at: next, values: accepted.values, alpha };
  }
  return undefined;
}

/** A trial point with its slacks at the nearest points within their limits. */
interface SqpTrial {
  readonly x: Float64Array;
  readonly values: ProgramValues;
  /** Values of the limited functions minus the slacks before the step. */
  readonly rows: Float64Array;
  readonly pair: FilterPair;
}

function moved(program: SlackForm, at: PrimalDual, d: Float64Array, alpha: number): SqpTrial | undefined {
  const { low, high, slackOf, equations } = program;
  const x = at.x.slice();
  for (let i = 0; i < d.length; i++) x[i] = Math.min(Math.max(x[i]! + alpha * d[i]!, low[i]!), high[i]!);
  const { value, residuals: rows } = program.values(x);
  if (!Number.isFinite(value) || !rows.every(Number.isFinite)) return undefined;
  const residuals = rows.slice();
  for (let e = 0; e < equations; e++) {
    const s = slackOf[e]!;
    if (s < 0) continue;
    const row = rows[e]! + x[s]!;
    x[s] = Math.min(Math.max(row, low[s]!), high[s]!);
    residuals[e] = row - x[s];
  }
  const values = { value, residuals };
  return { x, values, rows, pair: pairOf(values) };
}

function pairOf({ value, residuals }: ProgramValues): FilterPair {
  return { infeasibility: infeasibility(residuals), value };
}

/**
 * Second-order correction of a step: minimises the model again, with the constraint values at the end of the first step
 * and the derivatives at its start. `undefined` if this fails.
 */
function correction(
  program: SlackForm,
  { jacobian }: Linearised,
  at: PrimalDual,
  { d }: SqpStep,
  trial: SqpTrial,
  model: QuadraticModel,
): { readonly step: SqpStep; readonly trial: SqpTrial } | undefined {
  const residuals = trial.rows.slice();
  const { pattern, values } = jacobian;
  for (let e = 0; e < program.equations; e++)
    for (let p = pattern.rowPointers[e]!; p < pattern.rowPointers[e + 1]!; p++)
      if (pattern.columns[p]! < d.length) residuals[e]! -= values[p]! * d[pattern.columns[p]!]!;
  const step = model.minimise(residuals);
  const next = step && moved(program, at, step.d, 1);
  return step && next && { step, trial: next };
}
