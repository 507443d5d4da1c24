// Γ without its power of x: parts of densities that are computed without cancellation of large numbers.
import { abs, add, and, call, div, f64, le, lt, mul, procedure, select, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { digammaTail, expTail, logGammaMiddle, logGammaTail, logTail } from "../coefficients.ts";
import { horner, polynomial, polynomialInTwo } from "../double-double.ts";
import { digammaOfPositive, logGammaOfPositive } from "../gamma.ts";
import { expm164 } from "../exp.ts";
import { log1p64, log64 } from "../log.ts";

/** Smallest x for which Stirling's series is used. */
export const FAR = 8;

const HALF_LOG_2PI = 0.9189385332046728;

/** ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π) for x > 0: the rest of Stirling's formula, 1/12x for large x. */
export const stirlingRest64: Procedure = /* @__PURE__ */ procedure(
  "stirlingRest",
  [["x", "f64"]],
  (block, [x]) => {
    const value = block.let("value", f64(0));
    block.if(
      le(f64(FAR), x!),
      (then) => {
        const inverse = then.let("inverse", div(f64(1), x!));
        const z = then.let("z", mul(inverse, inverse));
        then.set(value, mul(inverse, polynomial(then, "series", logGammaTail, z)));
      },
      (otherwise) => {
        const main = sub(mul(sub(x!, f64(0.5)), call(log64, x!)), sub(x!, f64(HALF_LOG_2PI)));
        otherwise.set(value, sub(call(logGammaOfPositive, x!), main));
      },
    );
    return value;
  },
);

/** ln Γ(1 + x) for x ≥ 0, accurate near 0 too. */
export const logGamma1p64: Procedure = /* @__PURE__ */ procedure("lgamma1p", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(x!, f64(0.75)),
    (then) => {
      // ln Γ(2 + x) − ln(1 + x)
      const series = add(f64(0.4375), add(mul(f64(0.25), x!), horner(logGammaMiddle.map(f64), x!)));
      then.set(value, sub(mul(x!, series), call(log1p64, x!)));
    },
    (otherwise) => otherwise.set(value, call(logGammaOfPositive, add(f64(1), x!))),
  );
  return value;
});

/**
 * Computes x − ln(1 + x) for x > −1, which near 0 is x²/2. `onePlus` is 1 + x, which the caller may know more
 * accurately than the rounded sum.
 */
export const lessLog1p64: Procedure = /* @__PURE__ */ procedure(
  "lessLog1p",
  [
    ["x", "f64"],
    ["onePlus", "f64"],
  ],
  (block, [x, onePlus]) => {
    const value = block.let("value", f64(0));
    block.if(
      and(lt(f64(Math.SQRT1_2), onePlus!), lt(onePlus!, f64(Math.SQRT2))),
      (then) => {
        // with s = x / (2 + x): ln(1 + x) = 2s + s³ P(s²), and x − 2s = s x
        const s = then.let("s", div(x!, add(f64(2), x!)));
        const z = then.let("z", mul(s, s));
        then.set(value, mul(s, sub(x!, mul(z, polynomial(then, "series", logTail, z)))));
      },
      (otherwise) => otherwise.set(value, sub(x!, call(log64, onePlus!))),
    );
    return value;
  },
);

/** eˣ − 1 − x, accurate near 0 too. */
export const expTail64: Procedure = /* @__PURE__ */ procedure("expTail", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(abs(x!), f64(0.3465)),
    (then) => {
      const square = then.let("square", mul(x!, x!));
      then.set(value, mul(square, polynomialInTwo(expTail, x!, square)));
    },
    (otherwise) => otherwise.set(value, sub(call(expm164, x!), x!)),
  );
  return value;
});

/** ln y − ψ(x), for x and y > 0. */
export const logLessDigamma64: Procedure = /* @__PURE__ */ procedure(
  "logLessDigamma",
  [
    ["y", "f64"],
    ["x", "f64"],
  ],
  (block, [y, x]) => {
    const value = block.let("value", f64(0));
    block.if(
      le(f64(FAR), x!),
      (then) => {
        // ln x − ψ(x) = 1 / 2x + x⁻² P(x⁻²)
        const inverse = then.let("inverse", div(f64(1), x!));
        const z = then.let("z", mul(inverse, inverse));
        const rest = add(mul(f64(0.5), inverse), mul(z, polynomial(then, "series", digammaTail, z)));
        const ratio = then.let("ratio", div(y!, x!));
        const isNear = and(lt(f64(0.5), ratio), lt(ratio, f64(2)));
        const log = then.let("log", f64(0));
        then.if(
          isNear,
          (near) => near.set(log, call(log1p64, div(sub(y!, x!), x!))),
          (far) => far.set(log, call(log64, ratio)),
        );
        then.set(value, add(log, rest));
      },
      (otherwise) => otherwise.set(value, sub(call(log64, y!), call(digammaOfPositive, x!))),
    );
    return value;
  },
);

/** ψ(a + b) − ψ(a) for a > 0 and b ≥ 0, relatively accurate for small b too. */
export const digammaRise64: Procedure = /* @__PURE__ */ procedure(
  "digammaRise",
  [
    ["a", "f64"],
    ["b", "f64"],
  ],
  (block, [a, b]) => {
    // up to 8 by ψ(x + 1) = ψ(x) + 1 / x: no term is negative
    const lower = block.let("lower", a!);
    const sum = block.let("sum", f64(0));
    block.while(and(lt(f64(0), lower), lt(lower, f64(FAR))), (loop) => {
      loop.set(sum, add(sum, div(div(b!, lower), add(lower, b!))));
      loop.set(lower, add(lower, f64(1)));
    });
    const upper = block.let("upper", add(lower, b!));
    const rests = sub(call(logLessDigamma64, lower, lower), call(logLessDigamma64, upper, upper));
    const value = add(sum, add(call(log1p64, div(b!, lower)), rests));
    const isInside = and(
      and(lt(f64(0), a!), lt(a!, f64(Infinity))),
      and(le(f64(0), b!), lt(b!, f64(Infinity))),
    );
    return select(isInside, value, f64(NaN));
  },
);
