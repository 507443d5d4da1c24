// Multivariate normal distributions.
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { isAtHand, readElements } from "../../engine/ir/elements.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { randomNormal } from "../../engine/prims/index.ts";
import { identity } from "../array/create.ts";
import { diagonal, tril } from "../array/diagonals.ts";
import {
  add,
  div,
  less,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  mul,
  neg,
  sqrt,
  square,
  sub,
} from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import { broadcastTo, expandDims, matmul, squeeze } from "../array/shape.ts";
import { asConstant } from "../linalg/operands.ts";
import { cholesky, solveTriangular } from "../linalg/solve.ts";
import { splitKey } from "../random/keys.ts";
import type { Distribution, ParameterRecord } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { positive, real } from "./domains.ts";

/** Parameters of a multivariate normal distribution; one of the three matrices is given. */
export interface MultivariateParams {
  readonly loc: Tensor;
  readonly covarianceMatrix?: Tensor;
  readonly precisionMatrix?: Tensor;
  readonly scaleTril?: Tensor;
}

/** Parameters of a multivariate normal distribution, as passed by a caller. */
export type MultivariateInputs = { readonly loc: TensorLike } & (
  | { readonly covarianceMatrix: TensorLike }
  | { readonly precisionMatrix: TensorLike }
  | { readonly scaleTril: TensorLike }
);

const matrix = { domain: real, axes: 2 } as const;

/** A lower triangular factor as a parameter. `checkDiagonal` checks a known diagonal, `test` a traced one. */
const triangularFactor: ParameterRecord = {
  domain: {
    range: "finite",
    holds: (x) => real.holds(x),
    test(x) {
      const isDiagonal = identity(x.shape.at(-1)!, { dtype: "bool" });
      return logicalAnd(real.test(x), logicalOr(less(0, x), logicalNot(isDiagonal)));
    },
  },
  axes: 2,
};

/**
 * Checks the diagonal of a lower triangular factor.
 * @throws DownhillError `range` if an element of a known diagonal is not above 0.
 */
function checkDiagonal(scaleTril: Tensor): void {
  const known = asConstant(scaleTril);
  if (!isAtHand(known)) return;
  const n = known.shape.at(-1)!;
  const elements = readElements(diagonal(known, { axis1: -2, axis2: -1 }), "multivariateNormal");
  const i = Array.from(elements).findIndex((x) => !(x > 0));
  if (i === -1) return;
  const where = scaleTril.ndim > 2 ? ` of matrix ${Math.floor(i / n)}` : "";
  throw new DownhillError(
    "range",
    `multivariateNormal: the diagonal of scaleTril must be above 0, got ${elements[i]!} in row ${i % n}${where}. ` +
      "Change the sign of that column: the covariance stays the same.",
  );
}
const LOG_2PI = 1.8378770664093453;

/** A lower triangular Cholesky factor of the covariance, or of its inverse. */
interface CovarianceFactor {
  readonly lower: Tensor;
  readonly isOfPrecision: boolean;
}

function factorOf({ covarianceMatrix, precisionMatrix, scaleTril }: MultivariateParams): CovarianceFactor {
  if (precisionMatrix !== undefined) return { lower: cholesky(precisionMatrix), isOfPrecision: true };
  return { lower: scaleTril ? tril(scaleTril) : cholesky(covarianceMatrix!), isOfPrecision: false };
}

const size = ({ loc }: MultivariateParams): number => loc.shape.at(-1)!;

/** Half the log-determinant of the covariance. */
export function halfLogDet(p: MultivariateParams): Tensor {
  const { lower, isOfPrecision } = factorOf(p);
  const half = sum(log(diagonal(lower, { axis1: -2, axis2: -1 })), { axis: -1 });
  return isOfPrecision ? neg(half) : half;
}

/** Whitens `off`: returns the standard normal vector z with `spread(p, z) = off`. */
export function whitened(p: MultivariateParams, off: Tensor): Tensor {
  const { lower, isOfPrecision } = factorOf(p);
  const column = expandDims(off, -1);
  if (isOfPrecision) return squeeze(matmul(transposed(lower), column), { axis: -1 });
  const rows = [...off.shape.slice(0, -1), ...lower.shape.slice(-2)];
  return squeeze(solveTriangular(broadcastTo(lower, rows), column, { lower: true }), { axis: -1 });
}

function spread(p: MultivariateParams, z: Tensor): Tensor {
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

/** A matrix whose product with its own transpose is the covariance. */
export function rootOf(p: MultivariateParams): Tensor {
  const { lower, isOfPrecision } = factorOf(p);
  if (!isOfPrecision) return lower;
  const n = size(p);
  const unit = broadcastTo(identity(n, { dtype: p.loc.dtype }), lower.shape);
  return transposed(solveTriangular(lower, unit, { lower: true }));
}

/**
 * Multivariate normal distribution with mean loc, [..., n] or one number for all n, and one of covarianceMatrix,
 * precisionMatrix (its inverse) and scaleTril (its lower Cholesky factor), [..., n, n]. Only the lower triangle of
 * scaleTril is read, and its diagonal must be above 0.
 *
 * @throws DownhillError `shape` for parameters that do not fit together, `option` unless exactly one of the matrices is
 * given, `range` for a diagonal of scaleTril that is not above 0, and, at the first use, as `cholesky` for a matrix
 * that is not positive definite. For traced matrices the results are NaN instead.
 * @example
 * multivariateNormal({ loc: [0, 0], covarianceMatrix: [[2, 1], [1, 2]] }).logProb([1, 1]); // -2.720516…
 */
export const multivariateNormal: (params: MultivariateInputs) => Distribution<MultivariateParams> =
  /* @__PURE__ */ makeFamily<MultivariateParams, MultivariateInputs>({
    name: "multivariateNormal",
    parameters: {
      loc: { domain: real, axes: 1 },
      covarianceMatrix: matrix,
      precisionMatrix: matrix,
      scaleTril: triangularFactor,
    },
    oneOf: ["covarianceMatrix", "precisionMatrix", "scaleTril"],
    prepare(given) {
      const { loc, covarianceMatrix, precisionMatrix, scaleTril }: Partial<MultivariateParams> =
        given as never;
      const scale = covarianceMatrix ?? precisionMatrix ?? scaleTril;
      if (loc === undefined || scale === undefined) return given;
      const mean = asTensor(loc, "multivariateNormal");
      if (mean.ndim > 0) return given;
      return { ...given, loc: broadcastTo(mean, asTensor(scale, "multivariateNormal").shape.slice(-1)) };
    },
    check({ loc, covarianceMatrix, precisionMatrix, scaleTril }) {
      const given = (covarianceMatrix ?? precisionMatrix ?? scaleTril)!;
      const n = loc.shape.at(-1)!;
      if (given.shape.at(-1) === n && given.shape.at(-2) === n)
        return scaleTril === undefined ? undefined : checkDiagonal(scaleTril);
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

/** Parameters of a low-rank covariance: a mean [..., n], a factor [..., n, r] and a diagonal [..., n]. */
type LowRankParams = Readonly<Record<"loc" | "covFactor" | "covDiag", Tensor>>;

/**
 * The lower Cholesky factor of the r × r matrix `I + Wᵀ D⁻¹ W`, which determines the inverse and the determinant of the
 * n × n matrix `W Wᵀ + D` (Woodbury identity).
 */
function capacitance({ covFactor, covDiag }: LowRankParams): Tensor {
  const scaled = div(covFactor, expandDims(covDiag, -1));
  const rank = covFactor.shape.at(-1)!;
  return cholesky(add(identity(rank, { dtype: covDiag.dtype }), matmul(transposed(covFactor), scaled)));
}

/** Half the log-determinant of the low-rank covariance `W Wᵀ + D`. */
function halfLogDetOfFew(p: LowRankParams): Tensor {
  const own = sum(log(diagonal(capacitance(p), { axis1: -2, axis2: -1 })), { axis: -1 });
  return add(own, mul(0.5, sum(log(p.covDiag), { axis: -1 })));
}

/**
 * Multivariate normal distribution with mean loc, [..., n], and covariance `W Wᵀ + diag(d)` from a factor W =
 * covFactor, [..., n, r], and a diagonal d = covDiag, [..., n]. Densities take about n r² operations instead of n³.
 *
 * @throws DownhillError `shape` for parameters that do not fit together, `range` unless covDiag is above 0.
 * @example
 * lowRankMultivariateNormal({ loc: [0, 0], covFactor: [[1], [1]], covDiag: [1, 1] }).logProb([1, 1]); // -2.720516…
 */
export const lowRankMultivariateNormal: (
  params: Readonly<Record<"loc" | "covFactor" | "covDiag", TensorLike>>,
) => Distribution<LowRankParams> = /* @__PURE__ */ makeFamily<
  LowRankParams,
  Readonly<Record<"loc" | "covFactor" | "covDiag", TensorLike>>
>({
  name: "lowRankMultivariateNormal",
  parameters: {
    loc: { domain: real, axes: 1 },
    covFactor: matrix,
    covDiag: { domain: positive, axes: 1 },
  },
  check({ loc, covFactor, covDiag }) {
    const n = loc.shape.at(-1)!;
    if (covFactor.shape.at(-2) === n && covDiag.shape.at(-1) === n) return;
    throw new DownhillError(
      "shape",
      `lowRankMultivariateNormal: vectors of ${n} elements need a factor [${n}, r] and a diagonal [${n}], got ${showType(covFactor.type)} and ${showType(covDiag.type)}.`,
    );
  },
  eventShape: ({ loc }) => loc.shape.slice(-1),
  reparameterised: () => true,
  sample({ loc, covFactor, covDiag }, { key, shape, dtype }) {
    const [forFactor, forDiagonal] = splitKey(key);
    const few = randomNormal(forFactor, [...shape, covFactor.shape.at(-1)!, 1], dtype);
    const own = randomNormal(forDiagonal, [...shape, loc.shape.at(-1)!], dtype);
    return add(loc, add(squeeze(matmul(covFactor, few), { axis: -1 }), mul(sqrt(covDiag), own)));
  },
  logProb(p, x) {
    const off = sub(x, p.loc);
    const scaled = div(off, p.covDiag);
    const along = matmul(transposed(p.covFactor), expandDims(scaled, -1));
    const lower = capacitance(p);
    const rows = [...along.shape.slice(0, -2), ...lower.shape.slice(-2)];
    const few = solveTriangular(broadcastTo(lower, rows), along, { lower: true });
    const squares = sub(sum(mul(off, scaled), { axis: -1 }), sum(square(few), { axis: [-2, -1] }));
    return neg(add(mul(0.5, add(squares, p.loc.shape.at(-1)! * LOG_2PI)), halfLogDetOfFew(p)));
  },
  mean: ({ loc }) => loc,
  variance: ({ covFactor, covDiag }) => add(sum(square(covFactor), { axis: -1 }), covDiag),
  entropy: (p) => add(halfLogDetOfFew(p), (p.loc.shape.at(-1)! * (1 + LOG_2PI)) / 2),
});
