// Multivariate normal vectors and random orthogonal matrices.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { convert } from "../../engine/prims/linear.ts";
import { randomNormal } from "../../engine/prims/index.ts";
import { broadcastShapes, sameShape } from "../../engine/util/shape.ts";
import { diagonal } from "../array/diagonals.ts";
import { add, less, mul, where } from "../array/elementwise.ts";
import { expandDims, matmul, squeeze } from "../array/shape.ts";
import { qr } from "../linalg/factorise.ts";
import { cholesky } from "../linalg/solve.ts";
import { type DrawShape, readReal, readShape, type RealOptions } from "./arguments.ts";
import { type Key, readKey } from "./key.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/**
 * Multivariate normal vectors with the given mean, `[…, n]`, and covariance, `[…, n, n]`: the mean plus the Cholesky
 * factor of the covariance times standard normal numbers. The result has the axes `shape` (default: the shape to which
 * the leading axes broadcast), then n. JAX's stream. Differentiable in both.
 * @throws DownhillError `shape` for parameters that do not fit; as `cholesky` for a covariance that is not positive
 * definite.
 * @example
 * multivariateNormal(key(0), [0, 1], [[2, 1], [1, 2]], 5).shape; // [5, 2]
 */
export function multivariateNormal(
  key: Key,
  mean: TensorLike,
  covariance: TensorLike,
  shape?: DrawShape,
  options: RealOptions = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("multivariateNormal", arguments, 5);
  const dtype = readReal("multivariateNormal", options);
  const words = readKey("multivariateNormal", key);
  const [centre, spread] = [mean, covariance].map((x) =>
    convert(asTensor(x, "multivariateNormal"), dtype),
  ) as [Tensor, Tensor];
  const n = centre.shape.at(-1);
  if (n === undefined || !sameShape(spread.shape.slice(-2), [n, n]))
    throw new DownhillError(
      "shape",
      `multivariateNormal: the mean must be vectors [n] and the covariance matrices [n, n]; got ${showType(centre.type)} and ${showType(spread.type)}.`,
    );
  const own = broadcastShapes(centre.shape.slice(0, -1), spread.shape.slice(0, -2));
  const sizes = shape === undefined ? own : readShape("multivariateNormal", shape);
  const all = own && sizes && broadcastShapes(own, sizes);
  if (sizes === undefined || all === undefined || !sameShape(all, sizes))
    throw new DownhillError(
      "shape",
      `multivariateNormal: a mean ${showType(centre.type)} and a covariance ${showType(spread.type)} cannot be broadcast to ${showShape([...(sizes ?? []), n])}.`,
    );
  return add(centre, spreadBy(cholesky(spread), randomNormal(words, [...sizes, n], dtype)));
}

/**
 * Uniformly distributed (Haar measure) orthogonal matrices `[...shape, n, n]`: the Q factors of normal matrices, with
 * the signs of the diagonal of R. JAX's stream and method.
 * @throws DownhillError `range` unless n is an integer of 0 or more.
 * @example
 * const q = orthogonal(key(0), 3);
 * matmul(q, q.transpose()).at(0).at(0).item().toFixed(6); // 1.000000
 */
export function orthogonal(key: Key, n: number, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("orthogonal", arguments, 4);
  const dtype = readReal("orthogonal", options);
  checkInteger("orthogonal", "n", n);
  const sizes = [...readShape("orthogonal", shape), n, n];
  const [q, r] = qr(randomNormal(readKey("orthogonal", key), sizes, dtype));
  const signs = where(less(diagonal(r, { axis1: -2, axis2: -1 }), 0), -1, 1);
  return mul(q, expandDims(signs, -2));
}

/** Products of matrices, `[…, n, n]`, with vectors, `[…, n]`. */
function spreadBy(factor: Tensor, x: Tensor): Tensor {
  return squeeze(matmul(factor, expandDims(x, -1)), { axis: -1 });
}
