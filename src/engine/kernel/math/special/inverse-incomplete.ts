// The inverses of the incomplete gamma and beta functions in x. As functions of ln x, or of the logarithm of the odds x
// / (1 − x), the logarithms of both tails are concave: the densities tᵃ e⁻ᵗ and tᵃ (1 − t)ᵇ are log-concave there, and
// so are their integrals. Therefore Newton's method in these logarithms converges from any start; Halley's step is
// limited to twice Newton's. The tail that is solved for is at most ½.
import type { Block } from "../../build.ts";
import {
  abs,
  add,
  and,
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
  or,
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { exp64, expm164 } from "../exp.ts";
import { log1p64, log64 } from "../log.ts";
import { areParameters, betaln64 } from "./beta.ts";
import { betaLowerTail, betaPower64 } from "./incomplete-beta.ts";
import { gammainc64, gammaincc64, gammaPower64 } from "./incomplete-gamma.ts";
import { ndtri64 } from "./normal.ts";
import { logGamma1p64 } from "./stirling.ts";

/** Limit on the steps of the search. No operands reach it. */
const MOST_STEPS = 100;

/**
 * Maximum change of the logarithm of x, or of its odds, per step, so that a bad start does not lead to a point where
 * tails underflow.
 */
const LONGEST = 2;

/** Change by which the search steps back from a point where a tail has underflowed. */
const BACK = 0.1;

/** Step length, relative to the width of the density, below which the next step would change nothing. */
const LAST = 1e-6;

/** Quantities that a step of the search needs at a point. */
interface TailEvaluation {
  readonly tail: Expr;
  /** Density over the logarithm of x or of its odds; `slope` is the derivative of its logarithm. */
  readonly density: Expr;
  readonly slope: Expr;
}

/**
 * Searches for the x, or the odds of x, at which a tail equals `target`, and stores it in the local `x`. `sign` is 1
 * for the lower tail and −1 for the upper one.
 */
function search(
  block: Block,
  x: Expr,
  { target, sign }: Record<"target" | "sign", Expr>,
  look: (loop: Block) => TailEvaluation,
): void {
  const steps = block.let("steps", f64(0));
  const left = block.let("left", f64(1));
  const isOpen = and(lt(f64(LAST), left), lt(steps, f64(MOST_STEPS)));
  block.while(and(isOpen, and(lt(f64(0), x), lt(x, f64(Infinity)))), (loop) => {
    const { tail, density, slope } = look(loop);
    const isGone = loop.let("isGone", eq(tail, f64(0)));
    const rate = loop.let("rate", select(isGone, sign, mul(sign, div(density, tail))));
    const newton = loop.let("newton", neg(div(call(log64, div(tail, target)), rate)));
    const bend = loop.let("bend", sub(slope, rate));
    const halley = div(newton, max(f64(0.5), add(f64(1), mul(f64(0.5), mul(newton, bend)))));
    const wanted = loop.let("wanted", select(isGone, mul(sign, f64(BACK)), halley));
    const step = loop.let("step", max(f64(-LONGEST), min(f64(LONGEST), wanted)));
    loop.set(x, mul(x, call(exp64, step)));
    loop.set(left, mul(abs(step), add(f64(1), abs(bend))));
    loop.set(steps, add(steps, f64(1)));
  });
}

/**
 * The x at which a tail of the gamma distribution of shape a has the probability `target`, at most ½. It is the lower tail
 * if `sign` is 1, the upper one if it is −1.
 */
const gammaRoot: Procedure = /* @__PURE__ */ procedure(
  "gammaRoot",
  [
    ["a", "f64"],
    ["target", "f64"],
    ["sign", "f64"],
  ],
  (block, [a, target, sign]) => {
    const x = block.let("x", f64(0));
    const isLower = block.let("isLower", lt(f64(0), sign!));
    const logTarget = block.let("logTarget", call(log64, target!));
    block.if(
      lt(f64(1), a!),
      (then) => {
        // Wilson and Hilferty: the cube root is approximately normal
        const z = then.let("z", mul(sign!, call(ndtri64, target!)));
        const mean = sub(f64(1), div(f64(1), mul(f64(9), a!)));
        const root = then.let("root", max(f64(0), add(mean, div(z, mul(f64(3), sqrt(a!))))));
        then.set(x, mul(a!, mul(root, mul(root, root))));
      },
      (otherwise) => otherwise.set(x, select(isLower, f64(0), neg(logTarget))), // Q(a, x) ≤ e^−x for a ≤ 1
    );
    // P(a, x) ≤ xᵃ / Γ(a + 1), which is close for small x
    const logLower = block.let("logLower", select(isLower, logTarget, call(log1p64, neg(target!))));
    const small = block.let("small", call(exp64, div(add(logLower, call(logGamma1p64, a!)), a!)));
    const isSmall = or(isLower, and(le(a!, f64(1)), lt(small, f64(0.1))));
    block.set(x, select(isSmall, select(isLower, max(x, small), small), x));
    search(block, x, { target: target!, sign: sign! }, (loop) => {
      const tail = loop.let("tail", f64(0));
      loop.if(
        isLower,
        (then) => then.set(tail, call(gammainc64, a!, x)),
        (otherwise) => otherwise.set(tail, call(gammaincc64, a!, x)),
      );
      return { tail, density: call(gammaPower64, a!, x), slope: sub(a!, x) };
    });
    return x;
  },
);

/** Quantile for a probability p of the lower tail, or q of the upper one, including its limits; NaN outside. */
function gammaQuantile(block: Block, a: Expr, probability: Expr, sign: 1 | -1): Expr {
  const isShape = and(lt(f64(0), a), lt(a, f64(Infinity)));
  const isInside = block.let("isInside", and(isShape, and(lt(f64(0), probability), lt(probability, f64(1)))));
  const given = block.let("given", select(isInside, probability, f64(0.5)));
  const shape = block.let("shape", select(isInside, a, f64(1)));
  const isSmall = block.let("isSmall", le(given, f64(0.5)));
  const target = select(isSmall, given, sub(f64(1), given));
  const value = call(gammaRoot, shape, target, select(isSmall, f64(sign), f64(-sign)));
  const isZero = eq(probability, f64(sign === 1 ? 0 : 1));
  const isOne = eq(probability, f64(sign === 1 ? 1 : 0));
  const atEnd = select(isZero, f64(0), select(isOne, f64(Infinity), f64(NaN)));
  return select(isInside, value, select(isShape, atEnd, f64(NaN)));
}

/**
 * x with P(a, x) = p, for 0 < a < ∞: 0 for p = 0, ∞ for p = 1, NaN outside. Relative error: below 1e−13, or 4 · 2^−52
 * times the sum of |a ∂x/∂a| and |p ∂x/∂p| (measured).
 */
export const gammaincinv64: Procedure = /* @__PURE__ */ procedure(
  "gammaincinv",
  [
    ["a", "f64"],
    ["p", "f64"],
  ],
  (block, [a, p]) => gammaQuantile(block, a!, p!, 1),
);

/** x with Q(a, x) = q: ∞ for q = 0, 0 for q = 1; otherwise as the inverse of P. */
export const gammainccinv64: Procedure = /* @__PURE__ */ procedure(
  "gammainccinv",
  [
    ["a", "f64"],
    ["q", "f64"],
  ],
  (block, [a, q]) => gammaQuantile(block, a!, q!, -1),
);

/** I(a, b, x) with y = 1 − x, by the smaller tail. */
const betaDistribution: Procedure = /* @__PURE__ */ procedure(
  "betaDistribution",
  [
    ["a", "f64"],
    ["b", "f64"],
    ["x", "f64"],
    ["y", "f64"],
  ],
  (block, [a, b, x, y]) => {
    const value = block.let("value", f64(0));
    block.if(
      and(lt(mul(a!, y!), mul(b!, x!)), le(f64(0.1), b!)),
      (then) => then.set(value, sub(f64(1), call(betaLowerTail(0), b!, a!, y!, x!))),
      (otherwise) => otherwise.set(value, call(betaLowerTail(0), a!, b!, x!, y!)),
    );
    return value;
  },
);

/** Odds x / (1 − x) of the x at which I(a, b, x) equals `target`, at most ½. */
const betaRoot: Procedure = /* @__PURE__ */ procedure(
  "betaRoot",
  [
    ["a", "f64"],
    ["b", "f64"],
    ["target", "f64"],
  ],
  (block, [a, b, target]) => {
    const odds = block.let("odds", f64(0));
    const log = block.let("logTarget", call(log64, target!));
    const sum = block.let("sum", add(a!, b!));
    block.if(
      le(f64(1), min(a!, b!)),
      (then) => {
        // Abramowitz and Stegun 26.5.22
        const z = then.let("z", neg(call(ndtri64, target!)));
        const [perA, perB] = [
          then.let("perA", div(f64(1), sub(mul(f64(2), a!), f64(1)))),
          then.let("perB", div(f64(1), sub(mul(f64(2), b!), f64(1)))),
        ];
        const l = then.let("l", div(sub(mul(z, z), f64(3)), f64(6)));
        const h = then.let("h", div(f64(2), add(perA, perB)));
        const skew = mul(sub(perB, perA), sub(add(l, f64(5 / 6)), div(f64(2 / 3), h)));
        const w = sub(div(mul(z, sqrt(add(l, h))), h), skew);
        then.set(odds, mul(div(a!, b!), call(exp64, mul(f64(-2), w))));
      },
      (otherwise) => {
        // by xᵃ / a up to the mean and yᵇ / b from there on
        const below = otherwise.let("below", div(call(exp64, mul(a!, call(log64, div(a!, sum)))), a!));
        const above = otherwise.let("above", div(call(exp64, mul(b!, call(log64, div(b!, sum)))), b!));
        const whole = otherwise.let("whole", add(below, above));
        otherwise.if(
          lt(mul(target!, whole), below),
          (near) => {
            const x = near.let(
              "startX",
              min(f64(0.99), call(exp64, div(add(log, call(log64, mul(a!, whole))), a!))),
            );
            near.set(odds, div(x, sub(f64(1), x)));
          },
          (far) => {
            const rest = mul(mul(b!, whole), sub(f64(1), target!));
            const y = far.let("startY", max(f64(1e-300), call(exp64, div(call(log64, rest), b!))));
            far.set(odds, div(max(f64(0.01), sub(f64(1), y)), y));
          },
        );
      },
    );
    // I ≤ xᵃ / a B(a, b) for b ≥ 1, which is close for small x
    block.if(le(f64(1), b!), (then) => {
      const logSize = add(call(log64, a!), call(betaln64, a!, b!));
      const logPlace = then.let("logPlace", min(f64(-1e-3), div(add(log, logSize), a!)));
      then.set(odds, max(odds, div(call(exp64, logPlace), neg(call(expm164, logPlace)))));
    });
    search(block, odds, { target: target!, sign: f64(1) }, (loop) => {
      const y = loop.let("y", div(f64(1), add(f64(1), odds)));
      const x = loop.let("x", mul(odds, y));
      return {
        tail: loop.let("tail", call(betaDistribution, a!, b!, x, y)),
        density: call(betaPower64, a!, b!, x, y),
        slope: sub(mul(a!, y), mul(b!, x)),
      };
    });
    return odds;
  },
);

/**
 * x with I(a, b, x) = p, for 0 < a, b < ∞ and 0 ≤ p ≤ 1; NaN outside. Relative error: below 1e−13, or 4 · 2^−52 times
 * the sum of |a ∂x/∂a|, |b ∂x/∂b| and |p ∂x/∂p| (measured).
 */
export const betaincinv64: Procedure = /* @__PURE__ */ procedure(
  "betaincinv",
  [
    ["a", "f64"],
    ["b", "f64"],
    ["p", "f64"],
  ],
  (block, [a, b, p]) => {
    const areShapes = areParameters(a!, b!);
    const isInside = block.let("isInside", and(areShapes, and(lt(f64(0), p!), lt(p!, f64(1)))));
    const instead = (name: string, value: Expr): Expr => block.let(name, select(isInside, value, f64(0.5)));
    const [first, second, given] = [instead("first", a!), instead("second", b!), instead("given", p!)];
    const isLower = block.let("isLower", le(given, f64(0.5)));
    const target = select(isLower, given, sub(f64(1), given));
    const odds = block.let(
      "odds",
      call(betaRoot, select(isLower, first, second), select(isLower, second, first), target),
    );
    // x = odds / (1 + odds), with inverse odds for the upper tail; each is relatively accurate
    const inverse = block.let("inverse", div(f64(1), odds));
    const ratio = block.let("ratio", select(isLower, inverse, odds));
    const root = div(f64(1), add(f64(1), ratio));
    const isEnd = and(areShapes, eq(mul(p!, sub(f64(1), p!)), f64(0)));
    return select(isInside, root, select(isEnd, p!, f64(NaN)));
  },
);

/**
 * sign(u) √x with I(½, b, x) = |u|: the inverse of `betaincOfSquare` in w, smooth at 0; the error is that of
 * `betaincinv`.
 */
export const betaincOfSquareInverse64: Procedure = /* @__PURE__ */ procedure(
  "betaincOfSquareInverse",
  [
    ["b", "f64"],
    ["u", "f64"],
  ],
  (_, [b, u]) => {
    const root = sqrt(call(betaincinv64, f64(0.5), b!, abs(u!)));
    return select(lt(u!, f64(0)), neg(root), root);
  },
);
