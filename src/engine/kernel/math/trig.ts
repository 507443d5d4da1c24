import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  call,
  eq,
  f64,
  fromWords,
  highWord,
  i32,
  lowWord,
  lt,
  mul,
  mulAdd,
  ne,
  neg,
  not,
  procedure,
  select,
  shl,
  sub,
  xor,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { cosTail, sinTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import {
  fastTwoDifference,
  fastTwoSum,
  lessMultiple,
  polynomial,
  polynomialInTwo,
  quotientOfPairs,
  split,
} from "./double-double.ts";
import { SIGN, withSignOf } from "./hyperbolic.ts";
import type { ReducedAngle } from "./reduce-pi.ts";
import { reduceAngle, reduceAnyAngle } from "./reduce-pi.ts";

/** (sin r − r) / r³ for |r| up to slightly above π/4; z is r², zSquare z². */
function sineSeries(z: Expr, zSquare: Expr): Expr {
  return polynomialInTwo(sinTail, z, zSquare);
}

/** sin of r.high + r.low, |r| up to slightly above π/4, as a pair; z is r.high². */
function sineOf(block: Block, r: DoubleDouble, z: Expr): DoubleDouble {
  const tail = mulAdd(mul(z, r.high), sineSeries(z, mul(z, z)), mul(r.low, sub(f64(1), mul(f64(0.5), z))));
  return { high: r.high, low: block.let("sineTail", tail) };
}

/** 1 − z/2, the main part of cos r, as a pair; z is r², whose rounding error contributes a quarter of an ulp. */
function oneMinusHalf(block: Block, z: Expr): DoubleDouble {
  const high = block.let("one", lessMultiple(f64(1), z, 0.5));
  return { high, low: block.let("oneLow", lessMultiple(sub(f64(1), high), z, 0.5)) };
}

/**
 * cos r for |r| up to slightly above π/4; z is r², zSquare is z². `one` is 1 − z/2, and `lost` its rounding error, as
 * `oneMinusHalf` returns them.
 */
function quickCosine(z: Expr, zSquare: Expr, one: Expr, lost: Expr): Expr {
  return add(one, mulAdd(zSquare, polynomialInTwo(cosTail, z, zSquare), lost));
}

/** cos of r.high + r.low, |r| up to slightly above π/4, as a pair; z is r.high². */
function cosineOf(block: Block, r: DoubleDouble, z: Expr): DoubleDouble {
  // cos r = 1 − r²/2 + …, with r²/2 as an exact head and the rest
  const { high: head, low: rest } = split(block, "r", r.high);
  const one = fastTwoDifference(block, "cosine", f64(1), mul(f64(0.5), mul(head, head)));
  const remainder = mul(mul(f64(0.5), rest), add(r.high, head));
  const tail = add(
    sub(one.low, remainder),
    sub(mul(mul(z, z), polynomial(block, "cosine", cosTail, z)), mul(r.high, r.low)),
  );
  return { high: one.high, low: block.let("cosineTail", tail) };
}

/** Computes sin((n + offset) · π/2 + r), negated if `signed` has a sign bit. */
function sinOfReduced(
  block: Block,
  { n, high: r, low }: ReducedAngle,
  offset: Expr | undefined,
  signed?: Expr,
): Expr {
  const z = block.let("z", mul(r, r));
  const zSquare = block.let("zSquare", mul(z, z));
  const one = oneMinusHalf(block, z);
  const sine = block.let("sine", add(r, mulAdd(mul(z, r), sineSeries(z, zSquare), mul(low, one.high))));
  const cosine = block.let("cosine", quickCosine(z, zSquare, one.high, sub(one.low, mul(r, low))));
  // the last two bits of the quarter as top bits: the lower one selects sine or cosine, the upper one is the sign
  const quarter = block.let(
    "quarter",
    fromWords(shl(offset === undefined ? n : add(n, offset), i32(30)), i32(0)),
  );
  const value = block.let("value", select(ne(quarter, f64(0)), cosine, sine)); // 2 or −2 against 0 or −0
  const top = highWord(quarter);
  const sign = and(signed === undefined ? top : xor(top, highWord(signed)), i32(SIGN));
  return fromWords(xor(highWord(value), sign), lowWord(value));
}

/** sin(x + offset · π/2) for |x| ≥ 1, even if huge or close to a multiple of π/2; NaN for infinities. */
const hardSin64: Procedure = /* @__PURE__ */ procedure(
  "hardSin",
  [
    ["x", "f64"],
    ["offset", "i32"],
  ],
  (block, [x, offset]) => {
    const value = sinOfReduced(block, reduceAnyAngle(block, x!), offset);
    return select(lt(abs(x!), f64(Infinity)), value, f64(NaN));
  },
);

/** sin(x + quarters · π/2) for any x. */
function sinProcedure(name: string, quarters: number): Procedure {
  return procedure(name, [["x", "f64"]], (block, [x]) => {
    const reduced = reduceAngle(block, block.let("size", abs(x!)));
    const value =
      quarters === 0
        ? sinOfReduced(block, reduced, undefined, x)
        : sinOfReduced(block, reduced, i32(quarters));
    const result = block.let("result", value);
    block.ifRare(reduced.isHard, (then) => then.set(result, call(hardSin64, x!, i32(quarters))));
    return result;
  });
}
const reducedSin64: Procedure = /* @__PURE__ */ sinProcedure("reducedSin", 0);
const reducedCos64: Procedure = /* @__PURE__ */ sinProcedure("reducedCos", 1);

/** Limit below π/4, up to which x needs no reduction. */
const NEAR = 0.785;

/** Sine, x in radians. Error: at most 0.78 ulp for every finite x (all error bounds in this file are measured). */
export const sin64: Procedure = /* @__PURE__ */ procedure("sin", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.shortcut(
    lt(abs(x!), f64(NEAR)),
    (near) => {
      const z = near.let("z", mul(x!, x!));
      const sine = add(x!, mul(mul(z, x!), sineSeries(z, near.let("zSquare", mul(z, z)))));
      near.set(value, select(eq(x!, f64(0)), x!, sine));
    },
    (far) => far.set(value, call(reducedSin64, x!)),
  );
  return value;
});

/** Cosine, x in radians. Error: at most 0.78 ulp for every finite x. */
export const cos64: Procedure = /* @__PURE__ */ procedure("cos", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.shortcut(
    lt(abs(x!), f64(NEAR)),
    (near) => {
      const z = near.let("z", mul(x!, x!));
      const one = oneMinusHalf(near, z);
      near.set(value, quickCosine(z, near.let("zSquare", mul(z, z)), one.high, one.low));
    },
    (far) => far.set(value, call(reducedCos64, x!)),
  );
  return value;
});

/**
 * tan(n · π/2 + r): sin r / cos r for even n, −cos r / sin r for odd n. Sine and cosine are pairs of float64 numbers,
 * for accuracy.
 */
function tanOfReduced(block: Block, { n, ...r }: ReducedAngle): Expr {
  const z = block.let("z", mul(r.high, r.high));
  const [sine, cosine] = [sineOf(block, r, z), cosineOf(block, r, z)];
  const isOdd = block.let("isOdd", ne(and(n, i32(1)), i32(0)));
  const above = fastTwoSum(
    block,
    "above",
    select(isOdd, neg(cosine.high), sine.high),
    select(isOdd, neg(cosine.low), sine.low),
  );
  const below = fastTwoSum(
    block,
    "below",
    select(isOdd, sine.high, cosine.high),
    select(isOdd, sine.low, cosine.low),
  );
  const quotient = quotientOfPairs(block, "quotient", above, below);
  return add(quotient.high, quotient.low);
}

/** tan x for |x| ≥ 1, even if huge or close to a multiple of π/2; NaN for infinities. */
const hardTan64: Procedure = /* @__PURE__ */ procedure("hardTan", [["x", "f64"]], (block, [x]) => {
  const value = tanOfReduced(block, reduceAnyAngle(block, x!));
  return select(lt(abs(x!), f64(Infinity)), value, f64(NaN));
});

/** Tangent, x in radians. Error: at most 0.93 ulp for every finite x. */
export const tan64: Procedure = /* @__PURE__ */ procedure("tan", [["x", "f64"]], (block, [x]) => {
  const reduced = reduceAngle(block, block.let("size", abs(x!)));
  const result = block.let("result", withSignOf(x!, block.let("unsigned", tanOfReduced(block, reduced))));
  block.ifRare(reduced.isHard, (then) => then.set(result, call(hardTan64, x!)));
  // for tiny x, products would underflow
  return select(not(lt(f64(2 ** -28), abs(x!))), x!, result);
});
