// Small dense matrices, by rows, in plain arrays.

/**
 * Lower triangle L of a symmetric positive definite matrix A = LLᵀ; `undefined` if it is not positive definite, or so
 * close to singular that rounding decides.
 */
export function choleskyFactor(a: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(a[i * n + i]!));
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      if (i > j) l[i * n + j] = sum / l[j * n + j]!;
      else if (sum > 1e-12 * largest) l[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  return l;
}

/** Solution of L x = b. */
export function solveLower(l: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= l[i * n + k]! * x[k]!;
    x[i]! /= l[i * n + i]!;
  }
  return x;
}

/** Solution of Lᵀ x = b. */
export function solveTransposed(l: Float64Array, b: Float64Array, n: number): Float64Array {
  const x = b.slice();
  for (let i = n - 1; i >= 0; i--) {
    x[i]! /= l[i * n + i]!;
    for (let k = 0; k < i; k++) x[k]! -= l[i * n + k]! * x[i]!;
  }
  return x;
}

/** Overwrites y by R⁻ᵀy, for an upper triangular matrix R of n rows and a vector of n elements. */
export function solveUpperTransposed(triangle: Float64Array, y: Float64Array): void {
  const n = y.length;
  for (let i = 0; i < n; i++) {
    y[i]! /= triangle[i * n + i]!;
    for (let k = i + 1; k < n; k++) y[k]! -= triangle[i * n + k]! * y[i]!;
  }
}

const mostSweeps = 30;

/** Eigenvalues of a symmetric matrix, in no order, and its eigenvectors as columns. By Jacobi's method. */
export function symmetricEigen(
  a: Float64Array,
  n: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const m = a.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let isDiagonal = true;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const off = m[p * n + q]!;
        if (Math.abs(off) <= 1e-15 * Math.sqrt(Math.abs(m[p * n + p]! * m[q * n + q]!)) + 1e-300) continue;
        isDiagonal = false;
        rotate(m, vectors, n, p, q);
      }
    if (isDiagonal) break;
  }
  return { values: Float64Array.from({ length: n }, (_, k) => m[k * n + k]!), vectors };
}

/** A symmetric matrix with the same eigenvectors, the absolute eigenvalues, and none below `least`. */
export function withCurvature(a: Float64Array, n: number, least: number): Float64Array {
  const { values, vectors } = symmetricEigen(a, n);
  const out = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const value = Math.max(Math.abs(values[k]!), least);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) out[i * n + j]! += value * vectors[i * n + k]! * vectors[j * n + k]!;
  }
  return out;
}

/**
 * Rotates a symmetric matrix in the plane of coordinates p and q, so that element (p, q) becomes zero. Applies the
 * rotation to `vectors` as well.
 */
function rotate(m: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const theta = (m[q * n + q]! - m[p * n + p]!) / (2 * m[p * n + q]!);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let i = 0; i < n; i++) {
    const [x, y] = [m[i * n + p]!, m[i * n + q]!];
    m[i * n + p] = c * x - s * y;
    m[i * n + q] = s * x + c * y;
  }
  for (let i = 0; i < n; i++) {
    const [x, y] = [m[p * n + i]!, m[q * n + i]!];
    m[p * n + i] = c * x - s * y;
    m[q * n + i] = s * x + c * y;
    const [u, v] = [vectors[i * n + p]!, vectors[i * n + q]!];
    vectors[i * n + p] = c * u - s * v;
    vectors[i * n + q] = s * u + c * v;
  }
}

/** Triangular factors of a matrix with exchanged rows. */
export interface DenseLuFactor {
  readonly elements: Float64Array;
  /** For each row of the factors, the index of the corresponding row of the matrix. */
  readonly rows: Int32Array;
}

/** Factors of a square matrix with partial pivoting. A singular matrix has factors that lead to ∞ or NaN. */
export function luFactor(a: Float64Array, n: number): DenseLuFactor {
  const m = a.slice();
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(m[i * n + k]!) > Math.abs(m[pivot * n + k]!)) pivot = i;
    if (pivot !== k) {
      [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
      for (let j = 0; j < n; j++) [m[k * n + j], m[pivot * n + j]] = [m[pivot * n + j]!, m[k * n + j]!];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = (m[i * n + k]! /= m[k * n + k]!);
      for (let j = k + 1; j < n; j++) m[i * n + j]! -= factor * m[k * n + j]!;
    }
  }
  return { elements: m, rows };
}

/** Solution of A x = b by the factors of A. */
export function solveLu({ elements, rows }: DenseLuFactor, b: Float64Array): Float64Array {
  const n = rows.length;
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    x[i] = b[rows[i]!]!;
    for (let k = 0; k < i; k++) x[i]! -= elements[i * n + k]! * x[k]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= elements[i * n + k]! * x[k]!;
    x[i]! /= elements[i * n + i]!;
  }
  return x;
}
