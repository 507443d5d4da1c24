import { DownhillError, showType } from "../../engine/errors/index.ts";
import { isAtHand, readElements } from "../../engine/ir/elements.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { randomGamma, randomNormal } from "../../engine/prims/index.ts";
import { cholesky as choleskyOf, triangularSolve } from "../../engine/prims/linear-algebra.ts";
import { arange, identity } from "../array/create.ts";
import { diagonal, tril } from "../array/diagonals.ts";
import { add, div, equal, log, mul, sqrt, square, sub, where } from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import { broadcastTo, expandDims, matmul } from "../array/shape.ts";
import { digamma, multigammaln } from "../array/special.ts";
import { asConstant } from "../linalg/operands.ts";
import { cholesky } from "../linalg/solve.ts";
import { splitKey } from "../random/keys.ts";
import type { Distribution } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { positive, real } from "./domains.ts";

/** Parameters of a Wishart distribution; one of the two matrices is given. */
export interface WishartParams {
  readonly df: Tensor;
  readonly scaleMatrix?: Tensor;
  readonly scaleTril?: Tensor;
}

/** Parameters of a Wishart distribution, as passed by a caller. */
export type WishartInputs = { readonly df: TensorLike } & (
  { readonly scaleMatrix: TensorLike } | { readonly scaleTril: TensorLike }
);

const matrix = { domain: real, axes: 2 } as const;

const lowerOf = ({ scaleMatrix, scaleTril }: WishartParams): Tensor =>
  scaleTril === undefined ? cholesky(scaleMatrix!) : tril(scaleTril);

const sizeOfMatrices = ({ scaleMatrix, scaleTril }: WishartParams): number =>
  (scaleMatrix ?? scaleTril)!.shape.at(-1)!;

const matrixTransposed = (x: Tensor): Tensor =>
  x.transpose([...Array.from({ length: x.ndim - 2 }, (_, i) => i), x.ndim - 1, x.ndim - 2]);

/** ln |A| of A = L Lᵀ. */
const logDeterminant = (lower: Tensor): Tensor =>
  mul(2, sum(log(diagonal(lower, { axis1: -2, axis2: -1 })), { axis: -1 }));

/** The two last axes, for numbers of a batch. */
const asMatrices = (x: Tensor): Tensor => expandDims(expandDims(x, -1), -1);

/**
 * Wishart distribution of positive definite matrices [..., n, n] with df > n − 1 degrees of freedom. Its scale
 * [..., n, n] is either scaleMatrix V or scaleTril, the lower Cholesky factor of V. The density is proportional to `|X|^((df − n − 1) / 2) e^(−tr(V⁻¹ X) /
 * 2)`, and the mean is df V. Samples (Bartlett's decomposition) have derivatives.
 *
 * @throws DownhillError `shape` for matrices that are not square, `option` unless exactly one matrix is given, `range` for df
 * that is too small and, as `cholesky`, for a matrix that is not positive definite. For traced parameters results are NaN.
 * @example
 * wishart({ df: 5, scaleMatrix: [[2, 1], [1, 2]] }).logProb([[4, 1], [1, 3]]); // -6.67141916…
 */
export const wishart: (params: WishartInputs) => Distribution<WishartParams> = /* @__PURE__ */ makeFamily<
  WishartParams,
  WishartInputs
>({
  name: "wishart",
  parameters: { df: { domain: positive }, scaleMatrix: matrix, scaleTril: matrix },
  oneOf: ["scaleMatrix", "scaleTril"],
  check(p) {
    const given = (p.scaleMatrix ?? p.scaleTril)!;
    const n = sizeOfMatrices(p);
    if (given.shape.at(-2) !== n)
      throw new DownhillError("shape", `wishart: needs square matrices, got ${showType(given.type)}.`);
    const known = asConstant(p.df);
    if (!isAtHand(known)) return;
    const small = Array.from(readElements(known, "wishart")).find((x) => !(x > n - 1));
    if (small !== undefined)
      throw new DownhillError(
        "range",
        `wishart: df must be above ${n - 1} for matrices [${n},${n}], got ${small}.`,
      );
  },
  eventShape: (p) => [sizeOfMatrices(p), sizeOfMatrices(p)],
  reparameterised: () => true,
  sample(p, { key, shape, dtype }) {
    const n = sizeOfMatrices(p);
    const [first, second] = splitKey(key);
    const normals = tril(randomNormal(first, [...shape, n, n], dtype), { k: -1 });
    const freedom = sub(expandDims(p.df, -1), arange(0, n, 1, { dtype }));
    const gammas = randomGamma(second, broadcastTo(div(freedom, 2), [...shape, n]));
    const roots = sqrt(mul(2, gammas));
    const factor = matmul(lowerOf(p), add(normals, mul(expandDims(roots, -1), identity(n, { dtype }))));
    return matmul(factor, matrixTransposed(factor));
  },
  logProb(p, x) {
    const n = sizeOfMatrices(p);
    const lower = lowerOf(p);
    // NaN for a matrix that is not positive definite, whose density is 0
    const factor = choleskyOf(x);
    const shape = x.shape.length >= lower.shape.length ? x.shape : [...lower.shape.slice(0, -2), n, n];
    const parts = triangularSolve(broadcastTo(lower, shape), broadcastTo(factor, shape), {
      lower: true,
      transpose: false,
      unit: false,
    });
    const trace = sum(square(parts), { axis: [-2, -1] });
    const own = mul(0.5, sub(mul(sub(p.df, n + 1), logDeterminant(factor)), trace));
    const normaliser = add(
      mul(mul(0.5, p.df), add(n * Math.LN2, logDeterminant(lower))),
      multigammaln(mul(0.5, p.df), n),
    );
    const value = sub(own, normaliser);
    const determinant = logDeterminant(factor);
    return where(equal(determinant, determinant), value, -Infinity);
  },
  mean: (p) => mul(asMatrices(p.df), matmul(lowerOf(p), matrixTransposed(lowerOf(p)))),
  variance(p) {
    const scale = matmul(lowerOf(p), matrixTransposed(lowerOf(p)));
    const own = diagonal(scale, { axis1: -2, axis2: -1 });
    const products = mul(expandDims(own, -1), expandDims(own, -2));
    return mul(asMatrices(p.df), add(square(scale), products));
  },
  entropy(p) {
    const n = sizeOfMatrices(p);
    const half = mul(0.5, p.df);
    const slopes = sum(digamma(sub(expandDims(half, -1), mul(0.5, arange(0, n, 1, { dtype: p.df.dtype })))), {
      axis: -1,
    });
    const volume = add(mul((n + 1) / 2, logDeterminant(lowerOf(p))), ((n * (n + 1)) / 2) * Math.LN2);
    const shape = add(multigammaln(half, n), mul(half, n));
    return sub(add(volume, shape), mul(mul(0.5, sub(p.df, n + 1)), slopes));
  },
});
