/** A matrix as a list of columns of equal length, so that inner loops run along columns. */
export type ColumnMatrix = readonly Float64Array[];

/** Splits a column-major array into `count` columns, as views. */
export function columnsOf(elements: Float64Array, count: number): ColumnMatrix {
  const length = elements.length / count;
  return Array.from({ length: count }, (_, j) => elements.subarray(j * length, (j + 1) * length));
}

/** QR factorisation of a matrix with n columns. */
export interface QrFactors {
  /** R, upper triangular, n × n in row-major order. */
  readonly r: Float64Array;
  /** The first n numbers of Qᵀb. */
  readonly qtb: Float64Array;
  /** Returns the first n numbers of Qᵀc for another right-hand side. */
  readonly transform: (c: Float64Array) => Float64Array;
}

/**
 * R and Qᵀb of a matrix, by Householder reflections. A matrix with fewer rows than columns is padded with rows of
 * zeros. Overwrites the columns and b; `transform` needs the overwritten columns. Without b, Qᵀb is empty.
 *
 * @see Golub, Van Loan, Matrix computations, 4th edition, algorithm 5.2.1.
 */
export function factorize(matrix: ColumnMatrix, rightSide?: Float64Array): QrFactors {
  const n = matrix.length;
  const all = (rightSide === undefined ? matrix : [...matrix, rightSide]).map((column) =>
    column.length < n ? padded(column, n) : column,
  );
  const r = new Float64Array(n * n);
  const factors = new Float64Array(n); // 0: no reflection
  for (let k = 0; k < n; k++) {
    const v = all[k]!;
    const size = sizeFrom(v, k);
    for (let i = 0; i < k; i++) r[i * n + k] = v[i]!;
    if (size === 0) continue;
    r[k * n + k] = v[k]! > 0 ? -size : size;
    // v = x − norm · e₁; its length is arbitrary, but products with it must not overflow or underflow
    const unit = size > 1e50 || size < 1e-50 ? size : 1;
    if (unit !== 1) for (let i = k; i < v.length; i++) v[i] = v[i]! / unit;
    const norm = r[k * n + k]! / unit;
    v[k] = v[k]! - norm;
    const factor = (factors[k] = 1 / (norm * v[k]!));
    // two at a time, because their sums are independent
    let j = k + 1;
    for (; j + 1 < all.length; j += 2) reflectBoth(all[j]!, all[j + 1]!, v, k, factor);
    if (j < all.length) reflect(all[j]!, v, k, factor);
  }
  return {
    r,
    qtb: all[n]?.slice(0, n) ?? new Float64Array(0),
    transform(c) {
      const out = c.length < n ? padded(c, n) : c.slice();
      for (let k = 0; k < n; k++) if (factors[k] !== 0) reflect(out, all[k]!, k, factors[k]!);
      return out.slice(0, n);
    },
  };
}

/**
 * The columns of R of a matrix, which is overwritten. Linear combinations of them have the same norms as those of the
 * columns of the matrix.
 */
export function triangular(matrix: ColumnMatrix): ColumnMatrix {
  const n = matrix.length;
  const { r } = factorize(matrix);
  return matrix.map((_, j) => Float64Array.from({ length: n }, (_, i) => r[i * n + j]!));
}

/** A copy with zeros appended. */
function padded(x: Float64Array, length: number): Float64Array {
  const out = new Float64Array(length);
  out.set(x);
  return out;
}

/** x ← `x + factor (v·x) v`, from index k on. */
function reflect(x: Float64Array, v: Float64Array, k: number, factor: number): void {
  let product = 0;
  for (let i = k; i < v.length; i++) product += v[i]! * x[i]!;
  product *= factor;
  for (let i = k; i < v.length; i++) x[i] = x[i]! + product * v[i]!;
}

function reflectBoth(x: Float64Array, y: Float64Array, v: Float64Array, k: number, factor: number): void {
  let [ofX, ofY] = [0, 0];
  for (let i = k; i < v.length; i++) {
    const vi = v[i]!;
    ofX += vi * x[i]!;
    ofY += vi * y[i]!;
  }
  ofX *= factor;
  ofY *= factor;
  for (let i = k; i < v.length; i++) {
    const vi = v[i]!;
    x[i] = x[i]! + ofX * vi;
    y[i] = y[i]! + ofY * vi;
  }
}

/** Norm `√Σ xᵢ²` from index k on, without overflow or underflow. */
export function sizeFrom(x: Float64Array, k: number): number {
  let plain = 0;
  for (let i = k; i < x.length; i++) plain += x[i]! * x[i]!;
  if (plain > 1e-280 && plain < Infinity) return Math.sqrt(plain); // squares that underflowed are below the rounding error of the sum
  let largest = 0;
  for (let i = k; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]!));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = k; i < x.length; i++) {
    const part = x[i]! / largest;
    sum += part * part;
  }
  return largest * Math.sqrt(sum);
}

/** The x with Rx = b. */
export function backSubstitute(r: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) x[i]! -= r[i * n + j]! * x[j]!;
    x[i]! /= r[i * n + i]!;
  }
  return x;
}

/** `(RᵀR)⁻¹`, or `null` if R is singular up to rounding. */
function inverseOfSquare(r: Float64Array, n: number): Float64Array | null {
  const sizes = Array.from({ length: n }, (_, j) => {
    let size = 0;
    for (let i = 0; i <= j; i++) size = Math.hypot(size, r[i * n + j]!);
    return size;
  });
  // compares each column with its own norm, because parameters may have very different units
  if (sizes.some((size, j) => !(Math.abs(r[j * n + j]!) > 1e-14 * size))) return null;
  const columns = Array.from({ length: n }, (_, j) => {
    const unit = new Float64Array(n);
    unit[j] = 1;
    return backSubstitute(r, unit);
  });
  const inverse = new Float64Array(n * n); // R⁻¹R⁻ᵀ
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) inverse[i * n + j]! += columns[k]![i]! * columns[k]![j]!;
  return inverse;
}

/**
 * Covariance `variance · (JᵀJ)⁻¹` for columns that belong to the parameters `kept` of n, n × n in row-major order. NaN
 * for other parameters, and everywhere if the columns are linearly dependent. Overwrites the columns.
 */
export function covarianceAmong(
  kept: readonly number[],
  columns: ColumnMatrix,
  n: number,
  variance: number,
): Float64Array<ArrayBuffer> {
  const covariance = new Float64Array(n * n).fill(Number.NaN);
  const k = kept.length;
  const inverse = inverseOfSquare(factorize(columns).r, k);
  if (inverse === null) return covariance;
  kept.forEach((i, a) => {
    kept.forEach((j, b) => {
      covariance[i * n + j] = variance * inverse[a * k + b]!;
    });
  });
  return covariance;
}
