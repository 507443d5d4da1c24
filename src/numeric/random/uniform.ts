import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import { mul, randomBits, randomUnit } from "../../engine/prims/index.ts";
import { add, full } from "../../engine/prims/linear.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import { type DrawShape, readShape } from "./arguments.ts";
import { type Key, readKey } from "./key.ts";

/** Options of `uniform`. */
export interface UniformOptions {
  /** Dtype of the numbers. Default `"float64"`. */
  readonly dtype?: "float64" | "float32";
  /** Smallest value, inclusive. Default 0. */
  readonly minval?: number;
  /** Upper bound, exclusive (except for rounding if the range is wide). Default 1. */
  readonly maxval?: number;
}

/**
 * Random uint32 words, each with 32 random bits.
 *
 * Word `i`, in row-major order, is the exclusive or of the two words of the Threefry block of the counter `[0, i]`, as
 * in `jax.random.bits` with `jax_threefry_partitionable`. So the first words do not depend on the number of words.
 *
 * @example
 * bits(key(0), 2); // u32[2] [4070199207, 4202968722]
 */
export function bits(key: Key, shape: DrawShape = []): Tensor {
  if (arguments.length > 2) refuseExtra("bits", arguments, 2);
  return randomBits(readKey("bits", key), readShape("bits", shape));
}

/**
 * Uniformly distributed numbers in `[minval, maxval)`.
 *
 * `u · (maxval − minval) + minval`, where `u` has 52 random bits in float64 (the upper bits of a 64-bit block) and 23
 * in float32 (the upper bits of a word of `bits`). Bit for bit the numbers of `jax.random.uniform`.
 *
 * @throws DownhillError `range` if `minval` is not below `maxval`.
 * @example
 * uniform(key(0), 1, { dtype: "float32" }); // f32[1] [0.947667]
 */
export function uniform(key: Key, shape: DrawShape = [], options: UniformOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("uniform", arguments, 3);
  checkOptions("uniform", options, ["dtype", "minval", "maxval"]);
  const { dtype = "float64", minval = 0, maxval = 1 } = options;
  checkChoice("uniform", "dtype", dtype, ["float64", "float32"]);
  refuseTensor("uniform", "minval", minval);
  refuseTensor("uniform", "maxval", maxval);
  if (!(minval < maxval) || !Number.isFinite(maxval - minval)) {
    throw new DownhillError(
      "range",
      `uniform: minval must be below maxval, both finite; got ${minval} and ${maxval}.`,
    );
  }
  return uniformWithin(readKey("uniform", key), readShape("uniform", shape), dtype, minval, maxval);
}

/** Draws the numbers of `uniform` for arguments that have been checked. */
export function uniformWithin(
  key: Tensor,
  shape: readonly number[],
  dtype: "float64" | "float32",
  low: number,
  high: number,
): Tensor {
  const unit = randomUnit(key, shape, dtype);
  const round = dtype === "float32" ? Math.fround : (x: number) => x;
  const from = round(low);
  const width = round(round(high) - from);
  const type = arrayType(dtype, shape);
  const scaled = width === 1 ? unit : mul(unit, full(type, width));
  return from === 0 ? scaled : add(scaled, full(type, from));
}
