import { dot, largest, largestPart, product, subtract } from "../vector.ts";
import { boxSpace, freeCoordinates } from "./search-space.ts";
import type { DescentSearch } from "./stop.ts";
import type { BoxBounds } from "./walls.ts";

/** Solves systems with a Hessian whose diagonal is shifted. */
export type ShiftedSolve = (b: Float64Array) => Float64Array;

/** The Hessian at a point, with rows and columns of the unit matrix for parameters that are held. */
export interface HessianModel {
  readonly diagonal: Float64Array;
  readonly times: (v: Float64Array) => Float64Array;
  /**
   * Factorises the Hessian plus `shift` on the diagonal; `undefined` if it is not positive definite. Yields between the
   * stages of a long factorisation.
   */
  readonly factorise: (shift: Float64Array) => Generator<undefined, ShiftedSolve | undefined, void>;
}

/** A function with second derivatives. */
export interface CurvedObjective {
  readonly valueAndGradient: (x: Float64Array) => { readonly value: number; readonly gradient: Float64Array };
  /** The Hessian at x; `free` is 0 for a parameter that is held, else 1. */
  readonly hessian: (x: Float64Array) => (free: Float64Array) => HessianModel;
}

/** Trust region: the ellipsoid |D p| ≤ radius. */
interface TrustRegion {
  /** Squares of D. */
  readonly squares: Float64Array;
  readonly radius: number;
  /** Shift of the last step, from which the search for the next one starts. */
  readonly lambda: number;
}

/** Minimum of the quadratic model within a trust region. */
interface ModelStep {
  readonly step: Float64Array;
  /** |D p| */
  readonly size: number;
  readonly lambda: number;
}

/**
 * Newton's method with a trust region, within bounds. Each step minimises the quadratic model within an ellipsoid whose
 * axes follow the diagonal of the Hessian, by factorisations of the Hessian with shifted diagonals (Moré and Sorensen).
 * Parameters at a bound do not move if the gradient points outwards, and steps are cut at bounds.
 *
 * @see Moré, Sorensen, Computing a trust region step, 1983; Conn, Gould, Toint, Trust-region methods, 2000, chapter 7.
 */
export function* newton(f: CurvedObjective, start: Float64Array, walls: BoxBounds): DescentSearch {
  const space = boxSpace(walls);
  let x = space.move(start, new Float64Array(start.length));
  let { value, gradient } = f.valueAndGradient(x);
  let [decrease, step] = [Infinity, Infinity];
  let squares = new Float64Array(x.length);
  let radius: number | undefined;
  let lambda = 0;
  for (;;) {
    const free = freeCoordinates(space, x, (i) => gradient[i]!);
    const projected = product(gradient, free);
    yield { x, value, gradient, projected, decrease, step };
    if (!gradient.every(Number.isFinite)) return;
    const model = f.hessian(x)(free);
    squares = scaleSquares(squares, model.diagonal);
    const side = projected.map((g) => -g);
    radius ??= Math.sqrt(projected.reduce((sum, g, i) => sum + g ** 2 / squares[i]!, 0)); // a gradient step of this size is Newton's if H = D²
    for (;;) {
      const found: ModelStep | undefined = yield* stepWithin(model, side, { squares, radius, lambda });
      if (found === undefined) return;
      const next = space.move(x, found.step);
      const taken = subtract(next, x);
      if (largest(taken) === 0 || !(largestPart(taken, x) > 2 ** -53)) return;
      const predicted = -dot(gradient, taken) - 0.5 * dot(taken, model.times(taken));
      const trial = f.valueAndGradient(next);
      const fall = value - trial.value;
      const rounding = 2 ** -50 * Math.abs(value);
      // where rounding hides the gain, the gradient decides
      const isShown = predicted > rounding;
      const gain = isShown ? fall / predicted : isFlatter(trial, { value, gradient }, rounding) ? 1 : -1;
      if (!(gain >= 0.25)) radius = 0.25 * Math.min(radius, found.size);
      else if (gain > 0.75) radius = Math.max(radius, (Math.abs(gain - 1) < exact ? 100 : 2) * found.size);
      lambda = found.lambda;
      if (!(gain > 1e-4 && predicted > 0)) continue;
      // a step that ends at the edge of the region may be short without being the last one
      const isTelling = found.lambda === 0 && isShown;
      [decrease, step] = isTelling ? [Math.max(0, fall), largestPart(taken, next)] : [Infinity, Infinity];
      x = next;
      ({ value, gradient } = trial);
      break;
    }
  }
}

interface ValueAndGradient {
  readonly value: number;
  readonly gradient: Float64Array;
}

function isFlatter(trial: ValueAndGradient, before: ValueAndGradient, rounding: number): boolean {
  return largest(trial.gradient) < largest(before.gradient) && trial.value <= before.value + rounding;
}

/** Squares of D: the largest absolute diagonal elements so far; 1 where all were 0. */
function scaleSquares(before: Float64Array, diagonal: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from(diagonal, (d, i) => {
    const known = before[i] === 1 && d !== 0 ? 0 : before[i]!;
    return Math.max(known, Math.abs(d)) || 1;
  });
}

/** Relative difference between gain and prediction below which the function counts as quadratic there. */
const exact = 1e-6;
/** Largest number of factorisations per step. */
const mostTrials = 30;
/** Steps whose sizes are within this share of the radius end at the edge. */
const edge = 0.1;

/**
 * Finds a shift λ ≥ 0 so that the solution of (H + λD²) p = side is at the edge of the trust region, or inside with λ =
 * 0. Uses Newton's method for 1/|Dp| between bounds of λ. `undefined` if no trial yields a finite step inside.
 */
function* stepWithin(
  { factorise }: HessianModel,
  side: Float64Array,
  { squares, radius, lambda: last }: TrustRegion,
): Generator<undefined, ModelStep | undefined, void> {
  let [low, high] = [0, Infinity];
  let lambda = 0;
  let best: ModelStep | undefined;
  for (let trial = 0; trial < mostTrials; trial++) {
    const solve = yield* factorise(squares.map((d) => lambda * d));
    const step = solve?.(side);
    if (solve === undefined || step === undefined || !step.every(Number.isFinite)) {
      low = Math.max(low, lambda);
      lambda = nextShift(low, high, last);
      continue;
    }
    const size = Math.sqrt(dot(product(squares, step), step));
    const isInside = size <= (1 + edge) * radius;
    if (isInside) best = { step, size, lambda };
    if (isInside && (lambda === 0 || size >= (1 - edge) * radius)) return best;
    if (isInside) high = lambda;
    else low = lambda;
    const moved = product(squares, step);
    const slope = dot(moved, solve(moved));
    const proposed = lambda + ((size ** 2 / slope) * (size - radius)) / radius;
    lambda = proposed > low && proposed < high ? proposed : nextShift(low, high, last);
    // the hard case: the shift is almost the negative of the smallest eigenvalue, and the step stays inside
    if (best !== undefined && high - low < 1e-3 * high) return best;
  }
  return best;
}

/**
 * Returns the next λ to try between bounds: the geometric mean, or a tenth of `high` if `low` is 0. Without an upper
 * bound, at least four times `low` and half the λ of the last step.
 */
function nextShift(low: number, high: number, last: number): number {
  if (high === Infinity) return Math.max(4 * low, 0.5 * last, 1e-3);
  return low > 0 ? Math.sqrt(low * high) : 0.1 * high;
}
