// Damping of least-squares steps by the radius of a trust region.
import { dot, product, scaled } from "../vector.ts";
import { length } from "./project.ts";
import { factorizeAny, isLarge, rootOfGram } from "./compiled-qr.ts";
import { solveUpperTransposed } from "../dense-matrix.ts";
import { backSubstitute, type ColumnMatrix, type QrFactors } from "./qr.ts";

/** The residuals near a point within bounds: `|r + Jδ|² = |Qᵀr + Rδ|²` + a constant. */
export interface BoundedModel extends QrFactors {
  /** 1 for a parameter that may move, 0 for one that is held at a bound. */
  readonly free: Float64Array;
}

/** Multiple of the scaled length of the parameters that the first step may have. */
const firstRadius = 10;
/** Relative difference of the length of a step from the radius that is small enough. */
const slack = 0.1;
/** Ratio of a diagonal element of R to its scale above which the least damping is without effect. */
const leastRegular = 1e-4;
/** Largest number of factorisations per step. */
const mostSolutions = 12;
/**
 * Damping that only keeps directions without influence from moving. D holds lengths of columns, so it is relative. Its
 * root is above the rounding errors of R.
 */
const leastDamping = 1e-24;
/**
 * Damping above which large systems are solved by Cholesky's method. Columns of the damped matrix that are divided by their
 * damping have a squared condition number of at most n/μ.
 */
const leastCholesky = 1e-6;

/**
 * Radius of the scaled steps of a least-squares search, and the damping that keeps a step within it.
 *
 * @see Moré, The Levenberg-Marquardt algorithm: implementation and theory, 1978.
 */
export class TrustRadius {
  #radius = Number.NaN;
  #damping = 1e-3;
  #hasMoved = false;

  /** Sets the first radius, for parameters of this scaled length; does nothing in later iterations. */
  start(size: number): void {
    if (Number.isNaN(this.#radius)) this.#radius = firstRadius * (size > 0 && size < Infinity ? size : 1);
  }

  /**
   * Chooses the damping so that the step for the residuals is about as long as the trust radius, or is undamped if it
   * is shorter. Returns the function that computes the damped step for a given `Qᵀb`.
   */
  solver(
    model: BoundedModel,
    scale: Float64Array,
    undamped: Float64Array | undefined,
  ): (qtb: Float64Array) => Float64Array {
    if (undamped !== undefined && length(product(scale, undamped)) <= (1 + slack) * this.#radius) {
      this.#damping = 0;
      return damped(model, scale, leastDamping).solve;
    }
    let mu = this.#damping > 0 ? this.#damping : 1e-3;
    let [low, high] = [0, Infinity];
    for (let count = 1; ; count++) {
      const system = damped(model, scale, mu);
      const { size, slope } = steepness(model, scale, system);
      const excess = size - this.#radius;
      const isClose = Math.abs(excess) <= slack * this.#radius || (excess < 0 && mu <= leastDamping);
      if (isClose || count === mostSolutions || !(size < Infinity)) {
        this.#damping = mu;
        return system.solve;
      }
      if (excess > 0) low = mu;
      else high = mu;
      // Newton's step for 1/size, which is almost linear in μ
      const next = mu - (size / this.#radius) * (excess / slope);
      const between = high === Infinity ? 10 * mu : Math.sqrt(Math.max(low, leastDamping) * high);
      mu = Math.max(leastDamping, next > low && next < high ? next : between);
    }
  }

  /** The undamped step of a model. Directions without influence do not move. */
  undamped(model: BoundedModel, scale: Float64Array): Float64Array {
    return damped(model, scale, leastDamping).solve(model.qtb);
  }

  /** Adapts the radius after a step of this scaled length that was taken; `gain` is the actual by the predicted decrease. */
  accept(size: number, gain: number): void {
    if (!this.#hasMoved) this.#radius = Math.min(this.#radius, size);
    this.#hasMoved = true;
    if (gain < 0.25) this.#shrink(0.5, size);
    else if (gain > 0.75 || this.#damping === 0) {
      this.#radius = Math.max(this.#radius, 2 * size);
      this.#damping /= 2;
    }
  }

  /** Shrinks the radius after a step that was refused. */
  refuse(size: number, gain: number): void {
    // minimum of the parabola through both values and the slope
    const least = gain < 0 ? 0.5 / (1 - gain) : 0.5;
    this.#shrink(Number.isFinite(gain) ? Math.max(0.1, least) : 0.1, size);
  }

  #shrink(factor: number, size: number): void {
    this.#radius = factor * Math.min(this.#radius, size);
    this.#damping /= factor;
  }
}

/** A damped linear model. */
interface DampedModel {
  /** Returns the δ that minimises `|b + Jδ|² + μ|Dδ|²` for a given `Qᵀb`. Elements of parameters that are not free are 0. */
  readonly solve: (qtb: Float64Array) => Float64Array;
  /** Triangle R with `RᵀR = JᵀJ + μD²`, by rows. */
  readonly triangle: Float64Array;
}

function damped({ r, free }: BoundedModel, scale: Float64Array, mu: number): DampedModel {
  const n = free.length;
  if (mu === leastDamping && isLarge(2 * n, n) && isRegular(r, free, scale))
    return { triangle: r, solve: (qtb) => backSubstitute(r, scaled(-1, qtb)) };
  const augmented = Array.from({ length: n }, (_, j) => {
    const column = new Float64Array(2 * n);
    for (let i = 0; i <= j; i++) column[i] = r[i * n + j]! * free[j]!;
    column[n + j] = free[j] === 0 || scale[j] === 0 ? 1 : scale[j]! * Math.sqrt(mu);
    return column;
  });
  const root = mu >= leastCholesky && isLarge(2 * n, n) ? rootOfGram(augmented) : undefined;
  if (root !== undefined) return { triangle: root, solve: (qtb) => solveNormal(root, augmented, qtb) };
  const factored = factorizeAny(augmented);
  return {
    triangle: factored.r,
    solve(qtb) {
      const rightSide = new Float64Array(2 * n);
      rightSide.set(scaled(-1, qtb));
      return backSubstitute(factored.r, factored.transform(rightSide));
    },
  };
}

/** True if all parameters are free and the least damping changes no digit of R. */
function isRegular(r: Float64Array, free: Float64Array, scale: Float64Array): boolean {
  const n = free.length;
  return free.every((isFree, j) => isFree === 1 && Math.abs(r[j * n + j]!) > leastRegular * scale[j]!);
}

/** The δ that minimises `|b + Aδ|²`, given the first elements of b and the triangle R with `RᵀR = AᵀA`. */
function solveNormal(triangle: Float64Array, columns: ColumnMatrix, b: Float64Array): Float64Array {
  const n = columns.length;
  const y = Float64Array.from(columns, (column) => -dot(column.subarray(0, n), b));
  solveUpperTransposed(triangle, y);
  return backSubstitute(triangle, y);
}

/** Scaled length of the step for the residuals, and its derivative by μ. */
function steepness(
  { qtb }: BoundedModel,
  scale: Float64Array,
  { solve, triangle }: DampedModel,
): { readonly size: number; readonly slope: number } {
  const step = product(scale, solve(qtb));
  const size = length(step);
  const y = product(scale, step); // overwritten by R⁻ᵀ D² δ
  solveUpperTransposed(triangle, y);
  return { size, slope: -dot(y, y) / size };
}
