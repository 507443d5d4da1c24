/** A matrix by rows: `m × n`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly elements: Float64Array;
}

/** What a QR factorisation tells of a least-squares problem. */
export interface Triangle {
  /** R, upper triangular, n × n by rows. */
  readonly r: Float64Array;
  /** The first n numbers of Qᵀb. */
  readonly qtb: Float64Array;
}

/**
 * R and Qᵀb of a matrix with at least as many rows as columns, by Householder's reflections.
 *
 * @see Golub, Van Loan, Matrix computations, 4th edition, algorithm 5.2.1.
 */
export function factorize({ rows: m, columns: n, elements }: Matrix, rightSide: Float64Array): Triangle {
  const a = elements.slice();
  const b = rightSide.slice();
  for (let k = 0; k < n; k++) {
    let norm = 0;
    for (let i = k; i < m; i++) norm = Math.hypot(norm, a[i * n + k]!);
    if (norm === 0) continue;
    if (a[k * n + k]! > 0) norm = -norm;
    // v = x − norm · e₁, scaled so that its first number is v₁
    const first = a[k * n + k]! - norm;
    const factor = 1 / (norm * first);
    const v = Float64Array.from({ length: m - k }, (_, i) => (i === 0 ? first : a[(k + i) * n + k]!));
    for (let j = k + 1; j < n; j++) {
      let product = 0;
      for (let i = k; i < m; i++) product += v[i - k]! * a[i * n + j]!;
      product *= factor;
      for (let i = k; i < m; i++) a[i * n + j]! += product * v[i - k]!;
    }
    let product = 0;
    for (let i = k; i < m; i++) product += v[i - k]! * b[i]!;
    product *= factor;
    for (let i = k; i < m; i++) b[i]! += product * v[i - k]!;
    a[k * n + k] = norm;
    for (let i = k + 1; i < m; i++) a[i * n + k] = 0;
  }
  return { r: a.slice(0, n * n), qtb: b.slice(0, n) };
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

/** `(RᵀR)⁻¹`, or `null` where R is singular to the rounding of its numbers. */
export function inverseOfSquare(r: Float64Array, n: number): Float64Array | null {
  const sizes = Array.from({ length: n }, (_, j) => {
    let size = 0;
    for (let i = 0; i <= j; i++) size = Math.hypot(size, r[i * n + j]!);
    return size;
  });
  // each column against its own size: parameters may have very different units
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
