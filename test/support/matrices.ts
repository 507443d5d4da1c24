// Matrices of tests, as row-major numbers.

/** Irregular numbers in [−1, 1]. */
export function waves(n: number, seed = 1): number[] {
  return Array.from({ length: n }, (_, i) => Math.sin(i * i + 7 * seed + i));
}

/** A non-symmetric square matrix with a dominant diagonal. */
export function wellConditioned(n: number, seed = 1): number[] {
  return waves(n * n, seed).map((x, i) => (i % (n + 1) === 0 ? n / 2 + 1 + Math.abs(x) : x));
}

/** A product of matrices `[n, l]` and `[l, m]`. */
export function times(a: ArrayLike<number>, b: ArrayLike<number>, n: number, l: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, place) => {
    const [i, j] = [Math.floor(place / m), place % m];
    let sum = 0;
    for (let r = 0; r < l; r++) sum += a[i * l + r]! * b[r * m + j]!;
    return sum;
  });
}

export function transposed(a: ArrayLike<number>, n: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, place) => a[(place % n) * m + Math.floor(place / n)]!);
}

/** A symmetric positive definite matrix. */
export function positiveDefinite(n: number, seed = 1): number[] {
  const x = waves(n * n, seed);
  return times(x, transposed(x, n, n), n, n, n).map((y, i) => (i % (n + 1) === 0 ? y + 1 : y));
}

/** The largest difference of two lists of numbers. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= worst)) worst = difference; // NaN too
  }
  return worst;
}
