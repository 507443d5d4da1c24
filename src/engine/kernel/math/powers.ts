import { abs, constant, div, eq, mul, neg, procedure, select, sqrt } from "../build.ts";
import type { Expr, Procedure, ScalarType } from "../scalar.ts";

export type FloatType = Extract<ScalarType, "f32" | "f64">;

/** Procedures that raise x to one fixed exponent, one for each floating type. */
export type Power = Readonly<Record<FloatType, Procedure>>;

function power(name: string, write: (x: Expr, one: (value: Expr) => Expr) => Expr): Power {
  const of = (type: FloatType): Procedure =>
    procedure(`${name}${type.slice(1)}`, [["x", type]], (_, [x]) =>
      write(x!, (value) => div(constant(type, 1), value)),
    );
  return { f32: /* @__PURE__ */ of("f32"), f64: /* @__PURE__ */ of("f64") };
}

/** √x with the special values of a power: 0 for −0, and ∞ for −∞. */
function root(x: Expr): Expr {
  const infinity = constant(x.type, Infinity);
  return select(eq(x, neg(infinity)), infinity, abs(sqrt(x)));
}

/**
 * Powers that products, quotients and roots compute in a fraction of the time of `pow`, with its special values.
 * Maximum errors, in half ulps: 1 for −1, ½ and 2; 2 for 3, −½ and 1½; 3 for 4, −2 and 2½; 4 for −3 and −1½.
 */
export const powers: ReadonlyMap<number, Power> = /* @__PURE__ */ new Map([
  [-3, /* @__PURE__ */ power("perCube", (x, per) => mul(per(mul(x, x)), per(x)))],
  [-2, /* @__PURE__ */ power("perSquare", (x, per) => mul(per(x), per(x)))],
  [-1.5, /* @__PURE__ */ power("perSizeRoot", (x, per) => mul(per(abs(x)), per(root(x))))],
  [-1, /* @__PURE__ */ power("reciprocal", (x, per) => per(x))],
  [-0.5, /* @__PURE__ */ power("perRoot", (x, per) => per(root(x)))],
  [0.5, /* @__PURE__ */ power("root", root)],
  [1.5, /* @__PURE__ */ power("sizeRoot", (x) => mul(abs(x), root(x)))],
  [2, /* @__PURE__ */ power("square", (x) => mul(x, x))],
  [2.5, /* @__PURE__ */ power("squareRoot", (x) => mul(mul(x, x), root(x)))],
  [3, /* @__PURE__ */ power("cube", (x) => mul(mul(x, x), x))],
  [4, /* @__PURE__ */ power("fourth", (x) => mul(mul(x, x), mul(x, x)))],
]);
