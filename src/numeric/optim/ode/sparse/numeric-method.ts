import type { StaticFactors } from "../../../sparse/factor/static-lu.ts";

/** Factors of a sparse matrix; `undefined` for a matrix that is singular or not finite. */
export type SparseFactors = StaticFactors | undefined;

/** Linear algebra of implicit methods with sparse matrices of numbers. Jacobians are values of the entries of a pattern. */
export interface NumericAlgebra {
  /** Factors of `shift·M − J`. */
  factor(jacobian: Float64Array, shift: number): SparseFactors;
  /** Factors of `(re + i im)·M − J`. Real and imaginary parts of vectors alternate. */
  factorPair(jacobian: Float64Array, re: number, im: number): SparseFactors;
  /** The product M x. Without a mass matrix it is x itself. */
  applyMass(x: Float64Array): Float64Array;
  /** Upper bound of the absolute eigenvalues of a Jacobian. */
  bound(jacobian: Float64Array): number;
}

/** A differential equation of numbers as the methods for sparse Jacobians see it. Its time increases. */
export interface NumericSystem {
  readonly n: number;
  readonly rtol: number;
  /** Absolute tolerance of each element. */
  readonly atol: Float64Array;
  readonly slope: (y: Float64Array, t: number) => Float64Array;
  /** Slopes at y + zᵢ and t + cᵢ h, one after the other, for several zᵢ. Valid until the next call. */
  readonly slopes: (y: Float64Array, z: Float64Array, t: number, h: number) => Float64Array;
  /** ∂f/∂t */
  readonly drift: (y: Float64Array, t: number) => Float64Array;
  /** Values of the entries of the Jacobian. */
  readonly jacobian: (y: Float64Array, t: number) => Float64Array;
  /** Linear algebra for the pattern of the last Jacobian. */
  readonly algebra: () => NumericAlgebra;
}

/** Point from which a step starts. */
export interface NumericStart<M> {
  readonly t: number;
  readonly y: Float64Array;
  readonly memory: M;
}

/** Result of one attempted step. The fields are those of `StepAttempt`. */
export interface NumericAttempt<M> {
  readonly y: Float64Array;
  readonly ratio: number;
  readonly factor: number;
  readonly coefficients: Float64Array;
  readonly accepted: M;
  readonly rejected: M;
  readonly stiffness: number;
  readonly counts: readonly [evaluations: number, jacobians: number, factorisations: number];
}

/** Start of an integration. */
export interface NumericBegin {
  readonly y: Float64Array;
  readonly slope: Float64Array;
  /** Values of the entries of the Jacobian at the start. */
  readonly jacobian: Float64Array;
  /** Length of the first step. */
  readonly length: number;
}

/** An implicit method that computes with sparse matrices of numbers, outside of compiled functions. */
export interface NumericMethod<M> {
  readonly begin: (system: NumericSystem, start: NumericBegin) => M;
  readonly attempt: (system: NumericSystem, from: NumericStart<M>, h: number) => NumericAttempt<M>;
}

/** A method whose memory is unknown to the caller. */
export type AnyNumericMethod = NumericMethod<unknown>;

/** Error in units of the tolerance (root mean square). */
export function numericRatio(
  { rtol, atol }: NumericSystem,
  error: Float64Array,
  from: Float64Array,
  to: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i < error.length; i++)
    sum += (error[i]! / (atol[i]! + rtol * Math.max(Math.abs(from[i]!), Math.abs(to[i]!)))) ** 2;
  return Math.sqrt(sum / error.length);
}

/** `predictedFactor` of numbers. */
export function numericFactor(
  ratio: number,
  h: number,
  { previousRatio, previousLength }: { readonly previousRatio: number; readonly previousLength: number },
  exponent: number,
): number {
  const size = Math.max(ratio, 1e-10);
  const change =
    previousLength < 1e-300 ? 1 : (h / previousLength) * (Math.max(previousRatio, 1e-4) / size) ** exponent;
  return Math.min(change, 1) * size ** -exponent;
}

/** `newtonProgress` of numbers. `iterations` counts the last correction. */
export function newtonProgress(
  rtol: number,
  size: number,
  before: number,
  iterations: number,
  mostIterations: number,
): { readonly rate: number; readonly diverges: boolean; readonly converges: boolean } {
  const limit = Math.max((10 * Number.EPSILON) / rtol, Math.min(0.03, Math.sqrt(rtol)));
  const rate = iterations === 1 ? 0 : size / before;
  if (size <= Math.max(1e-3 * limit, Number.EPSILON / rtol))
    return { rate, diverges: false, converges: true };
  if (iterations === 1) return { rate, diverges: false, converges: false };
  const safeRate = Math.min(rate, 0.999999);
  const predicted = (safeRate ** (mostIterations - iterations + 1) / (1 - safeRate)) * size;
  const diverges = rate >= 1 || predicted > limit;
  return { rate, diverges, converges: !diverges && (safeRate / (1 - safeRate)) * size < limit };
}

/** `Σ wᵢ uᵢ` */
export function combined(weights: readonly number[], u: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(u[0]!.length);
  u.forEach((ui, i) => {
    const w = weights[i]!;
    if (w !== 0) for (let k = 0; k < sum.length; k++) sum[k]! += w * ui[k]!;
  });
  return sum;
}

/** Rows of a dense output as one array. */
export function joinedRows(...rows: readonly Float64Array[]): Float64Array {
  const n = rows[0]!.length;
  const out = new Float64Array(rows.length * n);
  rows.forEach((row, i) => out.set(row, i * n));
  return out;
}
