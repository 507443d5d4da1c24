// Normal variates from uniform numbers in [0, 1).
import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  constant,
  convert,
  div,
  f64,
  fromWords,
  highWord,
  i32,
  le,
  lowWord,
  lt,
  mul,
  neg,
  or,
  procedure,
  select,
  shl,
  shr,
  sqrt,
  sub,
  unary,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import type { WordPair } from "./threefry.ts";
import { unitOf } from "./threefry.ts";
import { normalCentre32, normalLog32, normalTail32 } from "./coefficients.ts";

/**
 * Horner's rule with separate products and sums, constant term first: the bits are the same with and without fused
 * operations.
 */
function horner(type: "f32" | "f64", coefficients: readonly number[], x: Expr): Expr {
  return coefficients
    .map((c) => constant(type, c))
    .reduceRight((sum, coefficient) => add(mul(sum, x), coefficient));
}

/**
 * Estrin's scheme with separate products and sums: pairs of neighbours, then pairs of pairs, all independent. Declares
 * names that begin with `name`.
 */
function estrin32(block: Block, name: string, coefficients: readonly number[], x: Expr): Expr {
  let terms = coefficients.map((c) => constant("f32", c));
  let power = x;
  for (let level = 0; terms.length > 1; level++) {
    if (level > 0) power = block.let(`${name}Power${level}`, mul(power, power));
    const factor = power;
    terms = terms.flatMap((term, i) => {
      if (i % 2 === 1) return [];
      const next = terms[i + 1];
      return [next === undefined ? term : block.let(`${name}${level}_${i}`, add(mul(next, factor), term))];
    });
  }
  return terms[0]!;
}

/**
 * `Φ⁻¹((1 + u) / 2) = √2 · erf⁻¹(u)` for u in (−1, 1). Error: at most 1e-15, relatively (measured).
 *
 * @see Wichura, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37 (1988),
 * PPND16.
 */
export const normalQuantile64: Procedure = /* @__PURE__ */ procedure(
  "normalQuantile",
  [["u", "f64"]],
  (block, [u]) => {
    const q = block.let("q", mul(f64(0.5), u!));
    const size = block.let("size", abs(q));
    const value = block.let("value", q);
    block.if(
      le(size, f64(0.425)),
      (then) => {
        const r = then.let("centre", sub(f64(0.180625), mul(q, q)));
        then.set(value, div(mul(q, horner("f64", centreAbove, r)), horner("f64", centreBelow, r)));
      },
      (otherwise) => {
        const r = otherwise.let("r", sqrt(neg(logOfFraction(otherwise, sub(f64(0.5), size)))));
        const near = otherwise.let("near", sub(r, f64(1.6)));
        const tail = otherwise.let(
          "tail",
          div(horner("f64", tailAbove, near), horner("f64", tailBelow, near)),
        );
        otherwise.ifRare(lt(f64(5), r), (then) => {
          const far = then.let("far", sub(r, f64(5)));
          then.set(tail, div(horner("f64", farAbove, far), horner("f64", farBelow, far)));
        });
        otherwise.set(value, select(lt(q, f64(0)), neg(tail), tail));
      },
    );
    return value;
  },
);

/** Natural logarithm of a positive normal number, by fdlibm's series. Error: below 1 ulp. */
function logOfFraction(block: Block, x: Expr): Expr {
  // x = 2^exponent · m with √½ ≤ m < √2
  const fraction = block.let("fraction", x);
  const high = block.let("high", highWord(fraction));
  const mantissa = block.let(
    "mantissa",
    fromWords(or(and(high, i32(0xfffff)), i32(0x3ff00000)), lowWord(fraction)),
  );
  const isUpper = block.let("isUpper", le(f64(Math.SQRT2), mantissa));
  const biased = sub(shr(high, i32(20)), select(isUpper, i32(1022), i32(1023)));
  const exponent = block.let("exponent", convert("f64", biased));
  const f = block.let("f", sub(select(isUpper, mul(f64(0.5), mantissa), mantissa), f64(1)));
  const s = block.let("s", div(f, add(f64(2), f)));
  const z = block.let("z", mul(s, s));
  const tail = mul(z, horner("f64", logSeries, z));
  const half = block.let("half", mul(f64(0.5), mul(f, f)));
  const small = add(mul(s, add(half, tail)), mul(exponent, f64(LN2_LOW)));
  return sub(mul(exponent, f64(LN2_HIGH)), sub(sub(half, small), f));
}

/**
 * Φ⁻¹((1 + u) / 2) in float32, for u in (−1, 1) that is a multiple of 2⁻²⁴: u · P(w), w = −ln(1 − u²). Error: at most
 * 4.5 ulp (measured). Uses separate products and sums, so that random numbers have the same bits on every backend.
 */
export const normalQuantile32: Procedure = /* @__PURE__ */ procedure(
  "normalQuantile32",
  [["u", "f32"]],
  (block, [u]) => {
    const f32 = (value: number): Expr => constant("f32", value);
    const rest = block.let("rest", mul(sub(f32(1), u!), add(f32(1), u!)));
    // rest = 2^k · (1 + f) with √½ ≤ 1 + f < √2
    const bits = block.let("bits", unary("bitsOf", rest));
    const k = block.let("k", shr(sub(bits, i32(SQRT_HALF_BITS)), i32(23)));
    const f = block.let("f", sub(unary("fromBits", sub(bits, shl(k, i32(23)))), f32(1)));
    const log = block.let("log", mul(f, estrin32(block, "series", normalLog32, f)));
    const w = block.let("w", sub(mul(convert("f32", k), f32(-Math.LN2)), log));
    const moved = block.let("moved", sub(w, f32(2.5)));
    const factor = block.let("factor", estrin32(block, "centre", normalCentre32, moved));
    block.if(lt(f32(5), w), (then) => {
      const far = then.let("far", sub(sqrt(w), f32(3.25)));
      then.set(factor, horner("f32", normalTail32, far));
    });
    return mul(u!, factor);
  },
);

/** Number in (−1, 1), distributed symmetrically around 0, from the upper bits of a block. */
export function centredOf(type: "f32" | "f64", words: WordPair): Expr {
  // the smallest number above −1, because −1 itself would become −∞
  const least = type === "f32" ? -1 + 2 ** -24 : -1 + 2 ** -53;
  return add(unitOf(type, words, 2), constant(type, least));
}

const SQRT_HALF_BITS = 0x3f3504f3; // bits of √½ in float32
const LN2_HIGH = 6.931471803691238e-1;
const LN2_LOW = 1.9082149292705877e-10;

const logSeries: readonly number[] = [
  6.666666666666735e-1, 3.999999999940942e-1, 2.857142874366239e-1, 2.2222198432149784e-1,
  1.818357216161805e-1, 1.5313837699209373e-1, 1.4798198605116586e-1,
];

const centreAbove: readonly number[] = [
  3.3871328727963665, 1.3314166789178438e2, 1.9715909503065513e3, 1.373169376550946e4, 4.592195393154987e4,
  6.72657709270087e4, 3.343057558358813e4, 2.5090809287301227e3,
];
const centreBelow: readonly number[] = [
  1, 4.231333070160091e1, 6.871870074920579e2, 5.394196021424751e3, 2.1213794301586597e4, 3.930789580009271e4,
  2.8729085735721943e4, 5.226495278852854e3,
];
const tailAbove: readonly number[] = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  2.417807251774506e-1, 2.2723844989269184e-2, 7.745450142783414e-4,
];
const tailBelow: readonly number[] = [
  1, 2.053191626637759, 1.6763848301838038, 6.897673349851e-1, 1.4810397642748008e-1, 1.5198666563616457e-2,
  5.475938084995345e-4, 1.0507500716444169e-9,
];
const farAbove: readonly number[] = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 2.9656057182850487e-1, 2.6532189526576124e-2,
  1.2426609473880784e-3, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const farBelow: readonly number[] = [
  1, 5.99832206555888e-1, 1.369298809227358e-1, 1.4875361290850615e-2, 7.868691311456133e-4,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
];
