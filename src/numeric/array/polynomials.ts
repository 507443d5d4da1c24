import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import { asFloating, matchFloating, promoteTypes } from "./promote.ts";
import { convolve } from "./signal.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

// Polynomials are vectors of coefficients, as in NumPy: the coefficient of the highest power comes first.

function coefficientsOf(operation: string, x: TensorLike): Tensor {
  const t = asFloating(x, operation);
  const vector = t.ndim === 0 ? p.reshape(t, [1]) : t;
  if (vector.ndim === 1) return vector;
  throw new DownhillError(
    "shape",
    `${operation}: coefficients are ${showType(t.type)}; they must be a vector.`,
  );
}

/** Two polynomials in one dtype, padded with leading zeros to one length. */
function alike(operation: string, x: TensorLike, y: TensorLike): readonly [Tensor, Tensor] {
  const [a, b] = [coefficientsOf(operation, x), coefficientsOf(operation, y)];
  const { dtype, weak } = promoteTypes(a.type, b.type);
  const n = Math.max(a.type.shape[0]!, b.type.shape[0]!);
  const filled = (t: Tensor): Tensor =>
    p.pad(p.convert(t, dtype, weak), { low: [n - t.type.shape[0]!], high: [0], interior: [0] });
  return [filled(a), filled(b)];
}

/**
 * Value of the polynomial with these coefficients, highest power first, at each x, by Horner's method.
 *
 * @example
 * polyval([2, 0, 1], 3); // 19
 */
export function polyval(coefficients: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("polyval", arguments, 2);
  const given = coefficientsOf("polyval", coefficients);
  const [, t] = matchFloating("polyval", p.zeros(arrayType(given.dtype, [], given.type.weak)), x);
  const c = p.convert(given, t.dtype, t.type.weak);
  let value = p.zeros(t.type);
  for (let i = 0; i < c.type.shape[0]!; i++) {
    const term = p.broadcast(p.reshape(p.part(c, 0, i, i + 1), []), t.type.shape, []);
    value = i === 0 ? term : p.add(p.mul(value, t), term);
  }
  return value;
}

/** Sum of two polynomials, given by their coefficients, highest power first. The shorter one is padded with zeros. */
export function polyadd(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("polyadd", arguments, 2);
  return p.add(...alike("polyadd", x, y));
}

/** Difference of two polynomials. */
export function polysub(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("polysub", arguments, 2);
  return p.sub(...alike("polysub", x, y));
}

/** Product of two polynomials. */
export function polymul(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("polymul", arguments, 2);
  return convolve(coefficientsOf("polymul", x), coefficientsOf("polymul", y));
}

/** Returns a vector of constants in the dtype of the coefficients c. */
function numbersBeside(c: Tensor, values: readonly number[]): Tensor {
  return p.convert(p.fromFlat(arrayType("float64", [values.length]), [...values]), c.dtype, c.type.weak);
}

/** The m-th derivative of a polynomial; that of a constant is 0. */
export function polyder(coefficients: TensorLike, m = 1): Tensor {
  if (arguments.length > 2) refuseExtra("polyder", arguments, 2);
  checkInteger("polyder", "m", m);
  let c = coefficientsOf("polyder", coefficients);
  for (let k = 0; k < m; k++) {
    const n = c.type.shape[0]!;
    if (n < 2) return p.zeros(c.type);
    const powers = numbersBeside(c, range(1, n).reverse());
    c = p.mul(p.part(c, 0, 0, n - 1), powers);
  }
  return c;
}

/** The m-th antiderivative of a polynomial; all constants of integration are 0. */
export function polyint(coefficients: TensorLike, m = 1): Tensor {
  if (arguments.length > 2) refuseExtra("polyint", arguments, 2);
  checkInteger("polyint", "m", m);
  let c = coefficientsOf("polyint", coefficients);
  for (let k = 0; k < m; k++) {
    const n = c.type.shape[0]!;
    const powers = numbersBeside(c, range(1, n + 1).reverse());
    c = p.pad(p.div(c, powers), { low: [0], high: [1], interior: [0] });
  }
  return c;
}

/**
 * Coefficients of the polynomial of degree `degree` that fits the values y at the points x in the sense of least
 * squares; for a matrix y, one polynomial per column. Orthogonalises the powers of x, each scaled to length 1, and y by
 * modified Gram-Schmidt. This is as stable as a QR decomposition (Björck, Numerical Methods for Least Squares Problems,
 * 1996, 2.4).
 * @throws DownhillError `shape` for x and y that do not fit, `range` for fewer points than coefficients.
 * @example
 * polyfit([0, 1, 2], [2, 3, 8], 2).tolist().map(Math.round); // [2, -1, 2]
 */
export function polyfit(x: TensorLike, y: TensorLike, degree: number): Tensor {
  if (arguments.length > 3) refuseExtra("polyfit", arguments, 3);
  checkInteger("polyfit", "the degree", degree);
  const [a, b] = [asFloating(x, "polyfit"), asFloating(y, "polyfit")];
  const n = a.type.shape[0];
  if (a.ndim !== 1 || b.ndim < 1 || b.ndim > 2 || b.type.shape[0] !== n) {
    throw new DownhillError(
      "shape",
      `polyfit: points are ${showType(a.type)} and values ${showType(b.type)}; give a vector of points, and a vector of that length or a matrix with that number of rows.`,
    );
  }
  if (n! < degree + 1)
    throw new DownhillError(
      "range",
      `polyfit: ${degree + 1} coefficients cannot be determined from ${n!} points.`,
    );
  const { dtype, weak } = promoteTypes(a.type, b.type);
  return leastSquares(p.convert(a, dtype, weak), p.convert(b, dtype, weak), degree);
}

function leastSquares(x: Tensor, y: Tensor, degree: number): Tensor {
  const n = x.type.shape[0]!;
  const isVector = y.ndim === 1;
  let rest = isVector ? p.reshape(y, [n, 1]) : y;
  const dot = (u: Tensor, v: Tensor): Tensor => p.sum(p.mul(u, v), [0]);
  const times = (u: Tensor, factor: Tensor): Tensor => p.mul(u, p.broadcast(factor, u.type.shape, []));
  // x^degree … 1 are columns, orthogonalised one after the other; scales and entries of R are scalars
  let power: Tensor = p.full(x.type, 1);
  const powers = [power];
  for (let k = 0; k < degree; k++) powers.unshift((power = p.mul(power, x)));
  const scales = powers.map((column) => p.sqrt(dot(column, column)));
  let columns = powers.map((column, i) => p.div(column, p.broadcast(scales[i]!, [n], [])));
  const [rows, sides]: [Tensor[][], Tensor[]] = [[], []];
  for (let k = 0; k <= degree; k++) {
    const length = p.sqrt(dot(columns[0]!, columns[0]!));
    const unit = p.div(columns[0]!, p.broadcast(length, [n], []));
    const later = columns.slice(1).map((column) => dot(unit, column));
    rows.push([length, ...later]);
    columns = columns.slice(1).map((column, i) => p.sub(column, times(unit, later[i]!)));
    const side = p.dotGeneral(unit, rest, { contract: [[0], [0]], batch: [[], []] });
    sides.push(side);
    const [across, down] = [p.broadcast(unit, rest.type.shape, [0]), p.broadcast(side, rest.type.shape, [1])];
    rest = p.sub(rest, p.mul(across, down));
  }
  const solution: Tensor[] = [];
  for (let k = degree; k >= 0; k--) {
    const [length, ...later] = rows[k]!;
    const known = later.map((factor, i) => times(solution[i]!, factor));
    const side = known.reduce(p.sub, sides[k]!);
    solution.unshift(p.div(side, p.broadcast(length!, side.type.shape, [])));
  }
  const scaled = solution.map((row, k) => p.div(row, p.broadcast(scales[k]!, row.type.shape, [])));
  const out = p.concatenate(scaled.map((row) => p.reshape(row, [1, ...row.shape])), 0); // prettier-ignore
  return isVector ? p.reshape(out, [degree + 1]) : out;
}
