import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import { diagonalPattern, unitePatterns } from "../../sparse/matrix/combine.ts";
import { largest, scaled } from "../vector.ts";
import { infeasibility } from "./barrier.ts";
import { type FilterPair, isProgress } from "./filter.ts";
import {
  interiorPoint,
  type InteriorIterate,
  type InteriorOutcome,
  type InteriorTask,
  type Restoration,
} from "./interior-point.ts";
import { pairOf, type SearchStart } from "./line-search.ts";
import {
  linearise,
  type MatrixEntries,
  type NonlinearProgram,
  type PrimalDual,
  type ProgramValues,
} from "./nonlinear-program.ts";
import { boundMultipliers } from "./start.ts";

/** Weight ρ of the violation. The distance from the point where the restoration began has the weight ζ/2. */
const violationWeight = 1000;
/** A restoration must reduce the infeasibility to this fraction. */
const neededReduction = 0.9; // κ_resto
/** If a bound multiplier exceeds this after a restoration, all bound multipliers are reset to 1. */
const largestMultiplier = 1000;
/** Largest error at which a restoration that did not converge still counts as finished. */
const acceptable = 1e-5;

/**
 * Program of the restoration from one point. `original` evaluates the objective and equations of the original program,
 * and caches the latest point.
 */
interface RestorationProgram extends NonlinearProgram {
  readonly original: (x: Float64Array) => ProgramValues;
}

/**
 * Program that minimises the violation near x_R: `ρ Σ (p + n) + ζ/2 |D (x − x_R)|²` subject to c(x) − p + n = 0, p, n ≥
 * 0 (equation 30). ζ is the square root of the barrier parameter, so that it tends to 0.
 */
function restorationProgram(program: NonlinearProgram, reference: Float64Array): RestorationProgram {
  const n = reference.length;
  const m = program.equations;
  const weights = reference.map((x) => Math.min(1, 1 / Math.abs(x)) ** 2);
  let proximity = 0;
  let latest: { readonly x: Float64Array; readonly values: ProgramValues } | undefined;
  const original = (x: Float64Array): ProgramValues => {
    if (latest?.x !== x) latest = { x, values: program.values(x.slice(0, n)) };
    return latest.values;
  };
  const hessianParts = extendHessian(n, n + 2 * m);
  const jacobianParts = extendJacobian(n, m);
  return {
    low: extended(program.low, 2 * m, 0),
    high: extended(program.high, 2 * m, Infinity),
    equations: m,
    original,
    setBarrier: (barrier) => (proximity = Math.sqrt(barrier)),
    values(x) {
      const { value: cost, residuals } = original(x);
      let [distance, violation] = [0, 0];
      for (let i = 0; i < n; i++) distance += weights[i]! * (x[i]! - reference[i]!) ** 2;
      for (let i = n; i < x.length; i++) violation += x[i]!;
      const value = violationWeight * violation + 0.5 * proximity * distance;
      const left = residuals.map((c, j) => c - x[n + j]! + x[n + m + j]!);
      // a cost that is not finite would stop the search afterwards
      return { value: Number.isFinite(cost) ? value : NaN, residuals: left };
    },
    gradient(x) {
      const out = new Float64Array(x.length).fill(violationWeight, n);
      for (let i = 0; i < n; i++) out[i] = proximity * weights[i]! * (x[i]! - reference[i]!);
      return out;
    },
    jacobian: (x) => jacobianParts(program.jacobian(x.slice(0, n))),
    hessian(x, weight, y) {
      const inner = program.hessian(x.slice(0, n), 0, y);
      return hessianParts(inner, scaled(weight * proximity, weights));
    },
  };
}

function extended(x: Float64Array, count: number, value: number): Float64Array {
  const out = new Float64Array(x.length + count).fill(value, x.length);
  out.set(x);
  return out;
}

/** Adds a diagonal to a Hessian of n variables, and appends empty rows and columns up to `size`. */
function extendHessian(
  n: number,
  size: number,
): (inner: MatrixEntries, diagonal: Float64Array) => MatrixEntries {
  let known: { readonly from: SparsePattern; readonly to: SparsePattern; readonly union: ReturnType<typeof unitePatterns> } | undefined; // prettier-ignore
  return ({ pattern, values }, diagonal) => {
    if (known?.from !== pattern) {
      const union = unitePatterns(pattern, diagonalPattern(n));
      const pointers = new Int32Array(size + 1).fill(union.pattern.nnz, n);
      pointers.set(union.pattern.rowPointers);
      known = { from: pattern, to: SparsePattern.fromChecked([size, size], pointers, union.pattern.columns), union }; // prettier-ignore
    }
    const { to, union } = known;
    const out = new Float64Array(to.nnz);
    for (let p = 0; p < values.length; p++) out[union.ofFirst[p]!] = values[p]!;
    for (let i = 0; i < n; i++) out[union.ofSecond[i]!]! += diagonal[i]!;
    return { pattern: to, values: out };
  };
}

/** Appends the columns of the variables p and n to a Jacobian: −1 and 1 in each row. */
function extendJacobian(n: number, m: number): (inner: MatrixEntries) => MatrixEntries {
  let known: { readonly from: SparsePattern; readonly to: SparsePattern } | undefined;
  return ({ pattern, values }) => {
    if (known?.from !== pattern) {
      const pointers = pattern.rowPointers.map((p, i) => p + 2 * i);
      const columns = new Int32Array(pattern.nnz + 2 * m);
      for (let j = 0, q = 0; j < m; j++) {
        for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++)
          columns[q++] = pattern.columns[p]!;
        columns[q++] = n + j;
        columns[q++] = n + m + j;
      }
      known = { from: pattern, to: SparsePattern.fromChecked([m, n + 2 * m], pointers, columns) };
    }
    const out = new Float64Array(known.to.nnz);
    for (let j = 0, q = 0; j < m; j++) {
      for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++) out[q++] = values[p]!;
      out[q++] = -1;
      out[q++] = 1;
    }
    return { pattern: known.to, values: out };
  };
}

/**
 * Sets p and n, the last elements of x, to the minimum of the barrier problem for fixed other variables (equation 33).
 */
function balanceViolation(x: Float64Array, residuals: Float64Array, barrier: number): void {
  const m = residuals.length;
  const from = x.length - 2 * m;
  for (let j = 0; j < m; j++) {
    const c = residuals[j]!;
    x[from + j] = balancedDistance(-c, barrier);
    x[from + m + j] = balancedDistance(c, barrier);
  }
}

/** The positive root n of `ρ = μ/n + μ/(c + n)`, computed without cancellation. */
function balancedDistance(c: number, barrier: number): number {
  const half = (barrier - violationWeight * c) / (2 * violationWeight);
  const product = (barrier * c) / (2 * violationWeight);
  const root = Math.sqrt(half ** 2 + product);
  return Math.max(half >= 0 ? half + root : product / (root - half), 1e-300);
}

/** Start of a restoration from a point of the original search. */
function restorationStart({ point, at }: RestorationOrigin, barrier: number): PrimalDual {
  const n = at.x.length;
  const m = point.residuals.length;
  const x = extended(at.x, 2 * m, 0);
  balanceViolation(x, point.residuals, barrier);
  const low = extended(
    at.low.map((z) => Math.min(violationWeight, z)),
    2 * m,
    0,
  );
  for (let i = n; i < x.length; i++) low[i] = barrier / x[i]!;
  const high = extended(
    at.high.map((z) => Math.min(violationWeight, z)),
    2 * m,
    0,
  );
  return { x, y: new Float64Array(m), low, high };
}

/** Point of the original search where a restoration begins. */
type RestorationOrigin = Pick<SearchStart, "program" | "point" | "at" | "barrier">;

/** Fields of the search that a restoration uses. */
export type RestorationTask = Pick<InteriorTask, "operation" | "tolerance" | "observe">;

/**
 * Feasibility restoration (section 3.3). Minimises the violation until the filter of the search accepts a point that is
 * clearly more feasible. If it converges before that, the original problem is reported as infeasible.
 */
export function* restoreFeasibility(
  { operation, tolerance, observe }: RestorationTask,
  search: SearchStart,
  now: FilterPair,
): Generator<undefined, Restoration, void> {
  const { program, filter, point, at } = search;
  if (program.equations === 0 || largest(point.residuals) <= tolerance)
    return { kind: "end", end: "stalled", x: at.x };
  filter.add(now);
  const barrier = Math.max(search.barrier, largest(point.residuals));
  return yield* reduceViolation({ operation, tolerance, observe }, search, barrier, (pair) => {
    const isReduced =
      Number.isFinite(pair.value) && pair.infeasibility <= neededReduction * now.infeasibility;
    return isReduced && filter.accepts(pair) && isProgress(now, pair);
  });
}

/** Maximum number of iterations in which `searchFeasible` minimises the violation. */
const mostIterations = 60;

/**
 * Minimises the violation from the least violated point of a search that got stuck, until a point is feasible. The end is
 * `infeasible` at a local minimum of the violation.
 */
export function* searchFeasible(
  task: RestorationTask,
  program: NonlinearProgram,
  x: Float64Array,
): Generator<undefined, Restoration, void> {
  const point = linearise(program, x, program.values(x));
  const at = { x, y: new Float64Array(program.equations), ...boundMultipliers(program, 1) };
  let iterations = 0;
  const isFeasible = ({ infeasibility: size }: FilterPair): boolean =>
    size <= task.tolerance || ++iterations > mostIterations;
  return yield* reduceViolation(task, { program, point, at, barrier: 0 }, largest(point.residuals), isFeasible); // prettier-ignore
}

/** Minimises the violation until a point is accepted, or to the end. */
function* reduceViolation(
  { operation, tolerance, observe }: RestorationTask,
  search: RestorationOrigin,
  barrier: number,
  accepts: (pair: FilterPair) => boolean,
): Generator<undefined, Restoration, void> {
  const { program, point, at } = search;
  const n = at.x.length;
  const restoration = restorationProgram(program, at.x);
  let found: Float64Array | undefined;
  const watch = (inner: InteriorIterate): boolean => {
    const x = inner.point.x.slice(0, n);
    const values = restoration.original(inner.point.x);
    if (observe({ ...inner, point: { ...point, ...values, x } })) return true;
    const isAccepted = accepts(pairOf(search, x, values));
    if (isAccepted) found = x;
    return isAccepted;
  };
  const outcome = yield* interiorPoint({
    operation,
    program: restoration,
    start: restorationStart(search, barrier),
    barrier,
    tolerance,
    observe: watch,
    restore: (inner) => rebalance(restoration, inner),
    isRestoration: true,
  });
  return conclude(search, tolerance, outcome, found);
}

/**
 * Continues a restoration in which no step is accepted: chooses p and n anew. Ends as stalled if that changes nothing.
 */
// oxlint-disable-next-line require-yield -- has the type of a restoration
function* rebalance(
  restoration: RestorationProgram,
  inner: SearchStart,
): Generator<undefined, Restoration, void> {
  const x = inner.at.x.slice();
  balanceViolation(x, restoration.original(inner.at.x).residuals, inner.barrier);
  let change = 0;
  for (let i = 0; i < x.length; i++)
    change = Math.max(change, Math.abs(x[i]! - inner.at.x[i]!) / Math.max(1e-8, Math.abs(x[i]!)));
  if (!(change > 1e-8)) return { kind: "end", end: "stalled", x };
  const low = inner.at.low.slice();
  for (let i = x.length - 2 * restoration.equations; i < x.length; i++) low[i] = inner.barrier / x[i]!;
  return { kind: "point", x, at: { low, high: inner.at.high } };
}

/** Converts the outcome of a restoration to a point, or to the end of the original search. */
function conclude(
  { program, at }: RestorationOrigin,
  tolerance: number,
  { end, last }: InteriorOutcome,
  found: Float64Array | undefined,
): Restoration {
  const n = at.x.length;
  const multipliers = last.at;
  const part = (z: Float64Array): Float64Array => z.slice(0, n);
  if (found !== undefined) {
    const given = { low: part(multipliers.low), high: part(multipliers.high) };
    const isLarge = Math.max(largest(given.low), largest(given.high)) > largestMultiplier;
    return { kind: "point", x: found, at: isLarge ? boundMultipliers(program, 1) : given };
  }
  const x = part(last.point.x);
  if (end === "stopped") return { kind: "end", end, x };
  const isFinished = end === "optimal" || last.errors.total <= acceptable;
  if (!isFinished) return { kind: "end", end: end === "unbounded" ? "stalled" : end, x };
  const share = (z: Float64Array): Float64Array => scaled(1 / violationWeight, z);
  const conflict = {
    y: share(multipliers.y),
    low: share(part(multipliers.low)),
    high: share(part(multipliers.high)),
  };
  const violation = infeasibility(program.values(x).residuals);
  if (violation > 100 * tolerance) return { kind: "end", end: "infeasible", conflict, x };
  return { kind: "end", end: "stalled", x };
}
