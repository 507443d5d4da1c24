// Random variates by rejection sampling, as procedures of a key, a counter, and the parameters of an element.
import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  call,
  constant,
  convert,
  div,
  eq,
  f64,
  floor,
  i32,
  le,
  lt,
  max,
  min,
  mul,
  neg,
  not,
  or,
  procedure,
  select,
  sqrt,
  sub,
  unary,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { lgamma64 } from "./gamma.ts";
import { acos64 } from "./inverse-trig.ts";
import { cos64 } from "./trig.ts";
import { log1p64, log64 } from "./log.ts";
import { centredOf, normalQuantile32, normalQuantile64 } from "./normal-quantile.ts";
import { pow64 } from "./pow.ts";
import { log32 } from "./single/log.ts";
import type { WordPair } from "./threefry.ts";
import { threefryBlock, u32, unitOf } from "./threefry.ts";
import type { FloatType } from "./powers.ts";

const key = [["first", "u32"], ["second", "u32"], ["counter", "u32"]] as const; // prettier-ignore

/**
 * Maximum number of draws per variate. The acceptance rate is above one half, so this number is reached only if a
 * parameter is NaN.
 */
export const mostDraws = 10_000;

/** Uniform number in [0, 1) under a key. It equals a draw of shape [] with this key. */
function unitUnder(block: Block, name: string, type: FloatType, words: WordPair): Expr {
  return block.let(name, unitOf(type, threefryBlock(block, `${name}Block`, words, u32(0))));
}

function log(x: Expr): Expr {
  return x.type === "f32" ? call(log32, x) : call(log64, x);
}

/** Declares mutable locals that hold a key, so that a loop can advance it. */
export function keyLocals(block: Block, name: string, { first, second }: WordPair): WordPair {
  return { first: block.let(`${name}First`, first), second: block.let(`${name}Second`, second) };
}

/** Assigns a key to the locals that `keyLocals` declared. */
export function setKey(block: Block, target: WordPair, { first, second }: WordPair): void {
  block.set(target.first, first);
  block.set(target.second, second);
}

/**
 * Gamma variate of scale 1 and shape `a`, or its logarithm: Marsaglia and Tsang's squeeze; for a < 1 from shape a + 1
 * and a power of another uniform number. Element number `counter` uses the key that `split` returns at that index. NaN
 * unless a > 0.
 *
 * @see Marsaglia, Tsang, A simple method for generating gamma variables, ACM TOMS 26 (2000).
 */
export function gammaProcedure(type: FloatType, isLog: boolean): Procedure {
  const c = (value: number): Expr => constant(type, value);
  const name = `${isLog ? "logGamma" : "gamma"}Variate${type === "f32" ? "32" : ""}`;
  return procedure(name, [...key, ["a", type]], (block, [first, second, counter, a]) => {
    const own = threefryBlock(block, "own", { first: first!, second: second! }, counter!);
    const next = keyLocals(block, "next", threefryBlock(block, "moved", own, u32(0)));
    const unit = unitUnder(block, "unit", type, threefryBlock(block, "boost", own, u32(1)));
    const isLarge = block.let("isLarge", le(c(1), a!));
    const d = block.let("d", sub(select(isLarge, a!, add(a!, c(1))), c(1 / 3)));
    const step = block.let("step", div(c(1 / 3), sqrt(d)));
    const cube = block.let("cube", c(NaN));
    const draws = block.let("draws", select(lt(c(0), a!), i32(0), i32(mostDraws)));
    block.while(lt(draws, i32(mostDraws)), (loop) => {
      loop.set(draws, add(draws, i32(1)));
      const normalKey = keyLocals(loop, "normalKey", threefryBlock(loop, "forNormal", next, u32(1)));
      const unitKey = threefryBlock(loop, "forUnit", next, u32(2));
      setKey(loop, next, threefryBlock(loop, "later", next, u32(0)));
      const x = loop.let("x", c(0));
      const v = loop.let("v", c(-1));
      loop.while(le(v, c(0)), (inner) => {
        const drawn = threefryBlock(inner, "drawn", normalKey, u32(1));
        setKey(inner, normalKey, threefryBlock(inner, "passed", normalKey, u32(0)));
        const u = inner.let("u", centredOf(type, threefryBlock(inner, "uBlock", drawn, u32(0))));
        inner.set(x, call(type === "f32" ? normalQuantile32 : normalQuantile64, u));
        inner.set(v, add(c(1), mul(x, step)));
      });
      const square = loop.let("square", mul(x, x));
      const power = loop.let("power", mul(mul(v, v), v));
      const test = unitUnder(loop, "test", type, unitKey);
      loop.set(cube, power);
      const isInside = loop.let("isInside", lt(test, sub(c(1), mul(c(0.0331), mul(square, square)))));
      loop.if(
        isInside,
        (then) => then.set(draws, i32(mostDraws)),
        (otherwise) => {
          const bound = add(mul(square, c(0.5)), mul(d, add(sub(c(1), power), log(power))));
          otherwise.if(lt(log(test), bound), (then) => then.set(draws, i32(mostDraws)));
        },
      );
    });
    // a uniform number of 0, which represents half a step, would yield a variate of 0 and a logarithm of −∞
    const boost = block.let("boostUnit", max(unit, c(type === "f32" ? 2 ** -24 : 2 ** -53)));
    if (isLog) {
      const less = block.let("less", div(log(boost), a!));
      return add(add(log(d), log(cube)), select(isLarge, c(0), less));
    }
    const power = call(pow64, convert("f64", boost), convert("f64", div(c(1), a!)));
    const factor = block.let("factor", select(isLarge, c(1), convert(type, power)));
    const variate = block.let("variate", mul(mul(d, cube), factor));
    return select(eq(variate, c(0)), c(type === "f32" ? 2 ** -126 : 2 ** -1022), variate);
  });
}

/**
 * Binomial variate of `n` trials with probability `p`, as int32: below n · min(p, 1 − p) = 10 by geometric gaps, beyond
 * by transformed rejection. All elements
 * advance along one chain of keys, and `counter` is their index in each draw. −1 unless n ≥ 0 and 0 ≤ p ≤ 1; n is truncated
 * to an integer.
 *
 * @see Hörmann, The generation of binomial random variates, Journal of Statistical Computation and Simulation 46
 * (1993), algorithm BTRS.
 */
export const binomialProcedure: Procedure = /* @__PURE__ */ procedure(
  "binomialVariate",
  [
    ["first", "u32"],
    ["second", "u32"],
    ["counter", "u32"],
    ["n", "f64"],
    ["p", "f64"],
  ],
  (block, [first, second, counter, n, p]) => {
    const next = keyLocals(block, "next", { first: first!, second: second! });
    const count = block.let("count", floor(n!));
    const isSwapped = block.let("isSwapped", not(lt(p!, f64(0.5))));
    const q = block.let("q", select(isSwapped, sub(f64(1), p!), p!));
    const isRight = and(and(le(f64(0), count), lt(count, f64(Infinity))), le(f64(0), q));
    const isValid = block.let("isValid", isRight);
    const isSmall = block.let("isSmall", le(mul(count, q), f64(10)));
    const result = block.let("result", f64(-1));
    const draws = block.let("draws", i32(0));
    block.if(and(isValid, isSmall), (then) => {
      const logRest = then.let("logRest", call(log1p64, neg(q)));
      const sum = then.let("sum", f64(0));
      then.while(le(sum, count), (loop) => {
        const drawn = threefryBlock(loop, "drawn", next, u32(0));
        setKey(loop, next, threefryBlock(loop, "passed", next, u32(1)));
        const unit = loop.let("unit", unitOf("f64", threefryBlock(loop, "unitBlock", drawn, counter!)));
        const gap = loop.let("gap", unary("ceil", div(call(log64, unit), logRest)));
        loop.set(result, add(result, f64(1)));
        // 0 / 0, from a unit of 1 or a probability of 0, ends the loop like an infinite gap
        loop.set(sum, add(sum, select(eq(gap, gap), gap, f64(Infinity))));
      });
    });
    block.if(and(isValid, not(isSmall)), (then) => {
      const deviation = then.let("deviation", sqrt(mul(mul(count, q), sub(f64(1), q))));
      const b = then.let("b", add(f64(1.15), mul(f64(2.53), deviation)));
      const a = then.let("a", add(add(f64(-0.0873), mul(f64(0.0248), b)), mul(f64(0.01), q)));
      const c = then.let("c", add(mul(count, q), f64(0.5)));
      const inner = then.let("inner", sub(f64(0.92), div(f64(4.2), b)));
      const odds = then.let("odds", call(log64, div(q, sub(f64(1), q))));
      const alpha = then.let("alpha", mul(add(f64(2.83), div(f64(5.1), b)), deviation));
      const mode = then.let("mode", floor(mul(add(count, f64(1)), q)));
      const logWays = (k: Expr): Expr =>
        add(call(lgamma64, add(k, f64(1))), call(lgamma64, add(sub(count, k), f64(1))));
      const atMode = then.let("atMode", logWays(mode));
      then.while(lt(draws, i32(mostDraws)), (loop) => {
        loop.set(draws, add(draws, i32(1)));
        const { u, v, us } = drawPair(loop, next, counter!);
        const k = loop.let("k", floor(add(mul(hat(a, us, b), u), c)));
        const isNear = loop.let("isNear", and(le(f64(0.07), us), le(v, inner)));
        const isOut = loop.let("isOut", or(lt(k, f64(0)), lt(count, k)));
        const height = () => call(log64, div(mul(v, alpha), add(div(a, mul(us, us)), b)));
        const density = () => add(sub(atMode, logWays(k)), mul(sub(k, mode), odds));
        accept(loop, { isNear, isOut, draws }, () => le(height(), density()), result, k);
      });
    });
    const isMirrored = block.let("isMirrored", and(isSwapped, le(f64(0), result)));
    return convert("i32", select(isMirrored, sub(count, result), result));
  },
);

/**
 * Angle of the von Mises distribution around 0, in (−π, π], by rejection from a wrapped Cauchy distribution. Element
 * number `counter` uses the key that `split` returns at that index, and its blocks in order. NaN unless the
 * concentration is at least 0.
 *
 * @see Best, Fisher, Efficient simulation of the von Mises distribution, Applied Statistics 28 (1979).
 */
export const vonMisesProcedure: Procedure = /* @__PURE__ */ procedure(
  "vonMisesVariate",
  [
    ["first", "u32"],
    ["second", "u32"],
    ["counter", "u32"],
    ["concentration", "f64"],
  ],
  (block, [first, second, counter, concentration]) => {
    const own = threefryBlock(block, "own", { first: first!, second: second! }, counter!);
    const k = block.let("k", max(concentration!, f64(1e-300))); // so that 1 / k is finite
    const root = block.let("root", add(f64(1), sqrt(add(f64(1), mul(f64(4), mul(k, k))))));
    const rho = block.let("rho", div(sub(root, sqrt(mul(f64(2), root))), mul(f64(2), k)));
    // rho suffers from cancellation if k is small
    const exact = div(add(f64(1), mul(rho, rho)), mul(f64(2), rho));
    const s = block.let("s", select(lt(k, f64(1e-5)), add(div(f64(1), k), k), exact));
    const angle = block.let("angle", f64(NaN));
    const isValid = and(le(f64(0), concentration!), lt(concentration!, f64(Infinity)));
    const draws = block.let("draws", select(isValid, i32(0), i32(mostDraws)));
    const next = block.let("next", u32(0));
    block.while(lt(draws, i32(mostDraws)), (loop) => {
      loop.set(draws, add(draws, i32(1)));
      const [u, v, side] = ["u", "v", "side"].map((name) => {
        const unit = loop.let(name, unitOf("f64", threefryBlock(loop, `${name}Block`, own, next)));
        loop.set(next, add(next, u32(1)));
        return unit;
      });
      const z = loop.let("z", call(cos64, mul(f64(Math.PI), u!)));
      const f = loop.let("f", div(add(f64(1), mul(s, z)), add(s, z)));
      const c = loop.let("c", mul(k, sub(s, f)));
      const size = loop.let("size", call(acos64, max(min(f, f64(1)), f64(-1))));
      const take = (then: Block): void => {
        then.set(angle, select(lt(side!, f64(0.5)), neg(size), size));
        then.set(draws, i32(mostDraws));
      };
      loop.if(lt(v!, mul(c, sub(f64(2), c))), take, (otherwise) => {
        otherwise.if(le(sub(c, f64(1)), call(log64, div(c, v!))), take);
      });
    });
    return angle;
  },
);

/** The function 2a / us + b, by which both rejection methods transform a uniform number. */
export const hat = (a: Expr, us: Expr, b: Expr): Expr => add(div(mul(f64(2), a), us), b);

/**
 * Draws the two uniform numbers of an attempt, of which `u` is centred at 0, and the distance `us` of u from the ends
 * of its range. Advances the key.
 */
function drawPair(
  loop: Block,
  next: WordPair,
  counter: Expr,
): { readonly u: Expr; readonly v: Expr; readonly us: Expr } {
  const [keyOfU, keyOfV] = [1, 2].map((i) => threefryBlock(loop, `keyOf${i}`, next, u32(i)));
  setKey(loop, next, threefryBlock(loop, "later", next, u32(0)));
  const unit = (name: string, words: WordPair): Expr =>
    unitOf("f64", threefryBlock(loop, name, words, counter));
  const u = loop.let("u", sub(unit("uBlock", keyOfU!), f64(0.5)));
  const v = loop.let("v", unit("vBlock", keyOfV!));
  return { u, v, us: loop.let("us", sub(f64(0.5), abs(u))) };
}

interface RejectionTrial {
  /**
   * True if the attempt is accepted without evaluating the density. `isOut` is true if it is rejected without
   * evaluating the density.
   */
  readonly isNear: Expr;
  readonly isOut: Expr;
  /** Number of attempts so far; set to the maximum when an attempt is accepted, which ends the loop. */
  readonly draws: Expr;
}

/** Ends the loop with the result `k` if the attempt is accepted. */
export function accept(loop: Block, attempt: RejectionTrial, test: () => Expr, result: Expr, k: Expr): void {
  const take = (then: Block): void => {
    then.set(result, k);
    then.set(attempt.draws, i32(mostDraws));
  };
  loop.if(attempt.isNear, take, (otherwise) => {
    otherwise.if(not(attempt.isOut), (inside) => inside.if(test(), take));
  });
}
