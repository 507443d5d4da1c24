import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import type { Key } from "./key.ts";
import { checkCount, checkKey } from "./threefry.ts";
import { fillUniform } from "./uniform.ts";

/** Options of `normal`. */
export interface NormalOptions<D extends "float64" | "float32" = "float64" | "float32"> {
  /** Kind of number; default `"float64"`. */
  readonly dtype?: D;
}

/**
 * `n` numbers of the standard normal distribution: mean 0, standard deviation 1.
 *
 * The inverse of the distribution function, `Φ⁻¹((1 + u) / 2) = √2 · erf⁻¹(u)`, at the `u` in (−1, 1) that
 * `jax.random.normal` draws. JAX takes its `erf⁻¹` from another approximation, so that the last digits may
 * differ: ours has a relative error of at most 1e-15 (measured) and is then rounded to `dtype`. No
 * `Math.log`: the same bits on every engine.
 *
 * @example
 * normal(key(0), 2, { dtype: "float32" }); // Float32Array [1.6226422, 2.0252647]
 */
export function normal(
  key: Key,
  n: number,
  options: NormalOptions<"float32"> & { readonly dtype: "float32" },
): Float32Array;
export function normal(key: Key, n: number, options?: NormalOptions<"float64">): Float64Array;
export function normal(key: Key, n: number, options?: NormalOptions): Float64Array | Float32Array;
export function normal(key: Key, n: number, options: NormalOptions = {}): Float64Array | Float32Array {
  if (arguments.length > 3) refuseExtra("normal", arguments, 3);
  checkKey("normal", key);
  checkCount("normal", n);
  checkOptions("normal", options, ["dtype"]);
  const { dtype = "float64" } = options;
  checkChoice("normal", "dtype", dtype, ["float64", "float32"]);
  const out = makeArray(dtype === "float64" ? "f64" : "f32", n) as Float64Array | Float32Array;
  // the least number above −1, so that the open interval is symmetric: ±1 would be infinite
  fillUniform(key, dtype === "float64" ? -1 + 2 ** -53 : -1 + 2 ** -24, 1, out);
  for (let i = 0; i < n; i++) out[i] = normalQuantile(out[i]!);
  return out;
}

/**
 * `Φ⁻¹((1 + u) / 2)` for `u` in (−1, 1), relative error at most 1e-15.
 *
 * @see Wichura, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37
 * (1988), PPND16.
 */
export function normalQuantile(u: number): number {
  const q = u / 2;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(r, centreTop)) / polynomial(r, centreBottom);
  }
  const r = Math.sqrt(-log(0.5 - Math.abs(q)));
  const x =
    r <= 5
      ? polynomial(r - 1.6, tailTop) / polynomial(r - 1.6, tailBottom)
      : polynomial(r - 5, farTop) / polynomial(r - 5, farBottom);
  return q < 0 ? -x : x;
}

/**
 * Natural logarithm of a positive normal number, error below 1 ulp; fdlibm's series, in arithmetic that every
 * engine rounds alike.
 */
function log(x: number): number {
  let exponent = 0;
  let m = x;
  for (; m < Math.SQRT1_2; m *= 2) exponent--; // exact
  for (; m >= Math.SQRT2; m /= 2) exponent++;
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const tail = z * polynomial(z, logSeries);
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + tail) + exponent * LN2_LOW) - f);
}

/** Horner's rule, the constant term first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

const LN2_HIGH = 6.931471803691238e-1;
const LN2_LOW = 1.9082149292705877e-10;

const logSeries: readonly number[] = [
  6.666666666666735e-1, 3.999999999940942e-1, 2.857142874366239e-1, 2.2222198432149784e-1,
  1.818357216161805e-1, 1.5313837699209373e-1, 1.4798198605116586e-1,
];

const centreTop: readonly number[] = [
  3.3871328727963665, 1.3314166789178438e2, 1.9715909503065513e3, 1.373169376550946e4, 4.592195393154987e4,
  6.72657709270087e4, 3.343057558358813e4, 2.5090809287301227e3,
];
const centreBottom: readonly number[] = [
  1, 4.231333070160091e1, 6.871870074920579e2, 5.394196021424751e3, 2.1213794301586597e4, 3.930789580009271e4,
  2.8729085735721943e4, 5.226495278852854e3,
];
const tailTop: readonly number[] = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  2.417807251774506e-1, 2.2723844989269184e-2, 7.745450142783414e-4,
];
const tailBottom: readonly number[] = [
  1, 2.053191626637759, 1.6763848301838038, 6.897673349851e-1, 1.4810397642748008e-1, 1.5198666563616457e-2,
  5.475938084995345e-4, 1.0507500716444169e-9,
];
const farTop: readonly number[] = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 2.9656057182850487e-1, 2.6532189526576124e-2,
  1.2426609473880784e-3, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const farBottom: readonly number[] = [
  1, 5.99832206555888e-1, 1.369298809227358e-1, 1.4875361290850615e-2, 7.868691311456133e-4,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
];
