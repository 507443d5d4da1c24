// Logarithms of odds and of density ratios.
import type { Block } from "../../build.ts";
import { add, and, call, div, eq, f64, le, lt, mul, neg, procedure, select, sub } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { log1p64, log64 } from "../log.ts";
import { lessLog1p64 } from "./stirling.ts";

/**
 * ln(x / (1 − x)), odd around ½: −∞ at 0, ∞ at 1, NaN outside. Error: at most 2 ulp; near ½, at most 2 ulp of 2x − 1.
 * All error bounds in this file are measured.
 */
export const logit64: Procedure = /* @__PURE__ */ procedure("logit", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  const rest = block.let("rest", sub(f64(1), x!));
  block.if(
    lt(x!, f64(0.25)),
    (then) => then.set(value, sub(call(log64, x!), call(log1p64, neg(x!)))),
    (otherwise) => {
      // 2x − 1 is exact, as is 1 − x where it is the divisor
      const isUpper = otherwise.let("isUpper", le(f64(0.5), x!));
      const twice = otherwise.let("twice", sub(mul(f64(2), x!), f64(1)));
      const log = call(log1p64, div(select(isUpper, twice, neg(twice)), select(isUpper, rest, x!)));
      const size = otherwise.let("logOfOdds", log);
      otherwise.set(value, select(isUpper, size, neg(size)));
    },
  );
  return value;
});

/** −x ln x: 0 at 0, −∞ below. Error: at most 2 ulp. */
export const entr64: Procedure = /* @__PURE__ */ procedure("entr", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", neg(mul(x!, call(log64, x!))));
  return select(eq(x!, f64(0)), f64(0), select(lt(x!, f64(0)), f64(-Infinity), value));
});

/** ln(x / y) for x, y > 0. */
function logOfRatio(block: Block, x: Expr, y: Expr): Expr {
  const ratio = block.let("ratio", div(x, y));
  const value = block.let("logOfRatio", f64(0));
  const within = (low: number, high: number): Expr => and(lt(f64(low), ratio), lt(ratio, f64(high)));
  block.if(
    within(0.5, 2),
    (near) => near.set(value, call(log1p64, div(sub(x, y), y))),
    (far) => {
      // if the quotient overflows or underflows, the difference of the logarithms is used
      far.if(
        within(2 ** -1000, 2 ** 1000),
        (then) => then.set(value, call(log64, ratio)),
        (otherwise) => otherwise.set(value, sub(call(log64, x), call(log64, y))),
      );
    },
  );
  return value;
}

const ofTwo = [
  ["x", "f64"],
  ["y", "f64"],
] as const;

/** `value` for x, y > 0; `atZero` for x = 0 ≤ y; ∞ elsewhere, NaN for NaN. */
function onQuadrant(x: Expr, y: Expr, value: Expr, atZero: Expr): Expr {
  const isInside = and(lt(f64(0), x), lt(f64(0), y));
  const isAtZero = and(eq(x, f64(0)), le(f64(0), y));
  const isNumber = and(eq(x, x), eq(y, y));
  return select(isInside, value, select(isAtZero, atZero, select(isNumber, f64(Infinity), f64(NaN))));
}

/**
 * x ln(x / y) for x, y > 0; 0 for x = 0 ≤ y; ∞ elsewhere. Error: below 1e−15 relative to the result or to y (measured).
 */
export const relEntr64: Procedure = /* @__PURE__ */ procedure("relEntr", ofTwo, (block, [x, y]) =>
  onQuadrant(x!, y!, mul(x!, logOfRatio(block, x!, y!)), f64(0)),
);

/** x ln(x / y) − x + y for x, y > 0; y for x = 0 ≤ y; ∞ elsewhere. Accurate if x and y are close to each other too. */
export const klDiv64: Procedure = /* @__PURE__ */ procedure("klDiv", ofTwo, (block, [x, y]) => {
  const value = block.let("value", f64(0));
  const ratio = block.let("growth", div(y!, x!));
  block.if(
    and(lt(f64(0.5), ratio), lt(ratio, f64(2))),
    (near) => near.set(value, mul(x!, call(lessLog1p64, div(sub(y!, x!), x!), ratio))),
    (far) => far.set(value, add(mul(x!, logOfRatio(far, x!, y!)), sub(y!, x!))),
  );
  return onQuadrant(x!, y!, value, y!);
});
