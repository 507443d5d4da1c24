import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import { less } from "../../engine/prims/arithmetic.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { full } from "../../engine/prims/linear.ts";
import { threefry } from "../../engine/prims/random.ts";
import { reshape } from "../../engine/prims/shape.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { checkKeyTensor } from "./keys.ts";
import type { Key } from "./key.ts";
import { checkKey } from "./threefry.ts";

/**
 * A bool tensor whose elements are true with this probability, each by itself. The key may be a tensor, so that a jitted
 * function draws anew at every call: as it is told, and not by chance.
 *
 * Element i is true where `(bits[i] >> 9) · 2⁻²³ < probability`, as in `jax.random.bernoulli` of float32.
 *
 * @throws DownhillError `range` if the probability is not between 0 and 1, `dtype` for what is no key.
 * @example
 * bernoulli(key(0), 0.5, [4]); // bool[4] [false, false, true, true]
 */
export function bernoulli(key: Key | Tensor, probability: number, shape: readonly number[]): Tensor {
  if (arguments.length > 3) refuseExtra("bernoulli", arguments, 3);
  refuseTensor("bernoulli", "probability", probability);
  if (!(probability >= 0 && probability <= 1)) {
    throw new DownhillError(
      "range",
      `bernoulli: the probability must be between 0 and 1, got ${String(probability)}.`,
    );
  }
  if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0)) {
    throw new DownhillError("shape", `bernoulli: the shape must be an array of sizes, as in [2, 3].`);
  }
  if (!(key instanceof Tensor)) checkKey("bernoulli", key);
  const words = key instanceof Tensor ? checkKeyTensor("bernoulli", key) : asTensor(key, "bernoulli");
  const sizes: readonly number[] = shape;
  const n = sizeOf(sizes);
  const drawn = threefry(words, iota("uint32", [n], 0), "xor");
  const bound = Math.ceil(probability * 2 ** 23); // in units of 2⁻²³
  if (bound >= 2 ** 23) return full(arrayType("bool", sizes), 1);
  return reshape(less(drawn, full(arrayType("uint32", [n]), bound * 512)), sizes);
}
