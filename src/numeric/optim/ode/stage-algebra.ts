import { abs, minimum, mul, neg, stopGradient, sub } from "../../array/elementwise.ts";
import { max, sum } from "../../array/reduce.ts";
import { eye } from "../../array/create.ts";
import { concatenate, matmul, reshape } from "../../array/shape.ts";
import { factoredSolve, lu } from "../../../engine/prims/linear-algebra.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { jacfwd } from "../../../engine/transforms/index.ts";
import type { OdeFunction } from "./method.ts";

/** LU factors and row order of the matrix of a stage equation. */
export interface StageFactors {
  readonly packed: Tensor;
  readonly order: Tensor;
}

/** Linear algebra of implicit methods for `M dy/dt = f(y, t)`, where M is the mass matrix. */
export interface StageAlgebra {
  /** Computes the Jacobian ∂f/∂y. */
  readonly jacobian: (f: OdeFunction, y: Tensor, t: Tensor) => Tensor;
  /** Computes the matrix `shift·M − J`. */
  readonly matrix: (jacobian: Tensor, shift: Tensor) => Tensor;
  /** Computes the real form of the complex matrix `(re + i im)·M − J`: `[2n, 2n]`. */
  readonly pair: (jacobian: Tensor, re: Tensor, im: Tensor) => Tensor;
  readonly factor: (matrix: Tensor) => StageFactors;
  /** Solves a system by its factors. Differentiable in b, and in the matrix if it is given. */
  readonly solve: (factors: StageFactors, b: Tensor, matrix?: Tensor) => Tensor;
  /**
   * Upper bound of the absolute eigenvalues of a Jacobian: the maximum of its row sums or that of its column sums of
   * absolute values, if smaller.
   */
  readonly bound: (jacobian: Tensor) => Tensor;
  /** Returns the mass matrix M. */
  readonly mass: () => Tensor;
  /** Computes the product M x. */
  readonly applyMass: (x: Tensor) => Tensor;
}

/**
 * Dense linear algebra for n elements, which works in all transforms. Without `mass`, the mass matrix is the identity.
 */
export function denseAlgebra(n: number, mass?: Tensor): StageAlgebra {
  const weights = (): Tensor => mass ?? eye(n, { dtype: "float64" });
  const matrix = (jacobian: Tensor, shift: Tensor): Tensor => sub(mul(shift, weights()), jacobian);
  return {
    jacobian: (f, y, t) => jacfwd((z: Tensor) => f(z, t))(y),
    matrix,
    pair(jacobian, re, im) {
      const [diagonal, side] = [matrix(jacobian, re), mul(im, weights())];
      const upper = concatenate([diagonal, neg(side)], { axis: 1 });
      return concatenate([upper, concatenate([side, diagonal], { axis: 1 })], { axis: 0 });
    },
    factor(a) {
      const [packed, order] = lu(stopGradient(a));
      return { packed, order };
    },
    solve({ packed, order }, b, a = packed) {
      return reshape(factoredSolve(a, packed, order, reshape(b, [b.shape[0]!, 1])), b.shape);
    },
    bound(jacobian) {
      const [rows, columns] = [1, 0].map((axis) => max(sum(abs(jacobian), { axis })));
      return minimum(rows!, columns!);
    },
    mass: weights,
    applyMass: (x) => (mass === undefined ? x : matmul(mass, x)),
  };
}
