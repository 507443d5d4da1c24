// The two real branches of Lambert's function W, the inverse of w eʷ.
import type { Block } from "../../build.ts";
import {
  abs,
  add,
  and,
  call,
  div,
  eq,
  f64,
  i32,
  le,
  lt,
  mul,
  neg,
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import type { DoubleDouble } from "../double-double.ts";
import { horner, split, twoProduct, twoSum } from "../double-double.ts";
import { exp64 } from "../exp.ts";
import { log64 } from "../log.ts";

/** Branches of the function: 0 is W ≥ −1 on [−1/e, ∞), and −1 is W ≤ −1 on [−1/e, 0). */
export type LambertBranch = 0 | -1;

/** e as a pair. */
const E = { high: 2.718281828459045, low: 1.4456468917292502e-16 };

/** e · x + 1 below which 1 + W is computed by its own equation. */
const NEAR = 0.35;

/** Coefficients (k − 1) / k! of 1 − (1 − d) eᵈ = d²/2 + d³/3 + d⁴/8 + …, from k = 2 on. */
const rise: readonly number[] = /* @__PURE__ */ Array.from({ length: 20 }, (_, i) => {
  let factorial = 1;
  for (let j = 2; j <= i + 2; j++) factorial *= j;
  return (i + 1) / factorial;
});

/** e · x + 1, which vanishes at the branch point, without cancellation. */
function distanceToBranch(block: Block, x: Expr): Expr {
  const e = f64(E.high);
  const product = twoProduct(
    block,
    "ex",
    x,
    e,
    split(block, "xOf", x),
    split(block, "eOf", block.let("e", e)),
  );
  const sum: DoubleDouble = twoSum(block, "distance", product.high, f64(1));
  return add(sum.high, add(sum.low, add(product.low, mul(f64(E.low), x))));
}

/** 1 + W for q = e · x + 1 in [0, 0.35]: the solution d of 1 − (1 − d) eᵈ = q of the branch, by Newton's method. */
function nearBranch(block: Block, q: Expr, branch: LambertBranch): Expr {
  const p = block.let("p", sqrt(mul(f64(2), q)));
  const signed = branch === 0 ? p : neg(p);
  // d = p − p²/3 + 11 p³/72 − …
  const d = block.let("d", mul(signed, horner([1, -1 / 3, 11 / 72, -43 / 540].map(f64), signed)));
  block.for("near", i32(0), i32(4), (loop) => {
    // the difference over d, so that it keeps its digits near 0
    const excess = loop.let("excess", sub(mul(d, mul(d, horner(rise.map(f64), d))), q));
    const slope = mul(d, call(exp64, d));
    loop.set(d, sub(d, select(eq(d, f64(0)), f64(0), div(excess, slope))));
  });
  return d;
}

/** Sets `w` to the solution of w eʷ = x by steps of Halley's method, for |x| of moderate size. */
function byExponential(block: Block, x: Expr, w: Expr, steps: number): void {
  block.for("halley", i32(0), i32(steps), (loop) => {
    const error = loop.let("error", sub(w, mul(x, call(exp64, neg(w)))));
    const next = loop.let("onePlus", add(w, f64(1)));
    const bend = div(mul(add(w, f64(2)), error), mul(f64(2), next));
    loop.set(w, sub(w, div(error, sub(next, bend))));
  });
}

/** Sets `w` to the solution of w = ln(x / w) by steps of Newton's method, for large |w|; `log` is ln |x|. */
function byLogarithm(block: Block, log: Expr, w: Expr, steps: number): void {
  block.for("newton", i32(0), i32(steps), (loop) => {
    // the step rather than the next number is rounded
    const rest = sub(sub(log, call(log64, abs(w))), w);
    loop.set(w, add(w, mul(rest, div(w, add(f64(1), w)))));
  });
}

/** W for q > 0.35 on the principal branch, 0 < x < ∞ or −0.24 < x < 0. */
function principalFar(block: Block, x: Expr): Expr {
  const w = block.let("w", f64(0));
  block.if(
    lt(x, f64(4)),
    (small) => {
      // Padé approximant at 0
      const quotient = div(mul(x, horner([1, 4 / 3].map(f64), x)), horner([1, 7 / 3, 5 / 6].map(f64), x));
      small.set(w, quotient);
      byExponential(small, x, w, 4);
    },
    (large) => {
      const log = large.let("log", call(log64, x));
      const double = large.let("double", call(log64, log));
      large.set(w, add(sub(log, double), div(double, log)));
      byLogarithm(large, log, w, 4);
    },
  );
  return w;
}

/** W for q > 0.35 on the other branch: −0.24 < x < 0, W < −2.4. */
function lowerFar(block: Block, x: Expr): Expr {
  const log = block.let("log", call(log64, neg(x)));
  const double = block.let("double", call(log64, neg(log)));
  const w = block.let("w", add(sub(log, double), div(double, log)));
  byLogarithm(block, log, w, 5);
  return w;
}

/** Writes W, or 1 + W if `isShifted`, which is accurate near the branch point. */
function lambert(block: Block, x: Expr, branch: LambertBranch, isShifted: boolean): Expr {
  const isInside = block.let(
    "isInside",
    branch === 0 ? lt(abs(x), f64(Infinity)) : and(lt(f64(-1), x), lt(x, f64(0))),
  );
  const within = block.let("within", select(isInside, x, f64(-0.25)));
  const q = block.let("q", distanceToBranch(block, select(lt(within, f64(1)), within, f64(1))));
  const value = block.let("value", f64(NaN));
  block.if(
    lt(f64(NEAR), q),
    (far) => {
      const w = branch === 0 ? principalFar(far, within) : lowerFar(far, within);
      far.set(value, isShifted ? add(f64(1), w) : w);
    },
    (near) => {
      near.if(le(f64(0), q), (then) => {
        const d = nearBranch(then, q, branch);
        then.set(value, isShifted ? d : sub(d, f64(1)));
      });
    },
  );
  const isEnd = eq(x, f64(branch === 0 ? Infinity : 0));
  return select(isInside, value, select(isEnd, f64(branch === 0 ? Infinity : -Infinity), f64(NaN)));
}

/** W₀(x), NaN below −1/e, ∞ at ∞. Error: at most 3 ulp (all error bounds in this file are measured). */
export const lambertw64: Procedure = /* @__PURE__ */ procedure("lambertw", [["x", "f64"]], (block, [x]) =>
  lambert(block, x!, 0, false),
);

/** W₋₁(x), NaN outside of [−1/e, 0], −∞ at 0. Error: at most 3 ulp. */
export const lambertwLower64: Procedure = /* @__PURE__ */ procedure(
  "lambertwLower",
  [["x", "f64"]],
  (block, [x]) => lambert(block, x!, -1, false),
);

/** 1 + W₀(x), accurate near −1/e too. Relative error: below 1e−15. */
export const lambertwOnePlus64: Procedure = /* @__PURE__ */ procedure(
  "lambertwOnePlus",
  [["x", "f64"]],
  (block, [x]) => lambert(block, x!, 0, true),
);

/** 1 + W₋₁(x), accurate near −1/e too. Relative error: below 1e−15. */
export const lambertwLowerOnePlus64: Procedure = /* @__PURE__ */ procedure(
  "lambertwLowerOnePlus",
  [["x", "f64"]],
  (block, [x]) => lambert(block, x!, -1, true),
);
