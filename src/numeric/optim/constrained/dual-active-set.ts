import { solveLower, solveTransposed } from "../dense-matrix.ts";

/** A strictly convex quadratic problem: minimise ½ dᵀBd + gᵀd subject to limits on linear functions of d. */
export interface QuadraticProblem {
  /** Lower triangle of the Cholesky factor of B, by rows of length n. */
  readonly factor: Float64Array;
  readonly gradient: Float64Array;
  /** Normals of the limited functions, by rows of length n, and their limits; −∞ and ∞ for none. */
  readonly normals: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Solution, with multipliers: positive at upper limits, negative at lower ones. */
export interface QuadraticSolution {
  readonly d: Float64Array;
  readonly multipliers: Float64Array;
}

/** Violations below this size, relative to the terms of a limited function, are rounding errors. */
const rounding = 1e-13;
/** Relative violation up to which a limit whose normal depends linearly on the active normals counts as satisfied. */
const tolerated = 1e-9;
/**
 * Fraction of a normal outside of the span of the active normals, below which the normal counts as linearly dependent.
 */
const dependent = 1e-10;

/**
 * Solves a quadratic problem by the dual active set method: from the minimum without limits, violated limits are added one
 * by one. `undefined` if no point is within the limits, up to rounding.
 *
 * @see Goldfarb, Idnani, A numerically stable dual method for solving strictly convex quadratic programs, Mathematical
 * Programming 27, 1983.
 */
export function solveQuadratic(problem: QuadraticProblem): QuadraticSolution | undefined {
  const { factor, gradient, normals, low, high } = problem;
  const n = gradient.length;
  const d = solveTransposed(factor, solveLower(factor, gradient.map((g) => -g)), n); // prettier-ignore
  // rounding errors belong to the largest values that the elements of d had
  const reach = d.map(Math.abs);
  const active = new ActiveSet(n);
  const mostAdditions = 20 * (n + low.length) + 100;
  for (let additions = 0; additions <= mostAdditions; additions++) {
    const added = mostViolated(problem, d, reach, active);
    if (added === undefined) return { d, multipliers: active.multipliersOf(low.length) };
    const { row, sign } = added;
    // the limit as normalᵀd ≥ limit
    const normal = Float64Array.from({ length: n }, (_, i) => sign * normals[row * n + i]!);
    const direction = solveLower(factor, normal);
    let { excess } = added;
    let multiplier = 0;
    for (;;) {
      const { weights, rest, length } = active.project(direction);
      const isDependent = length <= dependent * norm(direction) ** 2;
      const blocking = active.firstToLeave(weights);
      const full = isDependent ? Infinity : excess / length;
      const step = Math.min(full, blocking.step);
      if (step === Infinity) {
        if (added.excess > tolerated * added.scale) return undefined;
        active.ignore(row);
        break;
      }
      active.move(weights, step);
      multiplier += step;
      if (!isDependent) {
        const move = solveTransposed(factor, rest, n);
        for (let i = 0; i < n; i++) {
          d[i]! += step * move[i]!;
          reach[i] = Math.max(reach[i]!, Math.abs(d[i]!));
        }
        excess -= step * length;
      }
      if (full <= blocking.step) {
        active.add({ row, sign, isEquality: low[row] === high[row], direction, multiplier });
        break;
      }
      active.drop(blocking.position);
    }
  }
  return undefined;
}

/** A limit at which the solution is held. */
interface ActiveLimit {
  readonly row: number;
  /** 1 at a lower limit, −1 at an upper one. */
  readonly sign: number;
  readonly isEquality: boolean;
  /** L⁻¹ times the normal. */
  readonly direction: Float64Array;
  multiplier: number;
}

/** Active limits, with an orthonormal basis of their directions and the triangular factor of these. */
class ActiveSet {
  readonly #n: number;
  readonly #limits: ActiveLimit[] = [];
  readonly #ignored = new Set<number>();
  readonly #basis: Float64Array[] = [];
  /** Column j: coefficients of direction j in the basis. */
  readonly #triangle: Float64Array[] = [];

  constructor(n: number) {
    this.#n = n;
  }

  has(row: number): boolean {
    return this.#ignored.has(row) || this.#limits.some((limit) => limit.row === row);
  }

  /** Excludes the limit of a row from the search: from now on it counts as satisfied. */
  ignore(row: number): void {
    this.#ignored.add(row);
  }

  add(limit: ActiveLimit): void {
    this.#limits.push(limit);
    this.#extend(limit.direction);
  }

  drop(position: number): void {
    this.#limits.splice(position, 1);
    this.#basis.length = position;
    this.#triangle.length = position;
    for (const { direction } of this.#limits.slice(position)) this.#extend(direction);
  }

  #extend(direction: Float64Array): void {
    const { coefficients, rest } = this.#orthogonalise(direction);
    const length = norm(rest);
    this.#triangle.push(Float64Array.of(...coefficients, length));
    this.#basis.push(rest.map((r) => r / length));
  }

  /** Splits a vector into its part in the span of the basis and the rest, twice because of rounding. */
  #orthogonalise(v: Float64Array): { readonly coefficients: Float64Array; readonly rest: Float64Array } {
    const rest = v.slice();
    const coefficients = new Float64Array(this.#basis.length);
    for (let pass = 0; pass < 2; pass++)
      this.#basis.forEach((q, j) => {
        let product = 0;
        for (let i = 0; i < this.#n; i++) product += q[i]! * rest[i]!;
        coefficients[j]! += product;
        for (let i = 0; i < this.#n; i++) rest[i]! -= product * q[i]!;
      });
    return { coefficients, rest };
  }

  /**
   * Splits a vector into a combination of the active directions with the given `weights`, and an orthogonal `rest`.
   * `length` is the squared length of the rest.
   */
  project(v: Float64Array): {
    readonly weights: Float64Array;
    readonly rest: Float64Array;
    readonly length: number;
  } {
    const { coefficients: weights, rest } = this.#orthogonalise(v);
    for (let j = weights.length - 1; j >= 0; j--) {
      weights[j]! /= this.#triangle[j]![j]!;
      for (let i = 0; i < j; i++) weights[i]! -= this.#triangle[j]![i]! * weights[j]!;
    }
    return { weights, rest, length: norm(rest) ** 2 };
  }

  /** The limit, except equalities, whose multiplier reaches 0 first as multipliers fall by the weights. */
  firstToLeave(weights: Float64Array): { readonly step: number; readonly position: number } {
    let [step, position] = [Infinity, -1];
    this.#limits.forEach(({ isEquality, multiplier }, j) => {
      if (isEquality || !(weights[j]! > 0) || multiplier / weights[j]! >= step) return;
      [step, position] = [multiplier / weights[j]!, j];
    });
    return { step, position };
  }

  move(weights: Float64Array, step: number): void {
    this.#limits.forEach((limit, j) => (limit.multiplier -= step * weights[j]!));
  }

  /** Multipliers by row, positive at upper limits. */
  multipliersOf(rows: number): Float64Array {
    const out = new Float64Array(rows);
    for (const { row, sign, multiplier } of this.#limits) out[row] = -sign * multiplier;
    return out;
  }
}

/** A violated limit. */
interface ViolatedLimit {
  readonly row: number;
  /** 1 for a lower limit, −1 for an upper one. */
  readonly sign: number;
  readonly excess: number;
  /**
   * Sum of the absolute terms of the limited function, at the largest values that the elements of d had, and of the
   * limit. Rounding errors are proportional to it.
   */
  readonly scale: number;
}

/**
 * The limit outside of the active set that is violated most at `d`, equalities first; `undefined` if none is violated.
 */
function mostViolated(
  { normals, low, high, gradient: { length: n } }: QuadraticProblem,
  d: Float64Array,
  reach: Float64Array,
  active: ActiveSet,
): ViolatedLimit | undefined {
  let worst: ViolatedLimit | undefined;
  for (let row = 0; row < low.length; row++) {
    if (active.has(row)) continue;
    let [value, size] = [0, 0];
    for (let i = 0; i < n; i++) {
      value += normals[row * n + i]! * d[i]!;
      size += Math.abs(normals[row * n + i]!) * reach[i]!;
    }
    const sign = low[row]! - value >= value - high[row]! ? 1 : -1;
    const limit = sign > 0 ? low[row]! : high[row]!;
    const excess = sign * (limit - value);
    const scale = size + Math.abs(limit);
    if (!(excess > rounding * scale)) continue;
    if (low[row] === high[row]) return { row, sign, excess, scale };
    if (worst === undefined || excess > worst.excess) worst = { row, sign, excess, scale };
  }
  return worst;
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (const xi of x) sum += xi * xi;
  return Math.sqrt(sum);
}
