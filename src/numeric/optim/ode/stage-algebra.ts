import { mul, neg, stopGradient, sub } from "../../array/elementwise.ts";
import { eye } from "../../array/create.ts";
import { concatenate, matmul, reshape } from "../../array/shape.ts";
import { factoredSolve, lu } from "../../../engine/prims/linear-algebra.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { jacfwd } from "../../../engine/transforms/index.ts";
import type { OdeFunction } from "./method.ts";

/** LU factors of the matrix of a stage equation. */
export interface StageFactors {
  readonly packed: Tensor;
  readonly order: Tensor;
}

/** Linear algebra of implicit methods for systems `M dy/dt = f(y, t)` with the mass matrix M. */
export interface StageAlgebra {
  /** The Jacobian ∂f/∂y. */
  readonly jacobian: (f: OdeFunction, y: Tensor, t: Tensor) => Tensor;
  /** The matrix `shift·M − J`. */
  readonly matrix: (jacobian: Tensor, shift: Tensor) => Tensor;
  /** The real form of the complex matrix `(re + i im)·M − J`, of twice the size. */
  readonly pair: (jacobian: Tensor, re: Tensor, im: Tensor) => Tensor;
  readonly factor: (matrix: Tensor) => StageFactors;
  /** Solution of a system with the factors. Differentiable in b, and in the matrix if it is given. */
  readonly solve: (factors: StageFactors, b: Tensor, matrix?: Tensor) => Tensor;
  /** The mass matrix M. */
  readonly mass: () => Tensor;
  /** The product M x. */
  readonly applyMass: (x: Tensor) => Tensor;
}

/** Dense linear algebra; works in all transforms. Without `mass` the mass matrix is the identity. */
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
    mass: weights,
    applyMass: (x) => (mass === undefined ? x : matmul(mass, x)),
  };
}
