// Vectors of dependent normal numbers.
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { randomNormal } from "../../engine/prims/random.ts";
import { identity } from "../array/create.ts";
import { diagonal } from "../array/diagonals.ts";
import { add, log, mul, neg, square, sub } from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import { broadcastTo, expandDims, matmul, squeeze } from "../array/shape.ts";
import { cholesky, solveTriangular } from "../linalg/solve.ts";
import type { Distribution } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { real } from "./domains.ts";

/** The parameters of vectors of normal numbers: one of the three matrices is given. */
export interface Multivariate {
  readonly loc: Tensor;
  readonly covarianceMatrix?: Tensor;
  readonly precisionMatrix?: Tensor;
  readonly scaleTril?: Tensor;
}

/** The same, as a caller gives them. */
export type GivenMultivariate = { readonly loc: TensorLike } & (
  | { readonly covarianceMatrix: TensorLike }
  | { readonly precisionMatrix: TensorLike }
  | { readonly scaleTril: TensorLike }
);

const matrix = { domain: real, axes: 2 } as const;
const LOG_2PI = 1.8378770664093453;

/** A lower triangular factor: of the covariance, or of its inverse. */
interface Factor {
  readonly lower: Tensor;
  readonly isOfPrecision: boolean;
}

function factorOf({ covarianceMatrix, precisionMatrix, scaleTril }: Multivariate): Factor {
  if (precisionMatrix !== undefined) return { lower: cholesky(precisionMatrix), isOfPrecision: true };
  return { lower: scaleTril ?? cholesky(covarianceMatrix!), isOfPrecision: false };
}

const size = ({ loc }: Multivariate): number => loc.shape.at(-1)!;

/** ½ ln det of the covariance. */
export function halfLogDet(p: Multivariate): Tensor {
  const { lower, isOfPrecision } = factorOf(p);
  const half = sum(log(diagonal(lower, { axis1: -2, axis2: -1 })), { axis: -1 });
  return isOfPrecision ? neg(half) : half;
}

/** Standard normal numbers of `off` by the covariance: what `spread` makes `off` of. */
export function whitened(p: Multivariate, off: Tensor): Tensor {
  const { lower, isOfPrecision } = factorOf(p);
  const column = expandDims(off, -1);
  if (isOfPrecision) return squeeze(matmul(transposed(lower), column), { axis: -1 });
  const rows = [...off.shape.slice(0, -1), ...lower.shape.slice(-2)];
  return squeeze(solveTriangular(broadcastTo(lower, rows), column, { lower: true }), { axis: -1 });
}

function spread(p: Multivariate, z: Tensor): Tensor {
  const { lower, isOfPrecision } = factorOf(p);
  const column = expandDims(z, -1);
  if (!isOfPrecision) return squeeze(matmul(lower, column), { axis: -1 });
  const rows = [...z.shape.slice(0, -1), ...lower.shape.slice(-2)];
  return squeeze(solveTriangular(broadcastTo(lower, rows), column, { lower: true, transpose: true }), {
    axis: -1,
  });
}

const transposed = (x: Tensor): Tensor =>
  x.transpose([...Array.from({ length: x.ndim - 2 }, (_, i) => i), x.ndim - 1, x.ndim - 2]);

/** A matrix whose product with its transpose is the covariance. */
export function rootOf(p: Multivariate): Tensor {
  const { lower, isOfPrecision } = factorOf(p);
  if (!isOfPrecision) return lower;
  const n = size(p);
  const unit = broadcastTo(identity(n, { dtype: p.loc.dtype }), lower.shape);
  return transposed(solveTriangular(lower, unit, { lower: true }));
}

/**
 * Vectors of the normal distribution of mean loc, [..., n] or one number for all n, and one of covarianceMatrix, precisionMatrix (its inverse) and scaleTril
 * (its lower Cholesky factor), [..., n, n].
 *
 * @throws DownhillError `shape` for what does not fit together, `option` unless one of the matrices is given, and, at the first use, as `cholesky` for a matrix that
 * is not positive definite.
 * @example
 * multivariateNormal({ loc: [0, 0], covarianceMatrix: [[2, 1], [1, 2]] }).logProb([1, 1]); // -2.720516…
 */
export const multivariateNormal: (params: GivenMultivariate) => Distribution<Multivariate> =
  /* @__PURE__ */ makeFamily<Multivariate, GivenMultivariate>({
    name: "multivariateNormal",
    parameters: {
      loc: { domain: real, axes: 1 },
      covarianceMatrix: matrix,
      precisionMatrix: matrix,
      scaleTril: matrix,
    },
    oneOf: ["covarianceMatrix", "precisionMatrix", "scaleTril"],
    prepare(given) {
      const { loc, covarianceMatrix, precisionMatrix, scaleTril }: Partial<Multivariate> = given as never;
      const scale = covarianceMatrix ?? precisionMatrix ?? scaleTril;
      if (loc === undefined || scale === undefined) return given;
      const mean = asTensor(loc, "multivariateNormal");
      if (mean.ndim > 0) return given;
      return { ...given, loc: broadcastTo(mean, asTensor(scale, "multivariateNormal").shape.slice(-1)) };
    },
    check({ loc, covarianceMatrix, precisionMatrix, scaleTril }) {
      const given = (covarianceMatrix ?? precisionMatrix ?? scaleTril)!;
      const n = loc.shape.at(-1)!;
      if (given.shape.at(-1) === n && given.shape.at(-2) === n) return;
      throw new DownhillError(
        "shape",
        `multivariateNormal: vectors of ${n} elements need matrices [${n},${n}], got ${showType(given.type)}.`,
      );
    },
    eventShape: ({ loc }) => loc.shape.slice(-1),
    reparameterised: () => true,
    sample: (p, { key, shape, dtype }) =>
      add(p.loc, spread(p, randomNormal(key, [...shape, size(p)], dtype))),
    logProb(p, x) {
      const squares = sum(square(whitened(p, sub(x, p.loc))), { axis: -1 });
      return neg(add(mul(0.5, add(squares, size(p) * LOG_2PI)), halfLogDet(p)));
    },
    mean: ({ loc }) => loc,
    variance: (p) => sum(square(rootOf(p)), { axis: -1 }),
    entropy: (p) => add(halfLogDet(p), (size(p) * (1 + LOG_2PI)) / 2),
  });
