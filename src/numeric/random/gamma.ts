// Gamma variates, and distributions built from them.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import {
  div,
  exp,
  maximum,
  mul,
  randomGamma,
  randomLogGamma,
  randomNormal,
  scale,
  sqrt,
} from "../../engine/prims/index.ts";
import { add, convert, sub } from "../../engine/prims/linear.ts";
import { broadcastShapes, sameShape } from "../../engine/util/shape.ts";
import { expandTo } from "../array/promote.ts";
import { softmax } from "../array/reduce.ts";
import {
  type DrawShape,
  positive,
  readParameter,
  readParameters,
  readReal,
  readShape,
  type RealOptions,
} from "./arguments.ts";
import { type Key, readKey } from "./key.ts";
import { split } from "./keys.ts";

/**
 * Gamma variates with shape parameter `a` and scale 1, density `x^(a − 1) e^(−x) / Γ(a)`. Default shape: that of `a`.
 *
 * Marsaglia and Tsang's method on JAX's stream: the numbers of `jax.random.gamma`, except for the last digits.
 *
 * Derivative in `a`: that of the quantile at fixed probability, `−∂P(a, x)/∂a` divided by the density.
 *
 * @throws DownhillError `range` unless `a` is above 0; in compiled functions the variate is NaN instead.
 * @example
 * mean(gamma(key(0), 3, 10_000)).item(); // 3.0…
 */
export function gamma(key: Key, a: TensorLike, shape?: DrawShape, options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("gamma", arguments, 4);
  const given = shapeParameter("gamma", "a", a, shape, options);
  return randomGamma(readKey("gamma", key), given);
}

/**
 * Logarithms of the gamma variates that `gamma` draws for `a`, for small `a` where the variates would underflow. JAX's
 * stream.
 * @throws DownhillError `range` unless `a` is above 0; in compiled functions the variate is NaN instead.
 * @example
 * loggamma(key(0), 1e-4).item() < -1000; // true
 */
export function loggamma(key: Key, a: TensorLike, shape?: DrawShape, options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("loggamma", arguments, 4);
  const given = shapeParameter("loggamma", "a", a, shape, options);
  return randomLogGamma(readKey("loggamma", key), given);
}

/** Reads the single parameter of a distribution, which must be positive. */
function shapeParameter(
  operation: string,
  name: string,
  value: TensorLike,
  shape: DrawShape | undefined,
  options: RealOptions,
): Tensor {
  const dtype = readReal(operation, options);
  return readParameters(operation, dtype, shape, [{ name, value, ...positive }])[0]!;
}

/**
 * Beta variates, density `∝ x^(a − 1) (1 − x)^(b − 1)` on (0, 1). Computed from the logarithms of two gamma variates,
 * so that small parameters do not lead to 0 / 0. JAX's stream. Differentiable in `a` and `b`.
 * @throws DownhillError `range` unless `a` and `b` are above 0; in compiled functions the variate is NaN instead.
 * @example
 * mean(beta(key(0), 2, 6, 10_000)).item(); // 0.25…
 */
export function beta(
  key: Key,
  a: TensorLike,
  b: TensorLike,
  shape?: DrawShape,
  options: RealOptions = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("beta", arguments, 5);
  const dtype = readReal("beta", options);
  const [keyOfA, keyOfB] = split(readKey("beta", key));
  const [alpha, other] = readParameters("beta", dtype, shape, [
    { name: "a", value: a, ...positive },
    { name: "b", value: b, ...positive },
  ]);
  const [logA, logB] = [randomLogGamma(keyOfA, alpha!), randomLogGamma(keyOfB, other!)];
  const most = maximum(logA, logB);
  const [partA, partB] = [exp(sub(logA, most)), exp(sub(logB, most))];
  return div(partA, add(partA, partB));
}

/**
 * Vectors with a Dirichlet distribution: positive, with sum 1, density `∝ Π xᵢ^(αᵢ − 1)`. `alpha` has the parameters
 * along its last axis. The result has the axes `shape` (default: the leading axes of `alpha`), then the last axis.
 * JAX's stream. Differentiable in `alpha`.
 * @throws DownhillError `range` unless `alpha` is above 0; in compiled functions the variates are NaN instead.
 * @example
 * dirichlet(key(0), [1, 2, 3], 4).shape; // [4, 3]
 */
export function dirichlet(key: Key, alpha: TensorLike, shape?: DrawShape, options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("dirichlet", arguments, 4);
  const dtype = readReal("dirichlet", options);
  const words = readKey("dirichlet", key);
  const given = convert(readParameter("dirichlet", { name: "alpha", value: alpha, ...positive }), dtype);
  const n = given.shape.at(-1);
  if (n === undefined)
    throw new DownhillError(
      "shape",
      `dirichlet: alpha must have at least one axis, that of its parameters; got ${showType(given.type)}.`,
    );
  const own = given.shape.slice(0, -1);
  const sizes = shape === undefined ? own : readShape("dirichlet", shape);
  const all = broadcastShapes(own, sizes);
  if (all === undefined || !sameShape(all, sizes))
    throw new DownhillError(
      "shape",
      `dirichlet: alpha ${showType(given.type)} cannot be broadcast to ${showShape([...sizes, n])}.`,
    );
  return softmax(randomLogGamma(words, expandTo(given, [...sizes, n])));
}

/**
 * χ² variates with `df` degrees of freedom: twice the gamma variates with shape parameter df / 2. JAX's stream.
 * Differentiable in `df`.
 * @throws DownhillError `range` unless `df` is above 0; in compiled functions the variate is NaN instead.
 */
export function chiSquare(key: Key, df: TensorLike, shape?: DrawShape, options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("chiSquare", arguments, 4);
  const freedom = shapeParameter("chiSquare", "df", df, shape, options);
  return scale(exp(randomLogGamma(readKey("chiSquare", key), scale(freedom, 0.5))), 2);
}

/**
 * Variates of Student's t distribution with `df` degrees of freedom: a normal variate times √(h / g), where g is a
 * gamma variate with shape parameter h = df / 2. JAX's stream. Differentiable in `df`.
 * @throws DownhillError `range` unless `df` is above 0; in compiled functions the variate is NaN instead.
 */
export function studentT(key: Key, df: TensorLike, shape?: DrawShape, options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("studentT", arguments, 4);
  const half = scale(shapeParameter("studentT", "df", df, shape, options), 0.5);
  const [keyOfNormal, keyOfGamma] = split(readKey("studentT", key));
  const normal = randomNormal(keyOfNormal, half.shape, half.dtype);
  return mul(normal, sqrt(div(half, randomGamma(keyOfGamma, half))));
}
