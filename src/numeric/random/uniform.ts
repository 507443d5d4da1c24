import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import type { Key } from "./key.ts";
import { checkCount, checkKey, threefry2x32 } from "./threefry.ts";

/** Options of `uniform`. */
export interface UniformOptions<D extends "float64" | "float32" = "float64" | "float32"> {
  /** Kind of number; default `"float64"`. */
  readonly dtype?: D;
  /** Least value, included; default 0. */
  readonly minval?: number;
  /** Greatest value, not included (but for rounding where the range is wide); default 1. */
  readonly maxval?: number;
}

/**
 * `n` numbers spread evenly over `[minval, maxval)`.
 *
 * `max(minval, u · (maxval − minval) + minval)`, where `u` has 52 random bits in float64 (the upper ones of a
 * 64-bit block) and 23 in float32 (the upper ones of a word of `bits`): the numbers of `jax.random.uniform`,
 * bit for bit.
 *
 * @throws DownhillError `range` if `minval` is not below `maxval`.
 * @example
 * uniform(key(0), 1, { dtype: "float32" }); // Float32Array [0.947667]
 */
export function uniform(
  key: Key,
  n: number,
  options: UniformOptions<"float32"> & { readonly dtype: "float32" },
): Float32Array;
export function uniform(key: Key, n: number, options?: UniformOptions<"float64">): Float64Array;
export function uniform(key: Key, n: number, options?: UniformOptions): Float64Array | Float32Array;
export function uniform(key: Key, n: number, options: UniformOptions = {}): Float64Array | Float32Array {
  if (arguments.length > 3) refuseExtra("uniform", arguments, 3);
  checkKey("uniform", key);
  checkCount("uniform", n);
  checkOptions("uniform", options, ["dtype", "minval", "maxval"]);
  const { dtype = "float64", minval = 0, maxval = 1 } = options;
  checkChoice("uniform", "dtype", dtype, ["float64", "float32"]);
  if (!(minval < maxval) || !Number.isFinite(maxval - minval)) {
    throw new DownhillError(
      "range",
      `uniform: minval must be below maxval, both finite; got ${minval} and ${maxval}.`,
    );
  }
  const out = makeArray(dtype === "float64" ? "f64" : "f32", n) as Float64Array | Float32Array;
  fillUniform(key, minval, maxval, out);
  return out;
}

/** Fills `out` with numbers of `[minval, maxval)`, every step rounded to its kind of number. */
export function fillUniform(
  key: Key,
  minval: number,
  maxval: number,
  out: Float64Array | Float32Array,
): void {
  const single = out instanceof Float32Array;
  const round = single ? Math.fround : (x: number) => x;
  const from = round(minval);
  const width = round(round(maxval) - from);
  const block = new Uint32Array(2);
  for (let i = 0; i < out.length; i++) {
    threefry2x32(key[0]!, key[1]!, 0, i, block, 0);
    const unit = single
      ? ((block[0]! ^ block[1]!) >>> 9) * 2 ** -23
      : (block[0]! * 2 ** 20 + (block[1]! >>> 12)) * 2 ** -52;
    out[i] = Math.max(from, round(round(unit * width) + from));
  }
}
