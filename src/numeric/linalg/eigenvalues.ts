// Eigenvalues and eigenvectors of real matrices that need not be symmetric.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import { eig as eigOf } from "../../engine/prims/linear-algebra.ts";
import type { Complex } from "../fft/complex.ts";
import { readSquare } from "./operands.ts";

/**
 * Eigenvalues of real square matrices `[…, n, n]`, and eigenvectors as columns, as `[w, v]` with `A V = V diag(w)`. Both
 * are complex numbers `{ re, im }`, as in downhill/fft. Conjugate pairs follow each other, positive imaginary part first;
 * the order is otherwise arbitrary. Each eigenvector has length 1, and its largest component, the first one if several
 * are equal, is real and positive. `eigh` is faster and more accurate for symmetric matrices.
 *
 * Derivative: with `M = V⁻¹ dA V`, `dw = diag M` and `dV = V (F ∘ M + D)`, where `Fᵢⱼ = 1 / (wⱼ − wᵢ)` beside the
 * diagonal. The diagonal matrix D keeps length and phase as stated, so that derivatives are those of the returned
 * vectors. Functions that depend on neither have the derivatives of PyTorch and JAX.
 *
 * At a repeated eigenvalue with as many eigenvectors, values are moved apart for derivatives like those of `eigh`. At a
 * matrix that has too few eigenvectors, up to rounding errors, eigenvalues have no derivative: it is NaN for the repeated
 * ones, and for all eigenvectors. NaN or infinite elements make all results NaN.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [w, v] = eig([[0, -1], [1, 0]]);
 * w.re.tolist(); // [0, 0]
 * w.im.tolist(); // [1, -1]
 */
export function eig(a: TensorLike): [w: Complex, v: Complex] {
  if (arguments.length > 1) refuseExtra("eig", arguments, 1);
  const [w, v] = eigOf(readSquare("eig", a));
  return [w, v];
}

/**
 * Eigenvalues of real square matrices `[…, n, n]` as complex numbers `{ re, im }`, in the order of `eig`. At repeated
 * eigenvalues with as many eigenvectors, first derivatives of functions that do not depend on the order of the
 * eigenvalues have all digits.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * eigvals([[2, 1], [0, 3]]).re.tolist(); // [2, 3]
 */
export function eigvals(a: TensorLike): Complex {
  if (arguments.length > 1) refuseExtra("eigvals", arguments, 1);
  return eigOf(readSquare("eigvals", a), -1)[0];
}
