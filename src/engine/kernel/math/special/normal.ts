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
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { erfcinvStart, erfinvStart } from "../coefficients.ts";
import { polynomial, squareOf, twoSum } from "../double-double.ts";
import { erf64, erfc64, erfcOfLarge } from "../erf.ts";
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

/** Largest |y| for which the series of erf is inverted; above it, the tail. erf 0.8125 is slightly larger. */
const CENTRE = 0.7495;

/** x with erf x = y + yLow for |y| ≤ 0.7495: a polynomial and a step of Halley's method. */
const centralRoot: Procedure = /* @__PURE__ */ procedure(
  "centralRoot",
  [
    ["y", "f64"],
    ["yLow", "f64"],
  ],
  (block, [y, yLow]) => {
    const z = block.let("z", mul(y!, y!));
    const x = block.let("x", mul(y!, polynomial(block, "start", erfinvStart, z)));
    const error = sub(sub(call(erf64, x), y!), yLow!);
    const slope = mul(f64(TWO_PER_ROOT_PI), call(exp64, neg(mul(x, x))));
    const step = block.let("step", div(error, slope));
    return sub(x, mul(step, sub(f64(1), mul(x, step))));
  },
);

/** x with erfc x = q for 0 < q ≤ 0.2506, by a start value and a step of Halley's method in the logarithm. */
const tailRoot: Procedure = /* @__PURE__ */ procedure("tailRoot", [["q", "f64"]], (block, [q]) => {
  const log = block.let("log", call(log64, q!));
  const root = block.let("root", sqrt(neg(log)));
  const t = block.let("t", div(sub(root, f64(3)), add(root, f64(3))));
  const x = block.let("x", max(f64(0.8), add(root, polynomial(block, "start", erfcinvStart, t))));
  const scaled = block.let("scaled", call(scaledErfc, x));
  const square = squareOf(block, "xSquare", x);
  // ln erfc x − ln q
  const error = sub(sub(call(log64, scaled), add(square.high, log)), square.low);
  const slope = block.let("slope", div(f64(TWO_PER_ROOT_PI), scaled));
  const step = block.let("step", div(error, slope));
  const bend = mul(f64(0.5), sub(slope, mul(f64(2), x)));
  return add(x, mul(step, sub(f64(1), mul(bend, step))));
});

/** Computes x with erfc x = q for 0 < q < 0.26, and the limits: ∞ at 0, NaN below. */
function tailOf(q: Expr): Expr {
  const inside = call(tailRoot, select(lt(f64(0), q), q, f64(0.25)));
  return select(lt(f64(0), q), inside, select(eq(q, f64(0)), f64(Infinity), f64(NaN)));
}

/** x with erf x = y: ±∞ at ±1, NaN beyond. Error: at most 3 ulp. */
export const erfinv64: Procedure = /* @__PURE__ */ procedure("erfinv", [["y", "f64"]], (block, [y]) => {
  const value = block.let("value", f64(0));
  const size = block.let("size", abs(y!));
  block.if(
    le(size, f64(CENTRE)),
    (then) => then.set(value, call(centralRoot, y!, f64(0))),
    (otherwise) => otherwise.set(value, withSignOf(y!, otherwise.let("tail", tailOf(sub(f64(1), size))))),
  );
  return select(eq(y!, f64(0)), y!, value);
});

/** Sets a new local to x with erfc x = q, for 0 ≤ q ≤ 2. */
function inverseErfc(block: Block, q: Expr): Expr {
  const value = block.let("value", f64(0));
  const y = twoSum(block, "y", f64(1), neg(q));
  const isLower = block.let("isLower", lt(y.high, f64(0)));
  block.if(
    le(abs(y.high), f64(CENTRE)),
    (then) => then.set(value, call(centralRoot, y.high, y.low)),
    (otherwise) => {
      const outer = otherwise.let("outer", select(isLower, sub(f64(2), q), q));
      const tail = otherwise.let("tail", tailOf(outer));
      otherwise.set(value, select(isLower, neg(tail), tail));
    },
  );
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
