import { type ColumnMatrix, factorize } from "../minimize/qr.ts";
import { largest, scaled } from "../vector.ts";
import { length } from "../minimize/project.ts";
import { largestOf } from "../../../engine/util/append.ts";

/** Fraction of the largest singular value below which the data do not determine a direction. */
const negligible = 1e-11;

/**
 * Returns the indices of the columns of a Jacobian that contribute to a direction along which the residuals do not
 * change. The data do not determine the parameters of these columns. Columns are first scaled to a largest absolute
 * element of 1, so that units do not matter.
 *
 * Computes singular values by Hestenes's one-sided Jacobi rotations of the triangular factor R of the columns.
 *
 * @see Demmel, Veselić, Jacobi's method is more accurate than QR, 1992.
 */
export function undeterminedColumns(jacobian: ColumnMatrix): number[] {
  const n = jacobian.length;
  const sizes = jacobian.map(largest);
  const without = sizes.flatMap((size, j) => (size > 0 ? [] : [j]));
  const even = jacobian.map((column, j) => scaled(sizes[j] === 0 ? 0 : 1 / sizes[j]!, column));
  const { r } = factorize(even);
  const a = Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (_, i) => r[i * n + j]!));
  const v = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: n }, (_, i) => (i === j ? 1 : 0)),
  );
  for (let sweep = 0; sweep < 30; sweep++) if (!rotateAll(a, v)) break;
  const values = a.map(length);
  const top = largestOf(-Infinity, values);
  const involved = new Set(without);
  values.forEach((value, k) => {
    if (value > negligible * top) return;
    v[k]!.forEach((part, j) => {
      if (Math.abs(part) > 1e-3) involved.add(j);
    });
  });
  return [...involved].sort((i, j) => i - j);
}

/**
 * Makes each pair of columns of `a` orthogonal by one rotation, which it also applies to `v`. Returns true if any pair
 * was rotated.
 */
function rotateAll(a: readonly Float64Array[], v: readonly Float64Array[]): boolean {
  let changed = false;
  for (let p = 0; p < a.length; p++) {
    for (let q = p + 1; q < a.length; q++) {
      let [pp, qq, pq] = [0, 0, 0];
      for (let i = 0; i < a.length; i++) {
        pp += a[p]![i]! ** 2;
        qq += a[q]![i]! ** 2;
        pq += a[p]![i]! * a[q]![i]!;
      }
      if (Math.abs(pq) <= 1e-15 * Math.sqrt(pp * qq)) continue;
      changed = true;
      const zeta = (qq - pp) / (2 * pq);
      const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
      const c = 1 / Math.sqrt(1 + t * t);
      rotate(a[p]!, a[q]!, c, c * t);
      rotate(v[p]!, v[q]!, c, c * t);
    }
  }
  return changed;
}

function rotate(x: Float64Array, y: Float64Array, c: number, s: number): void {
  for (let i = 0; i < x.length; i++) {
    const [xi, yi] = [x[i]!, y[i]!];
    x[i] = c * xi - s * yi;
    y[i] = s * xi + c * yi;
  }
}
