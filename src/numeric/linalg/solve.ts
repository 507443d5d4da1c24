import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import {
  cholesky as choleskyOf,
  factoredSolve,
  identityLike,
  linearSolve,
  lu as factor,
  product,
  rowsInOrder,
  triangle,
  triangularSolve,
  unitLower,
} from "../../engine/prims/linear-algebra.ts";
import { part } from "../../engine/prims/index-ops.ts";
import type { TriangularParams } from "../../engine/prims/linear-algebra.ts";
import { atOnce } from "../../engine/runtime/at-once.ts";
import { isStaging } from "../../engine/trace/index.ts";
import type { LinearSystem } from "./operands.ts";
import {
  areSolved,
  asConstant,
  isNotZero,
  isSingularAt,
  none,
  overBatches,
  readMatrices,
  readSides,
  readSquare,
  requireRegular,
  withSides,
} from "./operands.ts";

/** Options of `solveTriangular`. */
export interface SolveTriangularOptions {
  /** True to read the lower triangle, false to read the upper one. Default true. */
  readonly lower?: boolean;
  /** True to solve `Aᵀ X = B`. Default false. */
  readonly transpose?: boolean;
  /** True to use ones as the diagonal, which is then not read. Default false. */
  readonly unitDiagonal?: boolean;
}

/**
 * Solution X of `A X = B` for triangular matrices: a is `[…, n, n]` with one triangle read, b is `[n]` or `[…, n, m]`;
 * batches broadcast.
 *
 * Derivative: `A dX = dB − dA X`, with the triangle of dA.
 *
 * @throws DownhillError `shape`, `dtype`; `range` for a zero in the diagonal, which gives NaN in compiled functions.
 * @example
 * solveTriangular([[2, 0], [1, 4]], [2, 9]).tolist();                    // [1, 2]
 * solveTriangular([[2, 1], [0, 4]], [4, 8], { lower: false }).tolist();  // [1, 2]
 */
export function solveTriangular(a: TensorLike, b: TensorLike, options: SolveTriangularOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("solveTriangular", arguments, 3);
  checkOptions("solveTriangular", options, ["lower", "transpose", "unitDiagonal"]);
  checkFlags("solveTriangular", options, ["lower", "transpose", "unitDiagonal"]);
  const { lower = true, transpose = false, unitDiagonal = false } = options;
  const sides = readSides("solveTriangular", a, b);
  if (!unitDiagonal)
    requireRegular(
      "solveTriangular",
      sides.a,
      isNotZero,
      (row) => `is singular: element ${row} of its diagonal is 0. (In compiled functions the result is NaN.)`,
    );
  return triangularAtOnce([sides.a, sides.b], { lower, transpose, unit: unitDiagonal })[0]!;
}

const triangularAtOnce = /* @__PURE__ */ atOnce("solveTriangular", ([a, b], params: TriangularParams) => [
  overBatches("solveTriangular", sidesOf(a!, b!), (t, side) => triangularSolve(t, side, params)),
]);

function sidesOf(a: Tensor, b: Tensor): LinearSystem {
  return { a, b, isVector: b.ndim === 1 };
}

/**
 * Cholesky factor, the lower triangular L with `L Lᵀ = A`, of symmetric positive definite matrices `[…, n, n]`. Only
 * the lower triangle is read.
 *
 * Derivative: `dL = L Φ(L⁻¹ dA L⁻ᵀ)` where Φ takes the lower triangle and halves its diagonal. dA counts as symmetric,
 * and so the gradient is symmetric.
 *
 * @throws DownhillError `shape`, `dtype`; `range` for a matrix that is not positive definite, which gives NaN in compiled functions.
 * @example
 * cholesky([[4, 2], [2, 5]]).tolist(); // [[2, 0], [1, 2]]
 */
export function cholesky(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("cholesky", arguments, 1);
  const l = choleskyOf(readSquare("cholesky", a));
  requireRegular(
    "cholesky",
    l,
    (pivot) => !Number.isNaN(pivot),
    () =>
      "is not positive definite. Rounding can make a covariance indefinite: add a small multiple of the identity. " +
      "(In compiled functions the result is NaN.)",
  );
  return l;
}

/**
 * Solution X of `L Lᵀ X = B` for the factor that `cholesky` returns and b of shape `[n]` or `[…, n, m]`.
 *
 * @throws DownhillError `shape`, `dtype`, `range` as `solveTriangular` does.
 * @example
 * choleskySolve(cholesky([[4, 2], [2, 5]]), [8, 12]).tolist(); // [1, 2]
 */
export function choleskySolve(l: TensorLike, b: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("choleskySolve", arguments, 2);
  const sides = readSides("choleskySolve", l, b);
  requireRegular(
    "choleskySolve",
    sides.a,
    isNotZero,
    (row) => `is singular: element ${row} of its diagonal is 0. (In compiled functions the result is NaN.)`,
  );
  return choleskyAtOnce([sides.a, sides.b], none)[0]!;
}

const choleskyAtOnce = /* @__PURE__ */ atOnce("choleskySolve", ([a, b]) => [
  overBatches("choleskySolve", sidesOf(a!, b!), (t, side) => {
    const lower = { lower: true, unit: false };
    return triangularSolve(t, triangularSolve(t, side, { ...lower, transpose: false }), { ...lower, transpose: true }); // prettier-ignore
  }),
]);

/**
 * Solution X of `A X = B`: a is `[…, n, n]`, b is `[n]` or `[…, n, m]`; batches broadcast. By Gaussian elimination with
 * partial pivoting.
 *
 * Derivative: `A dX = dB − dA X`, with the same factors.
 *
 * @throws DownhillError `shape`, `dtype`; `range` for a singular matrix, which gives NaN in compiled functions.
 * @example
 * solve([[2, 1], [1, 3]], [3, 5]).tolist(); // [0.8, 1.4]
 */
export function solve(a: TensorLike, b: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("solve", arguments, 2);
  const sides = readSides("solve", a, b);
  if (sides.a.tracer === undefined && sides.b.tracer === undefined && !isStaging()) {
    const x = solveAtOnce([sides.a, sides.b], none)[0]!;
    if (areSolved("solve", x, sides.isVector)) return x;
  }
  return solveBy("solve", sides);
}

const solveAtOnce = /* @__PURE__ */ atOnce("solve", ([a, b]) => [
  overBatches("solve", sidesOf(a!, b!), linearSolve),
]);

/** Solves systems by an LU factorisation, and refuses a singular matrix if the values are known. */
function solveBy(operation: string, sides: LinearSystem): Tensor {
  const [packed, order] = factor(asConstant(sides.a));
  requireRegular(operation, packed, isNotZero, isSingularAt);
  if (sides.a.ndim === 2) return overBatches(operation, sides, (a, b) => factoredSolve(a, packed, order, b));
  // for batches of right-hand sides with a single matrix, each gets its own factorisation: rare, and simple
  const isSame =
    sides.b.ndim === sides.a.ndim && sides.b.shape.slice(0, -2).every((n, i) => n === sides.a.shape[i]);
  return overBatches(operation, sides, (a, b) => {
    if (isSame) return factoredSolve(a, packed, order, b);
    const factors = factor(asConstant(a));
    return factoredSolve(a, factors[0], factors[1], b);
  });
}

/**
 * Inverse of square matrices `[…, n, n]`. To solve a system, `solve` is faster and more accurate.
 *
 * Derivative: `−A⁻¹ dA A⁻¹`.
 *
 * @throws DownhillError `shape`, `dtype`; `range` for a singular matrix, which gives NaN in compiled functions.
 * @example
 * inv([[2, 0], [0, 4]]).tolist(); // [[0.5, 0], [0, 0.25]]
 */
export function inv(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("inv", arguments, 1);
  const t = readSquare("inv", a);
  if (t.tracer === undefined && !isStaging()) {
    const x = invertAtOnce([t], none)[0]!;
    if (areSolved("inv", x, false)) return x;
  }
  return solveBy("inv", { a: t, b: identityLike(t.type), isVector: false });
}

const invertAtOnce = /* @__PURE__ */ atOnce("inv", ([a]) => [linearSolve(a!, identityLike(a!.type))]);

/**
 * LU factorisation `[p, l, u]` with `A = P L U` of matrices `[…, m, n]`, by Gaussian elimination with partial pivoting.
 * P is a permutation, L `[…, m, k]` is lower triangular with ones on its diagonal, U `[…, k, n]` is upper triangular,
 * and k is the smaller of m and n. P has derivative 0; the derivatives of L and U require a regular leading part of
 * size k.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [p, l, u] = lu([[1, 2], [4, 4]]);
 * l.tolist(); // [[1, 0], [0.25, 1]]
 * u.tolist(); // [[4, 4], [0, 1]]
 * p.tolist(); // [[0, 1], [1, 0]]
 */
export function lu(a: TensorLike): [p: Tensor, l: Tensor, u: Tensor] {
  if (arguments.length > 1) refuseExtra("lu", arguments, 1);
  const t = readMatrices("lu", a);
  const [p, l, u] = factorAtOnce([t], none);
  return [p!, l!, u!];
}

const factorAtOnce = /* @__PURE__ */ atOnce("lu", ([a]) => {
  const { type, ndim } = a!;
  const [m, n] = [type.shape.at(-2)!, type.shape.at(-1)!];
  const [packed, order] = factor(a!);
  const s = Math.min(m, n);
  return [
    rowsInOrder(identityLike(withSides(type, m, m)), order, true),
    unitLower(part(packed, ndim - 1, 0, s)),
    triangle(part(packed, ndim - 2, 0, s), false),
  ];
});

/**
 * Solution X of `P L U X = B` for the factors that `lu` returns for square matrices, and b of shape `[n]` or
 * `[…, n, m]`.
 *
 * @throws DownhillError `shape`, `dtype`, `range` as `solveTriangular` does.
 * @example
 * luSolve(lu([[2, 1], [1, 3]]), [3, 5]).tolist(); // [0.8, 1.4]
 */
export function luSolve(
  factors: readonly [p: TensorLike, l: TensorLike, u: TensorLike],
  b: TensorLike,
): Tensor {
  if (arguments.length > 2) refuseExtra("luSolve", arguments, 2);
  if (!Array.isArray(factors) || factors.length !== 3)
    throw new DownhillError("shape", "luSolve: the factors must be the list [p, l, u] that lu returns.");
  const [p, l, u] = factors;
  const sides = readSides("luSolve", p, b);
  const y = overBatches("luSolve", sides, (order, side) => product(order, side, { x: true }));
  return solveTriangular(u, solveTriangular(l, y, { unitDiagonal: true }), { lower: false });
}
