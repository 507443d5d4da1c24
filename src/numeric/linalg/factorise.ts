import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { changeOfEigen, eigh as eighOf } from "../../engine/prims/eigh.ts";
import { qr as qrOf } from "../../engine/prims/qr.ts";
import { changeOfSingular, svd as svdOf } from "../../engine/prims/svd.ts";
import { customJvp } from "../../engine/transforms/custom.ts";
import { readMatrices, readSquare } from "./operands.ts";

/**
 * How far eigenvalues, or singular values, are at least from one another while derivatives are taken, as a part of the largest: about
 * the root of the rounding error. What vectors of close values contribute to a function of the matrix is a difference of its values,
 * divided by theirs: at this distance half of the digits are right, where at none all would be lost.
 */
const apartIn = { float64: 2 ** -26, float32: 2 ** -11 } as const;

function apartOf({ dtype }: Tensor): number {
  return dtype === "float32" ? apartIn.float32 : apartIn.float64;
}

/**
 * The factors `[q, r]` with `A = Q R` of matrices `[…, m, n]`: Q `[…, m, k]` has orthonormal columns, R `[…, k, n]` is upper triangular, k the
 * smaller of m and n. By reflections; signs are those of LAPACK.
 *
 * Derivative: of both, where the first k columns are independent.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [q, r] = qr([[3, 1], [4, 2]]);
 * r.tolist(); // [[-5, -2.2], [0, 0.4]]
 * q.tolist(); // [[-0.6, -0.8], [-0.8, 0.6]]
 */
export function qr(a: TensorLike): [q: Tensor, r: Tensor] {
  if (arguments.length > 1) refuseExtra("qr", arguments, 1);
  const [q, r] = qrOf(readMatrices("qr", a));
  return [q, r];
}

/**
 * The eigenvalues of symmetric matrices `[…, n, n]` in ascending order, and orthonormal eigenvectors as columns, as `[w, v]` with
 * `A = V diag(w) Vᵀ`. The lower half is read. Vectors may have either sign, and any basis of the space of a repeated value.
 *
 * Derivative: `dw = diag(Vᵀ dA V)`, `dV = V (F ∘ Vᵀ dA V)` with `Fᵢⱼ = 1 / (wⱼ − wᵢ)`; dA counts as symmetric, and so the gradient is. While
 * derivatives are taken, eigenvalues closer than 2⁻²⁶ of the largest (2⁻¹¹ in float32) are moved apart by that much: first derivatives of what
 * does not depend on the choice of vectors, such as `V diag(exp w) Vᵀ`, are right to about 8 digits there (3 in float32), and finite of
 * everything. Second derivatives at repeated eigenvalues have no digits left.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [w, v] = eigh([[2, 0], [0, 1]]);
 * w.tolist();                              // [1, 2]
 * matmul(v.mul(w), transpose(v)).tolist(); // [[2, 0], [0, 1]]
 */
export function eigh(a: TensorLike): [w: Tensor, v: Tensor] {
  if (arguments.length > 1) refuseExtra("eigh", arguments, 1);
  const t = readSquare("eigh", a);
  const [w, v] = t.tracer === undefined ? eighOf(t) : eighTraced(t);
  return [w!, v!];
}

const eighTraced: (a: Tensor) => readonly Tensor[] = /* @__PURE__ */ customJvp(
  (a: Tensor): readonly Tensor[] => eighOf(a),
  ([a]: [Tensor], [da]: [Tensor]): [readonly Tensor[], readonly Tensor[]] => {
    const [w, v] = eighOf(a, apartOf(a));
    return [[w, v], changeOfEigen(da, w, v)];
  },
) as never;

/**
 * The eigenvalues of symmetric matrices `[…, n, n]` in ascending order, as `eigh` gives them.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * eigvalsh([[2, 0], [0, 1]]).tolist(); // [1, 2]
 */
export function eigvalsh(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("eigvalsh", arguments, 1);
  return eighOf(readSquare("eigvalsh", a))[0];
}

/**
 * Singular values and vectors of matrices `[…, m, n]` as `[u, s, vh]` with `A = U diag(s) Vᴴ`: U `[…, m, k]` has orthonormal columns, Vᴴ
 * `[…, k, n]` orthonormal rows, s `[…, k]` descends, k the smaller of m and n.
 *
 * Derivative: `ds = diag(Uᵀ dA V)`; those of the vectors are finite for repeated values, as `eigh` does it: of what does not depend on
 * the choice of vectors, such as `U Vᴴ`, they are right to about 8 digits there.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [u, s, vh] = svd([[0, 2], [1, 0]]);
 * s.tolist(); // [2, 1]
 */
export function svd(a: TensorLike): [u: Tensor, s: Tensor, vh: Tensor] {
  if (arguments.length > 1) refuseExtra("svd", arguments, 1);
  const t = readMatrices("svd", a);
  const [u, s, vh] = t.tracer === undefined ? svdOf(t) : svdTraced(t);
  return [u!, s!, vh!];
}

const svdTraced: (a: Tensor) => readonly Tensor[] = /* @__PURE__ */ customJvp(
  (a: Tensor): readonly Tensor[] => svdOf(a),
  ([a]: [Tensor], [da]: [Tensor]): [readonly Tensor[], readonly Tensor[]] => {
    const [u, s, vh] = svdOf(a, apartOf(a));
    return [[u, s, vh], changeOfSingular(da, u, s, vh)];
  },
) as never;

/**
 * The singular values of matrices `[…, m, n]` in descending order, as `svd` gives them.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * svdvals([[0, 2], [1, 0]]).tolist(); // [2, 1]
 */
export function svdvals(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("svdvals", arguments, 1);
  return svdOf(readMatrices("svdvals", a))[1];
}
