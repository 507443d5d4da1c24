import { checkChoice, checkOptions } from "../errors/options.ts";
import { checkCount, checkKey, type Key } from "./threefry.ts";
import { fillUniform } from "./uniform.ts";

/** Options of `normal`. */
export interface NormalOptions<D extends "float64" | "float32" = "float64" | "float32"> {
  /** Kind of number; default `"float64"`. */
  readonly dtype?: D;
}

/**
 * `n` numbers of the standard normal distribution: mean 0, standard deviation 1.
 *
 * The inverse of the distribution function, `Φ⁻¹((1 + u) / 2) = √2 · erf⁻¹(u)`, at the `u` in (−1, 1) that `jax.random.normal` draws. JAX
 * takes its `erf⁻¹` from another approximation, so that the last digits may differ: ours has a relative error of at most 1e-15 (measured) and
 * is then rounded to `dtype`. No `Math.log`: the same bits on every engine.
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
export function normal(key: Key, n: number, options: NormalOptions = {}): Float64Array | Float32Array {
  checkKey("normal", key);
  checkCount("normal", n);
  checkOptions("normal", options, ["dtype"]);
  const { dtype = "float64" } = options;
  checkChoice("normal", "dtype", dtype, ["float64", "float32"]);
  const out = dtype === "float64" ? new Float64Array(n) : new Float32Array(n);
  // the least number above −1, so that the open interval is symmetric: ±1 would be infinite
  fillUniform(key, dtype === "float64" ? -1 + 2 ** -53 : -1 + 2 ** -24, 1, out);
  for (let i = 0; i < n; i++) out[i] = normalQuantile(out[i]!);
  return out;
}

/**
 * `Φ⁻¹((1 + u) / 2)` for `u` in (−1, 1), relative error at most 1e-15.
 *
 * @see Wichura, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37 (1988), PPND16.
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

/** Natural logarithm of a positive normal number, error below 1 ulp; fdlibm's series, in arithmetic that every engine rounds alike. */
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

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;

const logSeries: readonly number[] = [
  6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
  1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1,
];

const centreTop: readonly number[] = [
  3.387132872796366608, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
  4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
];
const centreBottom: readonly number[] = [
  1, 4.2313330701600911252e1, 6.871870074920579083e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
  3.930789580009271061e4, 2.8729085735721942674e4, 5.226495278852854561e3,
];
const tailTop: readonly number[] = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
  1.27045825245236838258, 2.4178072517745061177e-1, 2.27238449892691845833e-2, 7.7454501427834140764e-4,
];
const tailBottom: readonly number[] = [
  1, 2.05319162663775882187, 1.6763848301838038494, 6.8976733498510000455e-1, 1.4810397642748007459e-1,
  1.51986665636164571966e-2, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const farTop: readonly number[] = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 2.9656057182850489123e-1,
  2.6532189526576123093e-2, 1.2426609473880784386e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const farBottom: readonly number[] = [
  1, 5.9983220655588793769e-1, 1.3692988092273580531e-1, 1.48753612908506148525e-2, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];
