import { type BoxBounds, inside } from "../minimize/walls.ts";
import { addScaled, dot, scaled, subtract } from "../vector.ts";
import type { RowProgram } from "./slack-form.ts";

/** A point with its value and its largest violation. */
export interface PenaltyPoint {
  readonly x: Float64Array;
  readonly value: number;
  readonly violation: number;
}

interface PenaltyTask {
  readonly program: RowProgram;
  readonly box: BoxBounds;
  readonly limits: BoxBounds;
  readonly tolerance: number;
  /** Largest number of evaluations. */
  readonly most: number;
}

/** Largest number of parameters: the method has a dense matrix. */
const mostParameters = 300;
/** Weights of the objective that are tried in turn, relative to those of violations. */
const weights = [0.3, 0.03, 0.003];
const mostTrials = 30;
/** Least change of the slope along an accepted step. */
const slopeChange = 0.5;
/** Decrease, relative to 1 + |penalty|, that counts as progress, and number of steps without progress that end a search. */
const leastDecrease = 1e-12;
const mostIdleSteps = 10;

/** True if a point is better than another one: less violated, or lower if both violations are within the tolerance. */
function isBetter(a: PenaltyPoint, b: PenaltyPoint, tolerance: number): boolean {
  const [left, right] = [Math.max(0, a.violation - tolerance), Math.max(0, b.violation - tolerance)];
  return left < right || (left === right && a.value < b.value);
}

/**
 * Best point that a search finds which needs no derivatives at kinks: the BFGS method for the value plus weighted
 * violations, whose steps change the slope. It approaches minima at kinks, but cannot confirm them.
 *
 * @see Lewis, Overton, Nonsmooth optimization via quasi-Newton methods, Mathematical Programming 141, 2013.
 */
export function descendPenalty(task: PenaltyTask, start: PenaltyPoint): PenaltyPoint {
  const { program, box, limits, tolerance, most } = task;
  let best = start;
  if (start.x.length > mostParameters) return best;
  let count = 0;
  const { rows: rowWeights, objective } = unitWeights(program, start.x);
  for (const weight of weights) {
    const at = (given: Float64Array): PenaltyValue => {
      count++;
      const x = inside(given, box);
      const found = penaltyAt(program, limits, x, weight * objective, rowWeights);
      if (Number.isFinite(found.value) && isBetter(found, best, tolerance)) best = found;
      // outside of the bounds the penalty grows with the distance
      let outside = 0;
      const slope = found.slope.map((g, i) => {
        outside += Math.abs(given[i]! - x[i]!);
        return given[i] === x[i] ? g : Math.sign(given[i]! - x[i]!);
      });
      return { ...found, x: given, penalty: found.penalty + outside, slope };
    };
    const end = bfgs(at, best.x, () => count >= most);
    const isFeasible = best.violation <= tolerance;
    if (count >= most || (isFeasible && end.violation <= Math.sqrt(tolerance))) break;
  }
  return best;
}

interface PenaltyValue extends PenaltyPoint {
  readonly penalty: number;
  readonly slope: Float64Array;
}

/** Weights that make the gradients of all functions similar. */
function unitWeights(
  program: RowProgram,
  x: Float64Array,
): { readonly objective: number; readonly rows: Float64Array } {
  const inverse = (size: number): number => (size > 0 && size < Infinity ? 1 / size : 1);
  const gradient = program.gradient(x);
  const { pattern, values } = program.jacobian(x);
  const rows = Float64Array.from({ length: pattern.shape[0] }, (_, j) => {
    const row = values.subarray(pattern.rowPointers[j], pattern.rowPointers[j + 1]);
    return inverse(Math.sqrt(dot(row, row)));
  });
  return { objective: inverse(Math.sqrt(dot(gradient, gradient))), rows };
}

function penaltyAt(
  program: RowProgram,
  limits: BoxBounds,
  x: Float64Array,
  weight: number,
  rowWeights: Float64Array,
): PenaltyValue {
  const { value, rows } = program.values(x);
  const gradient = program.gradient(x);
  const slope = scaled(weight, gradient);
  const { pattern, values } = program.jacobian(x);
  let [penalty, violation] = [weight * value, 0];
  for (let j = 0; j < rows.length; j++) {
    const [below, above] = [limits.low[j]! - rows[j]!, rows[j]! - limits.high[j]!];
    const beyond = Math.max(below, above);
    if (beyond <= 0) continue;
    violation = Math.max(violation, beyond);
    penalty += rowWeights[j]! * beyond;
    const sign = above > 0 ? rowWeights[j]! : -rowWeights[j]!;
    for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++)
      slope[pattern.columns[p]!]! += sign * values[p]!;
  }
  return { x, value, violation: rows.every(Number.isFinite) ? violation : Infinity, penalty, slope };
}

/**
 * Minimises a function by the BFGS method until no step lowers it any more. At a kink, the direction is changed by slopes
 * from the other side.
 */
function bfgs(
  at: (x: Float64Array) => PenaltyValue,
  start: Float64Array,
  isOver: () => boolean,
): PenaltyValue {
  const n = start.length;
  let now = at(start);
  let { slope } = now;
  let inverse: Float64Array | undefined;
  let idle = 0;
  while (!isOver() && idle < mostIdleSteps) {
    const d = inverse === undefined ? scaled(-1 / Math.sqrt(dot(slope, slope)), slope) : timesMinus(inverse, slope); // prettier-ignore
    const descent = dot(slope, d);
    if (!(descent < 0)) return now;
    const { lower: next, beyond } = lineSearch(at, now, d, descent, isOver);
    if (next === undefined) {
      idle++;
      inverse = undefined;
      if (beyond !== undefined) slope = shortestBetween(slope, beyond.slope);
      continue;
    }
    const s = subtract(next.x, now.x);
    const y = subtract(next.slope, now.slope);
    const curvature = dot(s, y);
    if (curvature > 0) inverse = updated(inverse ?? identity(n, curvature / dot(y, y)), s, y, curvature);
    idle = now.penalty - next.penalty > leastDecrease * (1 + Math.abs(now.penalty)) ? 0 : idle + 1;
    now = next;
    ({ slope } = now);
  }
  return now;
}

/** The shortest vector on the line between two vectors. */
function shortestBetween(a: Float64Array, b: Float64Array): Float64Array {
  const change = subtract(b, a);
  const share = Math.min(Math.max(-dot(a, change) / dot(change, change) || 0, 0), 1);
  return addScaled(a, share, change);
}

/**
 * Bisects for a step along d that lowers the function and changes its slope. Returns the latest lower point and the
 * latest one that is not lower.
 */
function lineSearch(
  at: (x: Float64Array) => PenaltyValue,
  now: PenaltyValue,
  d: Float64Array,
  descent: number,
  isOver: () => boolean,
): { readonly lower: PenaltyValue | undefined; readonly beyond: PenaltyValue | undefined } {
  let [low, high, t] = [0, Infinity, 1];
  let lower: PenaltyValue | undefined;
  let beyond: PenaltyValue | undefined;
  for (let k = 0; k < mostTrials && !isOver(); k++) {
    const next = at(addScaled(now.x, t, d));
    if (next.penalty < now.penalty) {
      lower = next;
      if (dot(next.slope, d) >= slopeChange * descent) break;
      low = t;
    } else {
      beyond = next;
      high = t;
    }
    t = high < Infinity ? (low + high) / 2 : 2 * t;
  }
  return { lower, beyond };
}

function identity(n: number, size: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = size;
  return out;
}

function timesMinus(matrix: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  return x.map((_, i) => -dot(matrix.subarray(i * n, (i + 1) * n), x));
}

/** Inverse Hessian after a step s with the change y of the slope. */
function updated(h: Float64Array, s: Float64Array, y: Float64Array, curvature: number): Float64Array {
  const n = s.length;
  const hy = scaled(-1, timesMinus(h, y));
  const factor = (1 + dot(y, hy) / curvature) / curvature;
  const out = h.slice();
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      out[i * n + j]! += factor * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / curvature;
  return out;
}
