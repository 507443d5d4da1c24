// The normal distribution, and inverses of the error function.
import type { Block } from "../../build.ts";
import {
  abs,
  add,
  call,
  div,
  eq,
  f64,
  le,
  lt,
  max,
  min,
  mul,
  neg,
  not,
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { erfcinvStart, erfcinvTail, erfinvMiddle } from "../coefficients.ts";
import { polynomial, squareOf, twoSum } from "../double-double.ts";
import { erfc64, erfcOfLarge } from "../erf.ts";
import { exp64 } from "../exp.ts";
import { withSignOf } from "../hyperbolic.ts";
import { log1p64, log64 } from "../log.ts";
import { scaledErfc } from "./scaled-error.ts";

const TWO_PER_ROOT_PI = 1.1283791670955126;

/** The integral of the standard normal density from −∞ to x. Error: at most 3 ulp. */
export const ndtr64: Procedure = /* @__PURE__ */ procedure("ndtr", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(abs(x!), f64(1.25)),
    (then) => then.set(value, mul(f64(0.5), call(erfc64, mul(f64(-Math.SQRT1_2), x!)))),
    (otherwise) => {
      // by the exact x²/2; from 39 on the result rounds to 0 or 1
      const size = otherwise.let("size", min(abs(x!), f64(39)));
      const square = squareOf(otherwise, "xSquare", size);
      const half = {
        high: otherwise.let("halfSquare", mul(f64(0.5), square.high)),
        low: otherwise.let("halfSquareLow", mul(f64(0.5), square.low)),
      };
      const far = mul(
        f64(0.5),
        erfcOfLarge(otherwise, otherwise.let("y", mul(f64(Math.SQRT1_2), size)), half),
      );
      const outer = otherwise.let("outer", far);
      otherwise.set(value, select(lt(x!, f64(0)), outer, sub(f64(1), outer)));
    },
  );
  return select(eq(x!, x!), value, x!);
});

/** The logarithm of `ndtr`, accurate in both tails. Error: at most 3 ulp. */
export const logNdtr64: Procedure = /* @__PURE__ */ procedure("logNdtr", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(x!, f64(-1.25)),
    (then) => {
      const tail = call(log64, mul(f64(0.5), call(scaledErfc, mul(f64(-Math.SQRT1_2), x!))));
      then.set(value, sub(tail, mul(f64(0.5), mul(x!, x!))));
    },
    (otherwise) => {
      const near = otherwise.let("near", call(ndtr64, neg(abs(x!))));
      otherwise.if(
        lt(x!, f64(0)),
        (below) => below.set(value, call(log64, near)),
        (above) => above.set(value, call(log1p64, neg(near))),
      );
    },
  );
  return select(lt(f64(-Infinity), x!), value, x!);
});

/**
 * Derivative of `logNdtr`: the standard normal density divided by `ndtr`, about −x far below 0. Error: at most 5 ulp,
 * for x > 0 plus x² ulp.
 */
export const normalHazard64: Procedure = /* @__PURE__ */ procedure(
  "normalHazard",
  [["x", "f64"]],
  (block, [x]) => {
    const value = block.let("value", f64(0));
    block.if(
      lt(x!, f64(-1.25)),
      (then) => {
        const scaled = call(scaledErfc, mul(f64(-Math.SQRT1_2), x!));
        then.set(value, div(f64(0.7978845608028654), scaled)); // √(2/π)
      },
      (otherwise) => {
        const density = mul(f64(0.3989422804014327), call(exp64, mul(f64(-0.5), mul(x!, x!))));
        otherwise.set(value, div(density, call(ndtr64, x!)));
      },
    );
    return select(lt(f64(-Infinity), x!), value, neg(x!));
  },
);

/** Largest |y| for which erf⁻¹ is a polynomial; above it, erfc is inverted in the tail. */
const CENTRE = 0.8;

/** x with erf x = y + yLow for |y| ≤ 0.8, by a polynomial. */
function centralRoot(block: Block, y: Expr, yLow?: Expr): Expr {
  const square = block.let("ySquare", mul(y, y));
  const t = block.let("t", sub(square, f64(0.32)));
  const rest = block.let("middle", mul(y, polynomial(block, "middle", erfinvMiddle, t)));
  if (yLow === undefined) return add(y, rest);
  // the slope is exp(x²) · √π / 2, for which a few digits suffice
  const x = block.let("x", add(y, rest));
  const u = block.let("u", mul(x, x));
  const exp = add(f64(1), mul(u, add(f64(1), mul(u, add(f64(0.5), mul(u, f64(1 / 5)))))));
  return add(y, add(rest, mul(yLow, mul(f64(0.886), exp))));
}

/** Smallest q for which erfc⁻¹ is a polynomial of √(−ln q); below it, a step of Halley's method follows. */
const LEAST_TAIL = 1.4e-11;

/** x with erfc x = q for 0 < q < 1.4e−11, by a start value and a step of Halley's method in the logarithm. */
const farRoot: Procedure = /* @__PURE__ */ procedure("farRoot", [["q", "f64"]], (block, [q]) => {
  const log = block.let("log", call(log64, q!));
  const root = block.let("root", sqrt(neg(log)));
  const t = block.let("t", div(sub(root, f64(3)), add(root, f64(3))));
  const x = block.let("x", add(root, polynomial(block, "start", erfcinvStart, t)));
  const scaled = block.let("scaled", call(scaledErfc, x));
  const square = squareOf(block, "xSquare", x);
  // ln erfc x − ln q
  const error = sub(sub(call(log64, scaled), add(square.high, log)), square.low);
  const slope = block.let("slope", div(f64(TWO_PER_ROOT_PI), scaled));
  const step = block.let("step", div(error, slope));
  const bend = mul(f64(0.5), sub(slope, mul(f64(2), x)));
  return add(x, mul(step, sub(f64(1), mul(bend, step))));
});

/** Sets a new local to x with erfc x = q for 0 < q ≤ 0.2, and to the limits: ∞ at 0, NaN below. */
function tailRoot(block: Block, q: Expr): Expr {
  const root = block.let("rootOfLog", sqrt(neg(call(log64, max(q, f64(LEAST_TAIL))))));
  const t = block.let("tailPlace", div(sub(root, f64(2.5)), add(root, f64(2.5))));
  const x = block.let("tailRoot", add(root, polynomial(block, "tail", erfcinvTail, t)));
  block.ifRare(not(le(f64(LEAST_TAIL), q)), (then) => {
    const far = call(farRoot, select(lt(f64(0), q), q, f64(1e-12)));
    then.set(x, select(lt(f64(0), q), far, select(eq(q, f64(0)), f64(Infinity), f64(NaN))));
  });
  return x;
}

/** x with erf x = y: ±∞ at ±1, NaN beyond. Error: at most 3 ulp. */
export const erfinv64: Procedure = /* @__PURE__ */ procedure("erfinv", [["y", "f64"]], (block, [y]) => {
  const value = block.let("value", centralRoot(block, y!));
  const size = block.let("size", abs(y!));
  block.if(not(le(size, f64(CENTRE))), (then) =>
    then.set(value, withSignOf(y!, tailRoot(then, then.let("outer", sub(f64(1), size))))),
  );
  return select(eq(y!, f64(0)), y!, value);
});

/** Sets a new local to x with erfc x = q, for 0 ≤ q ≤ 2. */
function inverseErfc(block: Block, q: Expr): Expr {
  const y = twoSum(block, "y", f64(1), neg(q));
  const value = block.let("value", centralRoot(block, y.high, y.low));
  block.if(not(le(abs(y.high), f64(CENTRE))), (then) => {
    const isLower = then.let("isLower", lt(y.high, f64(0)));
    const tail = tailRoot(then, then.let("outer", select(isLower, sub(f64(2), q), q)));
    then.set(value, select(isLower, neg(tail), tail));
  });
  return value;
}

/** x with erfc x = q: ∞ at 0, −∞ at 2, NaN outside. Error: at most 3 ulp. */
export const erfcinv64: Procedure = /* @__PURE__ */ procedure("erfcinv", [["q", "f64"]], (block, [q]) =>
  inverseErfc(block, q!),
);

/** x with ndtr x = p: −∞ at 0, ∞ at 1, NaN outside. Error: at most 4 ulp. */
export const ndtri64: Procedure = /* @__PURE__ */ procedure("ndtri", [["p", "f64"]], (block, [p]) => {
  const isUpper = block.let("isUpper", lt(f64(0.5), p!));
  // 1 − p is exact there
  const q = block.let("q", mul(f64(2), select(isUpper, sub(f64(1), p!), p!)));
  const root = block.let("root", mul(f64(Math.SQRT2), inverseErfc(block, q)));
  return select(isUpper, root, neg(root));
});
