// Functions of matrices with complex results.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import { matrixFunction } from "../../engine/prims/linear-algebra.ts";
import type { Complex } from "../fft/complex.ts";
import { readSquare } from "./operands.ts";

/**
 * Principal square root X of real square matrices `[…, n, n]`, with `X X = A`: its eigenvalues are the square roots in the
 * right half-plane, and i √|λ| for an eigenvalue λ < 0. Always complex numbers `{ re, im }`, as in downhill/fft; the
 * imaginary part is exactly 0 if no eigenvalue is a negative real number. Computed from the Schur form.
 *
 * Derivative: the solution dX of `X dX + dX X = dA`, of every order. The derivative is infinite or NaN if X is singular,
 * except in directions that leave the eigenvalue 0 unchanged.
 *
 * A singular matrix has the root that exists, as in SciPy; where there is none, elements are infinite or NaN. NaN and
 * infinite elements make all elements NaN.
 *
 * @throws DownhillError `shape`, `dtype`
 * @see Björck & Hammarling, A Schur method for the square root of a matrix, Linear Algebra Appl. 52/53, 1983.
 * @example
 * sqrtm([[4, 1], [0, 9]]).re.tolist(); // [[2, 0.2], [0, 3]]
 * sqrtm([[-4]]).im.tolist();           // [[2]]
 */
export function sqrtm(a: TensorLike): Complex {
  if (arguments.length > 1) refuseExtra("sqrtm", arguments, 1);
  return matrixFunction("sqrtm", readSquare("sqrtm", a));
}

/**
 * Principal logarithm of real square matrices `[…, n, n]`, the inverse of `expm`. The imaginary parts of its eigenvalues
 * are in (−π, π], and π for an eigenvalue λ < 0. Always complex numbers `{ re, im }`, as in downhill/fft; the imaginary
 * part is exactly 0 if no eigenvalue is a negative real number. Computed from the Schur form by square roots and a Padé
 * approximant.
 *
 * Derivative: `∫ (I + t (A − I))⁻¹ dA (I + t (A − I))⁻¹ dt` over [0, 1], of every order, by the same roots and
 * approximant.
 *
 * A singular matrix has no logarithm, and all elements are NaN, where SciPy replaces the eigenvalue 0 by 10⁻²⁰ with a
 * warning. NaN and infinite elements make all elements NaN.
 *
 * @throws DownhillError `shape`, `dtype`
 * @see Al-Mohy & Higham, SIAM J. Sci. Comput. 34, 2012; Al-Mohy, Higham & Relton, 35, 2013, for the derivative.
 * @example
 * logm([[1, 2], [0, 1]]).re.at(0, 1).item().toFixed(12); // "2.000000000000"
 */
export function logm(a: TensorLike): Complex {
  if (arguments.length > 1) refuseExtra("logm", arguments, 1);
  return matrixFunction("logm", readSquare("logm", a));
}
