// Orthonormal bases of the range and of the null space of matrices.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { part } from "../../engine/prims/index-ops.ts";
import { product, svd, swapped } from "../../engine/prims/linear-algebra.ts";
import { neg, sub } from "../../engine/prims/linear.ts";
import { customJvp } from "../../engine/transforms/structured.ts";
import { concatenate } from "../array/shape.ts";
import { zeros } from "../array/create.ts";
import { svdvals } from "./factorise.ts";
import { pinv } from "./least-squares.ts";
import { asConstant, readMatrices } from "./operands.ts";

/** Options of `nullSpace` and `orth`. */
export interface SubspaceOptions {
  /**
   * Fraction of the largest singular value up to which singular values count as 0; at least 0. Default: the larger of
   * rows and columns times the rounding error of the dtype (2⁻⁵² in float64).
   */
  readonly rtol?: number;
  /**
   * Rank of the matrices, a plain integer. Default: the number of singular values that count, which must be known: inside
   * `jit` and other compiled functions, and for batches of several ranks, the rank is required.
   */
  readonly rank?: number;
}

function rankOf(operation: string, t: Tensor, options: SubspaceOptions): number {
  checkOptions(operation, options, ["rtol", "rank"]);
  const [m, n] = [t.shape.at(-2)!, t.shape.at(-1)!];
  const { rank, rtol = Math.max(m, n) * (t.dtype === "float32" ? 2 ** -23 : 2 ** -52) } = options;
  if (!(typeof rtol === "number" && rtol >= 0))
    throw new DownhillError(
      "option",
      `${operation}: rtol must be a number of at least 0, got ${String(rtol)}.`,
    );
  if (rank !== undefined) return checkInteger(operation, "rank", rank, { from: 0, to: Math.min(m, n) });
  const values = svdvals(asConstant(t));
  if (values.tracer !== undefined)
    throw new DownhillError(
      "trace",
      `${operation}: the rank decides the shape of the result, and is unknown in jit, vmap and other traced functions. Pass it, as in ${operation}(a, { rank: 2 }).`,
    );
  const all = values.data();
  const k = Math.min(m, n);
  const ranks = new Set<number>();
  for (let start = 0; start < all.length; start += k) {
    const limit = all[start]! * rtol;
    let count = 0;
    while (count < k && all[start + count]! > limit) count++;
    ranks.add(count);
  }
  if (ranks.size <= 1) return [...ranks][0] ?? 0;
  throw new DownhillError(
    "shape",
    `${operation}: the matrices of ${showType(t.type)} have the ranks ${[...ranks].join(", ")}. Pass one rank for all, or treat them one by one.`,
  );
}

/**
 * Orthonormal basis of the range of matrices `[…, m, n]`: the columns of `[…, m, rank]`. The basis of a subspace is
 * arbitrary up to a rotation.
 *
 * Derivative: `dQ = (I − Q Qᵀ) dA A⁺ Q`, without a rotation of the basis. It is right where the rank is constant,
 * for functions such as `Q Qᵀ` that do not depend on the choice of the basis.
 *
 * @throws DownhillError `shape`, `dtype`, `option`; `trace` without a rank in traced functions.
 * @example
 * const q = orth([[1, 1], [1, 1]]);
 * round(matmul(q, transpose(q)).mul(1e6)).tolist(); // [[500000, 500000], [500000, 500000]]
 */
export function orth(a: TensorLike, options: SubspaceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("orth", arguments, 2);
  const t = readMatrices("orth", a);
  const rank = rankOf("orth", t, options);
  const value = (x: Tensor): Tensor => part(svd(x)[0], x.ndim - 1, 0, rank);
  if (t.tracer === undefined) return value(t);
  const basis: (x: Tensor) => Tensor = customJvp(value, ([x]: [Tensor], [dx]: [Tensor]): [Tensor, Tensor] => {
    const q = basis(x);
    const moved = product(product(dx, pinv(x)), q);
    return [q, sub(moved, product(q, product(q, moved, { x: true })))];
  }) as never;
  return basis(t);
}

/**
 * Orthonormal basis of the null space of matrices `[…, m, n]`, the x with A x = 0: the columns of `[…, n, n − rank]`. The
 * basis of a subspace is arbitrary up to a rotation.
 *
 * Derivative: `dN = −A⁺ dA N`, without a rotation of the basis. It is right where the rank is constant, for
 * functions such as `N Nᵀ` that do not depend on the choice of the basis.
 *
 * @throws DownhillError `shape`, `dtype`, `option`; `trace` without a rank in traced functions.
 * @example
 * const n = nullSpace([[1, 1]]);
 * round(matmul(n, transpose(n)).mul(1e6)).tolist(); // [[500000, -500000], [-500000, 500000]]
 */
export function nullSpace(a: TensorLike, options: SubspaceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nullSpace", arguments, 2);
  const t = readMatrices("nullSpace", a);
  const rank = rankOf("nullSpace", t, options);
  const value = (x: Tensor): Tensor => {
    const [m, n] = [x.shape.at(-2)!, x.shape.at(-1)!];
    // zeros below a wide matrix complete its right vectors
    const empty = (): Tensor => zeros([...x.shape.slice(0, -2), n - m, n], { dtype: x.dtype });
    const tall = m < n ? concatenate([x, empty()], { axis: -2 }) : x;
    return part(swapped(svd(tall)[2]), x.ndim - 1, rank, n);
  };
  if (t.tracer === undefined) return value(t);
  const basis: (x: Tensor) => Tensor = customJvp(value, ([x]: [Tensor], [dx]: [Tensor]): [Tensor, Tensor] => {
    const known = basis(x);
    return [known, neg(product(pinv(x), product(dx, known)))];
  }) as never;
  return basis(t);
}
