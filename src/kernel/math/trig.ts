import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  call,
  eq,
  f64,
  i32,
  lt,
  mul,
  mulAdd,
  ne,
  neg,
  not,
  procedure,
  select,
  sub,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { cosTail, sinTail } from "./coefficients.ts";
import type { Pair } from "./double-double.ts";
import { fastTwoDifference, fastTwoSum, polynomial, quotientOfPairs, split } from "./double-double.ts";
import type { ReducedAngle } from "./reduce-pi.ts";
import { reduceAngle, reduceAnyAngle } from "./reduce-pi.ts";

/** sin r − r for |r| ≤ π/4 and a little; z is r². */
function sineTail(block: Block, r: Expr, z: Expr): Expr {
  const [first, ...others] = sinTail;
  return mul(mul(z, r), mulAdd(z, polynomial(block, "sine", others, z), f64(first!)));
}

/** sin of r.high + r.low, |r| ≤ π/4 and a little, as a pair; z is r.high². */
function sineOf(block: Block, r: Pair, z: Expr): Pair {
  const tail = add(sineTail(block, r.high, z), mul(r.low, sub(f64(1), mul(f64(0.5), z))));
  return { high: r.high, low: block.let("sineTail", tail) };
}

/** cos r for |r| ≤ π/4 and a little, as a pair, less r · rLow; z is r². */
function quickCosineOf(block: Block, z: Expr, rTimesLow?: Expr): Pair {
  // 1 − z/2 is most of it; z is rounded, which is felt by a quarter of an ulp
  const most = fastTwoDifference(block, "cosine", f64(1), block.let("halfZ", mul(f64(0.5), z)));
  const series = mul(mul(z, z), polynomial(block, "cosine", cosTail, z));
  const rest = rTimesLow === undefined ? series : sub(series, rTimesLow);
  return { high: most.high, low: block.let("cosineTail", add(most.low, rest)) };
}

/** cos of r.high + r.low, |r| ≤ π/4 and a little, as a pair; z is r.high². */
function cosineOf(block: Block, r: Pair, z: Expr): Pair {
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

/** sin((n + offset) · π/2 + r). */
function sinOfReduced(block: Block, { n, ...r }: ReducedAngle, offset: Expr): Expr {
  const z = block.let("z", mul(r.high, r.high));
  const quarter = block.let("quarter", add(n, offset));
  const value = block.let("value", f64(0));
  block.if(
    ne(and_(quarter, 1), i32(0)),
    (odd) => {
      const { high, low } = quickCosineOf(odd, z, mul(r.high, r.low));
      odd.set(value, add(high, low));
    },
    (even) => {
      const { high, low } = sineOf(even, r, z);
      even.set(value, add(high, low));
    },
  );
  return select(ne(and_(quarter, 2), i32(0)), neg(value), value);
}

const and_ = (x: Expr, mask: number): Expr => and(x, i32(mask));

/** sin(x + offset · π/2) for |x| ≥ 1, however large or close to a multiple of π/2; NaN for infinities. */
const hardSin64: Procedure = /* @__PURE__ */ procedure(
  "hardSin",
  [
    ["x", "f64"],
    ["offset", "i32"],
  ],
  (block, [x, offset]) => {
    const value = sinOfReduced(block, reduceAnyAngle(block, x!), offset!);
    return select(lt(abs(x!), f64(Infinity)), value, f64(NaN));
  },
);

/** sin(x + quarters · π/2) for any x. */
function anySin64(name: string, quarters: number): Procedure {
  return procedure(name, [["x", "f64"]], (block, [x]) => {
    const reduced = reduceAngle(block, x!);
    const result = block.let("result", sinOfReduced(block, reduced, i32(quarters)));
    block.ifRare(reduced.isHard, (then) => then.set(result, call(hardSin64, x!, i32(quarters))));
    return result;
  });
}
const reducedSin64: Procedure = /* @__PURE__ */ anySin64("reducedSin", 0);
const reducedCos64: Procedure = /* @__PURE__ */ anySin64("reducedCos", 1);

/** Below π/4, where the reduction leaves x as it is. */
const NEAR = 0.785;

/** Sine, x in radians. Error: at most 0.76 ulp for every finite x (measured, as all figures here). */
export const sin64: Procedure = /* @__PURE__ */ procedure("sin", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.shortcut(
    lt(abs(x!), f64(NEAR)),
    (near) => near.set(value, add(x!, sineTail(near, x!, near.let("z", mul(x!, x!))))),
    (far) => far.set(value, call(reducedSin64, x!)),
  );
  return select(eq(x!, f64(0)), x!, value);
});

/** Cosine, x in radians. Error: at most 0.76 ulp for every finite x. */
export const cos64: Procedure = /* @__PURE__ */ procedure("cos", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.shortcut(
    lt(abs(x!), f64(NEAR)),
    (near) => {
      const { high, low } = quickCosineOf(near, near.let("z", mul(x!, x!)));
      near.set(value, add(high, low));
    },
    (far) => far.set(value, call(reducedCos64, x!)),
  );
  return value;
});

/** tan(n · π/2 + r) = sin r / cos r or −cos r / sin r, with a quotient of pairs. */
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

/** tan x for |x| ≥ 1, however large or close to a multiple of π/2; NaN for infinities. */
const hardTan64: Procedure = /* @__PURE__ */ procedure("hardTan", [["x", "f64"]], (block, [x]) => {
  const value = tanOfReduced(block, reduceAnyAngle(block, x!));
  return select(lt(abs(x!), f64(Infinity)), value, f64(NaN));
});

/** Tangent, x in radians. Error: at most 0.93 ulp for every finite x. */
export const tan64: Procedure = /* @__PURE__ */ procedure("tan", [["x", "f64"]], (block, [x]) => {
  const reduced = reduceAngle(block, x!);
  const result = block.let("result", tanOfReduced(block, reduced));
  block.ifRare(reduced.isHard, (then) => then.set(result, call(hardTan64, x!)));
  // tiny x would lose its own products to underflow
  return select(not(lt(f64(2 ** -28), abs(x!))), x!, result);
});
