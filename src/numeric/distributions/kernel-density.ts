import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { broadcastTo, expandDims, matmul, reshape, transpose } from "../array/shape.ts";
import { div, log, mul, sqrt, square, sub } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { ones } from "../array/create.ts";
import { sum } from "../array/reduce.ts";
import type { MixtureParams } from "./combined.ts";
import { mixture } from "./combined.ts";
import { categorical } from "./discrete.ts";
import type { Distribution } from "./distribution.ts";
import { normal } from "./line.ts";
import { multivariateNormal } from "./multivariate.ts";

/** Options of `gaussianKde`. */
export interface KernelDensityOptions {
  /**
   * Standard deviation of the kernels in units of that of the data: a positive number or a rule. Rules for n points in d
   * dimensions: n^(−1/(d+4)) (`"scott"`) or (n (d + 2) / 4)^(−1/(d+4)) (`"silverman"`). Default
   * "scott".
   */
  readonly bandwidth?: TensorLike | "scott" | "silverman";
  /** Weights `[n]` of the points, of any sum. Default: equal. Rules use the effective number of points, 1 / Σ w². */
  readonly weights?: TensorLike;
}

/**
 * Density estimate of points `[n]` or `[n, d]` with one row per point, the transpose of SciPy's `dataset`. It is the mixture of
 * normal distributions around the points, with the covariance of the data times the square of the bandwidth. A distribution, with
 * `logProb`, `sample`, `mean` and `variance`, and derivatives in the points, the weights and the bandwidth.
 *
 * @throws DownhillError `shape` unless the points are a vector or a matrix of at least two rows, `option`; as `cholesky` for
 * points in a subspace.
 * @see Scott, Multivariate Density Estimation, 1992.
 * @example
 * gaussianKde([1, 2, 4]).logProb(2); // -1.537604…
 */
export function gaussianKde(
  points: TensorLike,
  options: KernelDensityOptions = {},
): Distribution<MixtureParams> {
  if (arguments.length > 2) refuseExtra("gaussianKde", arguments, 2);
  checkOptions("gaussianKde", options, ["bandwidth", "weights"]);
  const x = asFloating(points, "gaussianKde");
  if (x.ndim === 0 || x.ndim > 2 || x.shape[0]! < 2)
    throw new DownhillError(
      "shape",
      `gaussianKde: needs points [n] or [n, d] with n of at least 2, got ${showType(x.type)}.`,
    );
  const { bandwidth = "scott", weights } = options;
  const [n, d] = [x.shape[0]!, x.shape[1] ?? 1];
  const given = weights === undefined ? ones([n], { dtype: x.dtype }) : asFloating(weights, "gaussianKde");
  if (given.ndim !== 1 || given.shape[0] !== n)
    throw new DownhillError(
      "shape",
      `gaussianKde: ${n} points need weights [${n}], got ${showType(given.type)}.`,
    );
  const shares = div(given, sum(given));
  const concentration = sum(square(shares)); // 1 / effective number of points
  const factor = factorOf(bandwidth, div(1, concentration), d);
  const rows = reshape(x, [n, d]);
  const centred = sub(rows, sum(mul(expandDims(shares, 1), rows), { axis: 0, keepdims: true }));
  const products = matmul(transpose(mul(expandDims(shares, 1), centred)), centred);
  const covariance = mul(div(products, sub(1, concentration)), square(factor));
  const components =
    x.ndim === 1
      ? normal({ loc: x, scale: broadcastTo(sqrt(reshape(covariance, [])), [n]) })
      : multivariateNormal({ loc: x, covarianceMatrix: broadcastTo(covariance, [n, d, d]) });
  return mixture(categorical({ logits: log(shares) }), components);
}

/** The bandwidth in units of the deviation of the data. */
function factorOf(
  bandwidth: NonNullable<KernelDensityOptions["bandwidth"]>,
  count: Tensor,
  d: number,
): Tensor {
  if (bandwidth === "scott") return count.pow(-1 / (d + 4));
  if (bandwidth === "silverman") return mul(count, (d + 2) / 4).pow(-1 / (d + 4));
  if (typeof bandwidth === "string")
    throw new DownhillError(
      "option",
      `gaussianKde: bandwidth must be a number, "scott" or "silverman", got "${String(bandwidth)}".`,
    );
  const factor = asFloating(bandwidth, "gaussianKde");
  if (factor.ndim > 0 || (factor.tracer === undefined && !(factor.item() > 0)))
    throw new DownhillError(
      "option",
      `gaussianKde: bandwidth must be a number above 0, got ${factor.ndim > 0 ? showType(factor.type) : String(factor.item())}.`,
    );
  return factor;
}
