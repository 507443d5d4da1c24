import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { div, reshape } from "../../engine/prims/index.ts";
import { part } from "../../engine/prims/index-ops.ts";
import { add, full, stopGradient, sub, where, zeros } from "../../engine/prims/linear.ts";
import { identityLike, product, svd, swapped } from "../../engine/prims/linear-algebra.ts";
import { atOnce } from "../../engine/runtime/at-once.ts";
import { customJvp } from "../../engine/transforms/structured.ts";
import { sum as sumOf } from "../array/reduce.ts";
import { astype, equal, less, where as wherever } from "../array/elementwise.ts";
import { expandDims } from "../array/shape.ts";
import { slogdet } from "./determinant.ts";
import { svdvals } from "./factorise.ts";
import { inv } from "./solve.ts";
import { norm } from "./norm.ts";
import type { LinearSystem } from "./operands.ts";
import { asColumns, overBatches, readMatrices, readSides } from "./operands.ts";

/** Options of `pinv`, `lstsq` and `matrixRank`. */
export interface RankOptions {
  /**
   * Fraction of the largest singular value up to which singular values count as 0; at least 0. Default: the larger of
   * rows and columns times the rounding error of the dtype (2⁻⁵² in float64).
   */
  readonly rtol?: number;
}

/**
 * Checks the options of `pinv`, `lstsq` or `matrixRank`.
 * @throws DownhillError `option`
 */
function checkRank(operation: string, options: RankOptions): void {
  checkOptions(operation, options, ["rtol"]);
  const { rtol = 0 } = options;
  if (typeof rtol === "number" && rtol >= 0) return;
  throw new DownhillError(
    "option",
    `${operation}: rtol must be a number of at least 0, got ${String(rtol)}.`,
  );
}

function rtolOf({ rtol }: RankOptions, { type }: Tensor): number {
  const size = Math.max(type.shape.at(-1)!, type.shape.at(-2)!);
  return rtol ?? size * (type.dtype === "float32" ? 2 ** -23 : 2 ** -52);
}

/** True for each singular value that counts as greater than 0: that exceeds `rtol` times the largest one. */
function areLarge(s: Tensor, rtol: number): Tensor {
  const axis = s.ndim - 1;
  return less(part(s, axis, 0, Math.min(1, s.shape[axis]!)).mul(rtol), s);
}

/**
 * Pseudoinverse `[…, n, m]` of matrices `[…, m, n]`, by singular values; for regular matrices, the inverse.
 *
 * Derivative: `dP = −P dA P + P Pᵀ dAᵀ (I − A P) + (I − P A) dAᵀ Pᵀ P`, to any order, right where the rank is locally
 * constant.
 *
 * @throws DownhillError `shape`, `dtype`, `option`
 * @see Golub & Pereyra, SIAM J. Numer. Anal. 10, 1973, eq. 4.12.
 * @example
 * pinv([[1, 0], [0, 0], [0, 2]]).tolist(); // [[1, 0, 0], [0, 0, 0.5]]
 */
export function pinv(a: TensorLike, options: RankOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("pinv", arguments, 2);
  checkRank("pinv", options);
  const t = readMatrices("pinv", a);
  return pinvAtOnce([t], { rtol: rtolOf(options, t) })[0]!;
}

const pinvAtOnce = /* @__PURE__ */ atOnce("pinv", ([a], { rtol }: { readonly rtol: number }) => [
  pseudoInverse(a!, rtol),
]);

function pseudoInverse(a: Tensor, rtol: number): Tensor {
  const value = (x: Tensor): Tensor => {
    const [u, s, vh] = svd(x);
    const isLarge = areLarge(s, rtol);
    const one = full(s.type, 1);
    const inverses = where(isLarge, div(one, where(isLarge, s, one)), zeros(s.type));
    return product(swapped(timesColumns(swapped(vh), inverses)), u, { x: true, y: true });
  };
  if (a.tracer === undefined) return value(a);
  const inverse: (x: Tensor) => Tensor = customJvp(
    value,
    ([x]: [Tensor], [dx]: [Tensor]): [Tensor, Tensor] => {
      const p = inverse(x);
      const adjoint = swapped(dx);
      const first = product(product(p, swapped(p)), adjoint);
      const last = product(adjoint, product(swapped(p), p));
      const beyondColumns = sub(first, product(product(first, x), p));
      const beyondRows = sub(last, product(p, product(x, last)));
      return [p, sub(add(beyondColumns, beyondRows), product(product(p, dx), p))];
    },
  ) as never;
  return inverse(a);
}

/** Multiplies each column of matrices by its factor. */
function timesColumns(x: Tensor, factors: Tensor): Tensor {
  return x.mul(expandDims(factors, -2));
}

/**
 * Least-squares solution X of minimal norm that minimises `‖A X − B‖`, as `[x, residuals, rank, s]` like in NumPy. a is
 * `[…, m, n]`, b is `[m]` or `[…, m, k]`, x is `[n]` or `[…, n, k]`; residuals are `Σ (A X − B)²` per right-hand side,
 * rank is an int32, and s are the singular values.
 *
 * Derivative: that of `pinv`.
 *
 * @throws DownhillError `shape`, `dtype`, `option`
 * @example
 * const [x, residuals, rank] = lstsq([[1, 0], [1, 1], [1, 2]], [1, 3, 5]);
 * round(x.mul(1000)).tolist(); // [1000, 2000]
 * rank;                        // 2
 */
export function lstsq(
  a: TensorLike,
  b: TensorLike,
  options: RankOptions = {},
): [x: Tensor, residuals: Tensor, rank: Tensor, s: Tensor] {
  if (arguments.length > 3) refuseExtra("lstsq", arguments, 3);
  checkRank("lstsq", options);
  const sides = readSides("lstsq", a, b, false);
  const [x, residuals, rank, s] = lstsqAtOnce([sides.a, sides.b], { rtol: rtolOf(options, sides.a) });
  return [x!, residuals!, rank!, s!];
}

const lstsqAtOnce = /* @__PURE__ */ atOnce("lstsq", ([a, b], { rtol }: { readonly rtol: number }) =>
  leastSquares({ a: a!, b: b!, isVector: b!.ndim === 1 }, rtol),
);

function leastSquares(given: LinearSystem, rtol: number): Tensor[] {
  const sides = { ...given, b: asColumns(given), isVector: false };
  const inverse = pseudoInverse(sides.a, rtol);
  const fitted = overBatches("lstsq", { ...sides, a: inverse }, (p, side) => product(p, side));
  const s = svdvals(sides.a);
  const difference = overBatches("lstsq", { ...sides, b: fitted }, (t, x) => product(t, x)).sub(sides.b);
  const residuals = sumOf(difference.mul(difference), { axis: -2 });
  const rank = countLarge(s, rtol);
  if (!given.isVector) return [fitted, residuals, rank, s];
  return [
    reshape(fitted, fitted.shape.slice(0, -1)),
    reshape(residuals, residuals.shape.slice(0, -1)),
    rank,
    s,
  ];
}

function countLarge(s: Tensor, rtol: number): Tensor {
  const known = stopGradient(s);
  return sumOf(astype(areLarge(known, rtol), "int32"), { axis: -1 });
}

/**
 * Rank of matrices `[…, m, n]`: the number of singular values that count as greater than 0, as int32.
 *
 * @throws DownhillError `shape`, `dtype`, `option`
 * @example
 * matrixRank([[1, 2], [2, 4]]); // 1
 */
export function matrixRank(a: TensorLike, options: RankOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("matrixRank", arguments, 2);
  checkRank("matrixRank", options);
  const t = readMatrices("matrixRank", a);
  return countLarge(svdvals(stopGradient(t)), rtolOf(options, t));
}

/** Options of `cond`. */
export interface CondOptions {
  /** The matrix norm, as for `norm`. Default 2: the ratio of the largest to the smallest singular value. */
  readonly ord?: number | "fro" | "nuc";
}

/**
 * Condition number, the maximal amplification of relative errors of a linear system: the norm of matrices `[…, n, n]`
 * times the norm of their inverses. For `ord` 2 and −2 it is computed from singular values, so that matrices need not
 * be square. Infinite for singular matrices.
 *
 * @throws DownhillError `shape`, `dtype`, `option`
 * @example
 * cond([[2, 0], [0, 4]]); // 2
 */
export function cond(a: TensorLike, options: CondOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cond", arguments, 2);
  checkOptions("cond", options, ["ord"]);
  const t = readMatrices("cond", a);
  const { ord = 2 } = options;
  const whereRegular = (isSingular: Tensor, value: Tensor): Tensor => wherever(isSingular, Infinity, value);
  if (ord !== 2 && ord !== -2) {
    const axis = [-2, -1] as const;
    const isSingular = equal(slogdet(t)[0], 0);
    const regular = wherever(expandDims(expandDims(isSingular, -1), -1), identityLike(t.type), t);
    return whereRegular(isSingular, norm(t, { ord, axis }).mul(norm(inv(regular), { ord, axis })));
  }
  const s = svdvals(t);
  const k = s.shape.at(-1)!;
  const at = (i: number): Tensor => reshape(part(s, s.ndim - 1, i, i + 1), s.shape.slice(0, -1));
  const [largest, smallest] = [at(0), at(k - 1)];
  return ord === 2
    ? whereRegular(equal(smallest, 0), largest.div(smallest))
    : whereRegular(equal(largest, 0), smallest.div(largest));
}
