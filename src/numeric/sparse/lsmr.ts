import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { convert } from "../../engine/prims/linear.ts";
import { floatsOf, fromFloats } from "./matrix/entries.ts";
import { readVectors } from "./matrix/products.ts";
import type { SparseMatrix } from "./matrix/sparse-matrix.ts";
import type { MatrixShape } from "./matrix/sparse-pattern.ts";

/** A linear map given by its products with vectors, for matrices that are not stored. */
export interface LinearOperator {
  readonly shape: MatrixShape;
  /** Returns A x for x of shape `[columns]`. */
  matvec(x: Tensor): Tensor;
  /** Returns Aᵀ y for y of shape `[rows]`. */
  rmatvec(y: Tensor): Tensor;
}

/** Options of `lsmr`. */
export interface LsmrOptions {
  /** λ of `‖A x − b‖² + λ² ‖x‖²`. Default 0. */
  readonly damping?: number;
  /** Relative accuracy of A. The search ends if ‖Aᵀ r‖ / (‖A‖ ‖r‖) is at most this. Default 1e-10. */
  readonly matrixTolerance?: number;
  /**
   * Relative accuracy of b. The search ends if ‖r‖ / ‖b‖ is at most this plus `matrixTolerance` · ‖A‖ ‖x‖ / ‖b‖.
   * Default 1e-10.
   */
  readonly sideTolerance?: number;
  /** Stops when the estimated condition number reaches this. Default 1e14. */
  readonly conditionLimit?: number;
  /** Maximum number of iterations. Default 4 min(rows, columns), but at least 100. */
  readonly maxIterations?: number;
  /** Initial value of x, `[columns]`. The damping term is then `λ² ‖x − start‖²`. Default 0. */
  readonly start?: TensorLike;
}

/** Reason why `lsmr` stopped; see `LsmrResult`. */
export type LsmrReason = "consistent" | "least squares" | "condition" | "iterations";

/** Result of `lsmr`. */
export interface LsmrResult {
  /** Solution `[columns]`. */
  readonly x: Tensor;
  readonly iterations: number;
  /**
   * `"consistent"`: x solves the system; `"least squares"`: x minimises the residual; `"condition"`: the condition
   * number reached its limit; `"iterations"`: the maximum number of iterations was reached.
   */
  readonly reason: LsmrReason;
  /** Estimate of ‖r‖ for r = b − A x, extended by the damping term. */
  readonly residualNorm: number;
  /** Estimate of ‖Aᵀ r − λ² x‖, which is 0 at a solution. */
  readonly gradientNorm: number;
  /** Estimates of the Frobenius norm and of the condition number of A. */
  readonly matrixNorm: number;
  readonly condition: number;
}

/**
 * Minimises `‖A x − b‖² + λ² ‖x‖²` by products with A and Aᵀ alone (LSMR, Fong and Saunders 2011). Among several
 * solutions it returns the one closest to the start. Its result has no derivatives.
 *
 * @throws DownhillError `shape` if b does not have one element per row, `trace` for traced values, `range` for numbers
 * that are not finite.
 * @example
 * const a = SparseMatrix.fromCoo({ shape: [3, 2], rows: [0, 1, 2], columns: [0, 1, 1], values: [1, 1, 1] });
 * lsmr(a, [1, 2, 4]).x.tolist().map((x) => x.toFixed(6)); // ["1.000000", "3.000000"]
 */
export function lsmr(a: SparseMatrix | LinearOperator, b: TensorLike, options: LsmrOptions = {}): LsmrResult {
  if (arguments.length > 3) refuseExtra("lsmr", arguments, 3);
  const run = lsmrInSteps(a, b, options);
  for (;;) {
    const { value, done } = run.next();
    if (done === true) return value;
  }
}

/** Like `lsmr`, but yields after each iteration, so that the caller can run other tasks or stop. */
export function* lsmrInSteps(
  a: SparseMatrix | LinearOperator,
  b: TensorLike,
  options: LsmrOptions,
): Generator<undefined, LsmrResult, void> {
  const names = ["damping", "matrixTolerance", "sideTolerance", "conditionLimit", "maxIterations", "start"];
  checkOptions("lsmr", options, names);
  const { damping = 0, matrixTolerance = 1e-10, sideTolerance = 1e-10, conditionLimit = 1e14 } = options;
  for (const [name, value] of Object.entries({ damping, matrixTolerance, sideTolerance, conditionLimit }))
    if (!(value >= 0))
      throw new DownhillError("range", `lsmr: ${name} must not be negative; got ${String(value)}.`);
  const [rows, columns] = a.shape;
  const maxIterations = checkInteger(
    "lsmr",
    "maxIterations",
    options.maxIterations ?? Math.max(100, 4 * Math.min(rows, columns)),
  );
  const operator = overFloats(a);
  const start = options.start === undefined ? undefined : vectorOf(options.start, columns, "column");
  const residual = vectorOf(b, rows, "row");
  if (start !== undefined) {
    const product = operator.multiply(start);
    for (let i = 0; i < rows; i++) residual[i]! -= product[i]!;
  }
  const run = new LsmrRun(operator, residual, columns, damping);
  const limits = { matrixTolerance, sideTolerance, conditionLimit, maxIterations };
  const reason = yield* run.iterate(limits);
  const { x } = run;
  if (start !== undefined) for (let j = 0; j < columns; j++) x[j]! += start[j]!;
  const { iterations, residualNorm, gradientNorm, matrixNorm, condition } = run;
  return { x: fromFloats(x), iterations, reason, residualNorm, gradientNorm, matrixNorm, condition };
}

function vectorOf(given: TensorLike, n: number, side: string): Float64Array {
  const values = floatsOf(readVectors("lsmr", given, n, side), "lsmr").slice();
  if (values.length !== n)
    throw new DownhillError("shape", `lsmr: expects one vector per call, of ${n} elements.`);
  const odd = values.findIndex((x) => !Number.isFinite(x));
  if (odd < 0) return values;
  throw new DownhillError("range", `lsmr: element ${odd} is ${values[odd]}; all elements must be finite.`);
}

/** Products with A and Aᵀ over float64 arrays. The caller owns the results. */
interface FloatOperator {
  multiply(x: Float64Array): Float64Array;
  multiplyTransposed(y: Float64Array): Float64Array;
}

function overFloats(a: SparseMatrix | LinearOperator): FloatOperator {
  const [rows, columns] = a.shape;
  const read = (x: Tensor, n: number, name: string): Float64Array => {
    const y = convert(asTensor(x, "lsmr"), "float64");
    if (y.ndim === 1 && y.type.shape[0] === n) return floatsOf(y, "lsmr").slice();
    throw new DownhillError(
      "shape",
      `lsmr: ${name} must return ${n} elements; got shape [${y.type.shape.join()}].`,
    );
  };
  return {
    multiply: (x) => read(a.matvec(fromFloats(x.slice())), rows, "matvec"),
    multiplyTransposed: (y) => read(a.rmatvec(fromFloats(y.slice())), columns, "rmatvec"),
  };
}

interface LsmrLimits {
  readonly matrixTolerance: number;
  readonly sideTolerance: number;
  readonly conditionLimit: number;
  readonly maxIterations: number;
}

/** State of the iteration. The names of the fields are those of the paper. */
class LsmrRun {
  readonly x: Float64Array;
  iterations = 0;
  residualNorm: number;
  gradientNorm: number;
  matrixNorm = 0;
  condition = 1;
  readonly #operator: FloatOperator;
  readonly #damping: number;
  readonly #sideNorm: number;
  // Golub-Kahan bidiagonalisation
  #u: Float64Array;
  #v: Float64Array;
  #alpha: number;
  #beta: number;
  // rotations P and P̄
  #alphaBar: number;
  #zetaBar: number;
  #zeta = 0;
  #rho = 1;
  #rhoBar = 1;
  #cBar = 1;
  #sBar = 0;
  readonly #h: Float64Array;
  readonly #hBar: Float64Array;
  // estimate of ‖r‖
  #betaDoubleDot: number;
  #betaDot = 0;
  #rhoDot = 1;
  #tauTilde = 0;
  #thetaTilde = 0;
  #distance = 0;
  // estimates of ‖A‖ and its condition number
  #squares: number;
  #largest = 0;
  #smallest = Infinity;

  constructor(operator: FloatOperator, b: Float64Array, columns: number, damping: number) {
    this.#operator = operator;
    this.#damping = damping;
    this.#u = b;
    this.#beta = normalise(b);
    this.#sideNorm = this.#beta;
    this.#v = this.#beta > 0 ? operator.multiplyTransposed(b) : new Float64Array(columns);
    this.#alpha = normalise(this.#v);
    this.#alphaBar = this.#alpha;
    this.#zetaBar = this.#alpha * this.#beta;
    this.#h = this.#v.slice();
    this.#hBar = new Float64Array(columns);
    this.x = new Float64Array(columns);
    this.#betaDoubleDot = this.#beta;
    this.#squares = this.#alpha ** 2;
    this.residualNorm = this.#beta;
    this.gradientNorm = this.#alpha * this.#beta;
  }

  *iterate(limits: LsmrLimits): Generator<undefined, LsmrReason, void> {
    if (this.#beta === 0) return "consistent";
    if (this.gradientNorm === 0) return "least squares";
    while (this.iterations < limits.maxIterations) {
      this.iterations++;
      this.#step();
      const reason = this.#reason(limits);
      if (reason !== undefined) return reason;
      yield undefined;
    }
    return "iterations";
  }

  #step(): void {
    this.#bidiagonalise();
    const [cHat, sHat, alphaHat] = rotation(this.#alphaBar, this.#damping);
    const rhoOld = this.#rho;
    const [c, s, rho] = rotation(alphaHat, this.#beta);
    this.#rho = rho;
    const thetaNew = s * this.#alpha;
    this.#alphaBar = c * this.#alpha;
    const rhoBarOld = this.#rhoBar;
    const zetaOld = this.#zeta;
    const thetaBar = this.#sBar * rho;
    const rhoEstimate = this.#cBar * rho;
    [this.#cBar, this.#sBar, this.#rhoBar] = rotation(rhoEstimate, thetaNew);
    this.#zeta = this.#cBar * this.#zetaBar;
    this.#zetaBar *= -this.#sBar;
    this.#moveX((thetaBar * rho) / (rhoOld * rhoBarOld), this.#zeta / (rho * this.#rhoBar), thetaNew / rho);
    this.#estimateResidual(cHat, sHat, c, s, thetaBar, zetaOld);
    this.#squares += this.#beta ** 2;
    this.matrixNorm = Math.sqrt(this.#squares);
    this.#squares += this.#alpha ** 2;
    this.#largest = Math.max(this.#largest, rhoBarOld);
    if (this.iterations > 1) this.#smallest = Math.min(this.#smallest, rhoBarOld);
    this.condition = Math.max(this.#largest, rhoEstimate) / Math.min(this.#smallest, rhoEstimate);
    this.gradientNorm = Math.abs(this.#zetaBar);
  }

  #bidiagonalise(): void {
    const [u, v] = [this.#u, this.#v];
    const next = this.#operator.multiply(v);
    for (let i = 0; i < u.length; i++) u[i] = next[i]! - this.#alpha * u[i]!;
    this.#beta = normalise(u);
    if (this.#beta === 0) {
      this.#alpha = 0;
      return;
    }
    const back = this.#operator.multiplyTransposed(u);
    for (let j = 0; j < v.length; j++) v[j] = back[j]! - this.#beta * v[j]!;
    this.#alpha = normalise(v);
  }

  #moveX(backward: number, step: number, forward: number): void {
    const [x, h, hBar, v] = [this.x, this.#h, this.#hBar, this.#v];
    for (let j = 0; j < x.length; j++) {
      hBar[j] = h[j]! - backward * hBar[j]!;
      x[j]! += step * hBar[j]!;
      h[j] = v[j]! - forward * h[j]!;
    }
  }

  #estimateResidual(
    cHat: number,
    sHat: number,
    c: number,
    s: number,
    thetaBar: number,
    zetaOld: number,
  ): void {
    const acute = cHat * this.#betaDoubleDot;
    const check = -sHat * this.#betaDoubleDot;
    const hat = c * acute;
    this.#betaDoubleDot = -s * acute;
    const thetaTildeOld = this.#thetaTilde;
    const [cTilde, sTilde, rhoTilde] = rotation(this.#rhoDot, thetaBar);
    this.#thetaTilde = sTilde * this.#rhoBar;
    this.#rhoDot = cTilde * this.#rhoBar;
    this.#betaDot = cTilde * hat - sTilde * this.#betaDot;
    this.#tauTilde = (zetaOld - thetaTildeOld * this.#tauTilde) / rhoTilde;
    const tauDot = (this.#zeta - this.#thetaTilde * this.#tauTilde) / this.#rhoDot;
    this.#distance += check ** 2;
    this.residualNorm = Math.sqrt(this.#distance + (this.#betaDot - tauDot) ** 2 + this.#betaDoubleDot ** 2);
  }

  #reason({ matrixTolerance, sideTolerance, conditionLimit }: LsmrLimits): LsmrReason | undefined {
    const size = (this.matrixNorm * norm(this.x)) / this.#sideNorm;
    if (this.residualNorm / this.#sideNorm <= sideTolerance + matrixTolerance * size) return "consistent";
    if (this.gradientNorm <= matrixTolerance * this.matrixNorm * this.residualNorm) return "least squares";
    return this.condition >= conditionLimit ? "condition" : undefined;
  }
}

/** Cosine, sine and length r of the rotation that maps (a, b) to (r, 0). */
function rotation(a: number, b: number): readonly [c: number, s: number, r: number] {
  const r = Math.hypot(a, b);
  return r === 0 ? [1, 0, 0] : [a / r, b / r, r];
}

function norm(x: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]!));
  if (largest === 0 || !(largest < Infinity)) return largest;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** Scales a vector to length 1 in place, unless it is 0. Returns its former length. */
function normalise(x: Float64Array): number {
  const length = norm(x);
  if (length > 0) for (let i = 0; i < x.length; i++) x[i]! /= length;
  return length;
}
