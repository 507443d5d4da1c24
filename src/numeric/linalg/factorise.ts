import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { eigh as eighOf, qr as qrOf, svd as svdOf } from "../../engine/prims/linear-algebra.ts";
import { readMatrices, readSquare } from "./operands.ts";

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
 * derivatives of order k are taken, eigenvalues closer than ε^(1/(k + 1)) of the largest are moved apart by that much, ε being 2⁻⁵² (2⁻²² in
 * float32): of what does not depend on the choice of vectors, such as `V diag(exp w) Vᵀ`, first derivatives are right to about 7 digits at repeated
 * values (3 in float32), second ones to 4 or 5, third ones to 3. Derivatives of everything are finite there. All digits have `eigvalsh` and
 * functions that need no vectors, as `expm` of downhill/linalg.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [w, v] = eigh([[2, 0], [0, 1]]);
 * w.tolist();                              // [1, 2]
 * matmul(v.mul(w), transpose(v)).tolist(); // [[2, 0], [0, 1]]
 */
export function eigh(a: TensorLike): [w: Tensor, v: Tensor] {
  if (arguments.length > 1) refuseExtra("eigh", arguments, 1);
  const [w, v] = eighOf(readSquare("eigh", a));
  return [w, v];
}

/**
 * The eigenvalues of symmetric matrices `[…, n, n]` in ascending order, as `eigh` gives them. Where they repeat, first derivatives of what
 * does not depend on their order have all digits, and derivatives of order k those that `eigh` has in order k − 1.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * eigvalsh([[2, 0], [0, 1]]).tolist(); // [1, 2]
 */
export function eigvalsh(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("eigvalsh", arguments, 1);
  return eighOf(readSquare("eigvalsh", a), -1)[0];
}

/**
 * Singular values and vectors of matrices `[…, m, n]` as `[u, s, vh]` with `A = U diag(s) Vᴴ`: U `[…, m, k]` has orthonormal columns, Vᴴ
 * `[…, k, n]` orthonormal rows, s `[…, k]` descends, k the smaller of m and n.
 *
 * Derivative: `ds = diag(Uᵀ dA V)`; those of the vectors are finite for repeated values, and of what does not depend on the choice of
 * vectors, such as `U Vᴴ`, as right as those of `eigh`.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [u, s, vh] = svd([[0, 2], [1, 0]]);
 * s.tolist(); // [2, 1]
 */
export function svd(a: TensorLike): [u: Tensor, s: Tensor, vh: Tensor] {
  if (arguments.length > 1) refuseExtra("svd", arguments, 1);
  const [u, s, vh] = svdOf(readMatrices("svd", a));
  return [u, s, vh];
}

/**
 * The singular values of matrices `[…, m, n]` in descending order, as `svd` gives them.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * svdvals([[0, 2], [1, 0]]).tolist(); // [2, 1]
 */
export function svdvals(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("svdvals", arguments, 1);
  return svdOf(readMatrices("svdvals", a), -1)[1];
}
