/** A matrix by its columns, of one length, along which all loops go. */
export type Columns = readonly Float64Array[];

/** As many columns, whose elements lie one after the other. */
export function columnsOf(elements: Float64Array, count: number): Columns {
  const length = elements.length / count;
  return Array.from({ length: count }, (_, j) => elements.subarray(j * length, (j + 1) * length));
}

/** What a QR factorisation tells of a least-squares problem. */
export interface Triangle {
  /** R, upper triangular, n × n by rows. */
  readonly r: Float64Array;
  /** The first n numbers of Qᵀb. */
  readonly qtb: Float64Array;
}

/**
 * R and Qᵀb of a matrix, by Householder's reflections; where it has fewer rows than columns as if rows of zeros stood below.
 *
 * @see Golub, Van Loan, Matrix computations, 4th edition, algorithm 5.2.1.
 */
export function factorize(matrix: Columns, rightSide: Float64Array): Triangle {
  const n = matrix.length;
  const m = Math.max(matrix[0]?.length ?? 0, n);
  const columns = matrix.map((column) => padded(column, m));
  const b = padded(rightSide, m);
  const r = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const v = columns[k]!;
    const size = sizeFrom(v, k);
    for (let i = 0; i < k; i++) r[i * n + k] = v[i]!;
    if (size === 0) continue;
    const norm = v[k]! > 0 ? -size : size;
    r[k * n + k] = norm;
    // v = x − norm · e₁, scaled so that its first number is v₁
    v[k] = v[k]! - norm;
    const factor = 1 / (norm * v[k]!);
    for (let j = k + 1; j < n; j++) reflect(columns[j]!, v, k, factor);
    reflect(b, v, k, factor);
  }
  return { r, qtb: b.slice(0, n) };
}

/** A copy with zeros behind it. */
function padded(x: Float64Array, length: number): Float64Array {
  const out = new Float64Array(length);
  out.set(x);
  return out;
}

/** `x + factor (v·x) v` from place k on. */
function reflect(x: Float64Array, v: Float64Array, k: number, factor: number): void {
  let product = 0;
  for (let i = k; i < v.length; i++) product += v[i]! * x[i]!;
  product *= factor;
  for (let i = k; i < v.length; i++) x[i] = x[i]! + product * v[i]!;
}

/** `√Σ xᵢ²` from place k on, without overflow: the size of a vector. */
export function sizeFrom(x: Float64Array, k: number): number {
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
