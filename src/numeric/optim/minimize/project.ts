import { dot } from "../vector.ts";

/** Least-squares coefficients of columns for a right-hand side, and the residual. */
export interface Projection {
  /** One coefficient per column; 0 for a column that depends linearly on the columns before it. */
  readonly coefficients: Float64Array;
  /** The residual: the right-hand side minus the columns times their coefficients. */
  readonly rest: Float64Array;
}

/**
 * The coefficients that minimise `|b − Σ cⱼaⱼ|`, by modified Gram-Schmidt with a second pass.
 *
 * @see Björck, Numerical methods for least squares problems, 1996, section 2.4.
 */
export function project(columns: readonly Float64Array[], b: Float64Array): Projection {
  const n = columns.length;
  const units: (Float64Array | undefined)[] = [];
  const triangle = new Float64Array(n * n);
  columns.forEach((column, j) => {
    const left = column.slice();
    const size = length(left);
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < j; i++) {
        const unit = units[i];
        if (unit !== undefined) triangle[i * n + j]! += takeOutAll(left, unit);
      }
    }
    const rest = length(left);
    const isNew = rest > 1e-11 * size && rest < Infinity;
    triangle[j * n + j] = isNew ? rest : 0;
    if (isNew) for (let i = 0; i < left.length; i++) left[i] = left[i]! / rest;
    units.push(isNew ? left : undefined);
  });
  const rest = b.slice();
  const along = Float64Array.from(units, (unit) => (unit === undefined ? 0 : takeOutAll(rest, unit)));
  const coefficients = new Float64Array(n);
  for (let j = n - 1; j >= 0; j--) {
    if (units[j] === undefined) continue;
    let value = along[j]!;
    for (let k = j + 1; k < n; k++) value -= triangle[j * n + k]! * coefficients[k]!;
    coefficients[j] = value / triangle[j * n + j]!;
  }
  return { coefficients, rest };
}

/** `√Σ x²` */
export function length(x: Float64Array): number {
  return Math.sqrt(dot(x, x));
}

/** Subtracts from `x` its component along a unit vector, and returns that component. */
function takeOutAll(x: Float64Array, unit: Float64Array): number {
  const part = dot(x, unit);
  takeOut(x, unit, part);
  return part;
}

/** Subtracts `part · y` from x in place. */
export function takeOut(x: Float64Array, y: Float64Array, part: number): void {
  for (let i = 0; i < x.length; i++) x[i]! -= part * y[i]!;
}
