import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { eigh as eighOf, qr as qrOf, svd as svdOf } from "../../engine/prims/linear-algebra.ts";
import { readMatrices, readSquare } from "./operands.ts";

/**
 * QR factorisation `[q, r]` with `A = Q R` of matrices `[…, m, n]`: Q `[…, m, k]` has orthonormal columns, R
 * `[…, k, n]` is upper triangular, and k is the smaller of m and n. By Householder reflections, with the signs of
 * LAPACK.
 *
 * Both factors have derivatives if the first k columns are linearly independent.
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
 * Eigenvalues of symmetric matrices `[…, n, n]` in ascending order, and orthonormal eigenvectors as columns, as
 * `[w, v]` with `A = V diag(w) Vᵀ`. Only the lower triangle is read. The sign of eigenvectors, and the basis of the
 * eigenspace of a repeated eigenvalue, are arbitrary.
 *
 * Derivative: `dw = diag(Vᵀ dA V)`, `dV = V (F ∘ Vᵀ dA V)` with `Fᵢⱼ = 1 / (wⱼ − wᵢ)`; dA counts as symmetric, and so
 * the gradient is symmetric. For derivatives of order k, eigenvalues closer than ε^(1/(k + 1)) of the largest are moved
 * apart by that distance, where ε is 2⁻⁵² (2⁻²² in float32). This limits the accuracy of derivatives at repeated
 * eigenvalues, also for functions that do not depend on the choice of eigenvectors, such as `V diag(exp w) Vᵀ`. First
 * derivatives have about 7 right digits (3 in float32), second derivatives 4 or 5, and third derivatives 3. All
 * derivatives are finite there. `eigvalsh` and functions without eigenvectors, such as `expm` of downhill/linalg, keep
 * all digits.
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
 * Eigenvalues of symmetric matrices `[…, n, n]` in ascending order, like those of `eigh`. At repeated eigenvalues,
 * first derivatives of functions that do not depend on their order have all digits. Derivatives of order k have the
 * accuracy of order k − 1 of `eigh`.
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
 * Singular value decomposition of matrices `[…, m, n]` as `[u, s, vh]` with `A = U diag(s) Vᴴ`. U `[…, m, k]` has
 * orthonormal columns, Vᴴ `[…, k, n]` has orthonormal rows, s `[…, k]` is in descending order, and k is the smaller of
 * m and n.
 *
 * Derivative: `ds = diag(Uᵀ dA V)`; derivatives of the vectors are finite for repeated singular values. Functions that
 * do not depend on the choice of vectors, such as `U Vᴴ`, have derivatives as accurate as those of `eigh`.
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
 * Singular values of matrices `[…, m, n]` in descending order, like those of `svd`.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * svdvals([[0, 2], [1, 0]]).tolist(); // [2, 1]
 */
export function svdvals(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("svdvals", arguments, 1);
  return svdOf(readMatrices("svdvals", a), -1)[1];
}
