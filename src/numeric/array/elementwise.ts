import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { BooleanLike, TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { isDType, isFloating } from "../../engine/ir/types.ts";
import type { DType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes } from "../../engine/util/shape.ts";
import { asFloating, expandTo, floatingOperands, matchOperands } from "./promote.ts";

export type BinaryPrimitive = (x: Tensor, y: Tensor) => Tensor;

function binary(operation: string, op: BinaryPrimitive, x: BooleanLike, y: BooleanLike): Tensor {
  if (x instanceof Tensor && y instanceof Tensor && x.type === y.type) return op(x, y);
  const [a, b] = matchOperands(operation, x, y);
  return op(a, b);
}

/** Like `binary`, for operations with fractional results: integers become float64. */
function fractional(operation: string, op: BinaryPrimitive, x: TensorLike, y: TensorLike): Tensor {
  return op(...floatingOperands(operation, x, y));
}

/** x + y, element by element, with NumPy's broadcasting and promotion. */
export function add(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("add", arguments, 2);
  return binary("add", p.add, x, y);
}

/** x − y. */
export function sub(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("sub", arguments, 2);
  return binary("sub", p.sub, x, y);
}

/** x · y, element by element; for the matrix product use `matmul`. */
export function mul(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("mul", arguments, 2);
  return binary("mul", p.mul, x, y);
}

/** x / y; integers become float64. */
export function div(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("div", arguments, 2);
  return fractional("div", p.div, x, y);
}

/** Remainder of x / y with the sign of x, like JavaScript's `%`. */
export function rem(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("rem", arguments, 2);
  return binary("rem", p.rem, x, y);
}

/**
 * x to the power y; integers become float64. Some plain exponents take a tenth of the time of the general case. 2, 3
 * and 4 multiply; −1, −2 and −3 multiply and divide; half-integers from −1½ to 2½ take roots.
 *
 * Derivative: `y · x^(y−1)` in x (0 for y = 0), `x^y · log x` in y (0 where x = 0 and y ≥ 0).
 */
export function pow(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("pow", arguments, 2);
  if (y === 2) return square(asFloating(x, "pow"));
  if (typeof y === "number") return p.powBy(asFloating(x, "pow"), y);
  return fractional("pow", p.pow, x, y);
}

/** The larger of x and y, element by element; NaN if either is. At a tie each has half the derivative. */
export function maximum(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("maximum", arguments, 2);
  return binary("maximum", p.maximum, x, y);
}

/** The smaller of x and y, element by element; NaN if either is. At a tie each has half the derivative. */
export function minimum(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("minimum", arguments, 2);
  return binary("minimum", p.minimum, x, y);
}

/** The angle of the point (x, y) in radians, from −π to π. */
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("atan2", arguments, 2);
  return fractional("atan2", p.atan2, y, x);
}

/** −x. */
export function neg(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("neg", arguments, 1);
  return p.neg(p.asTensor(x, "neg"));
}

/** |x|. Its derivative at 0 is 0. */
export function abs(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("abs", arguments, 1);
  return p.abs(p.asTensor(x, "abs"));
}

/** Sign of x: −1, 0 or 1. Derivative 0. */
export function sign(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("sign", arguments, 1);
  return p.sign(p.asTensor(x, "sign"));
}

/** x · x. */
export function square(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("square", arguments, 1);
  const t = p.asTensor(x, "square");
  return p.mul(t, t);
}

/** 1 / x. */
export function reciprocal(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("reciprocal", arguments, 1);
  return div(1, x);
}

/** Largest integer not above x. Derivative 0. */
export function floor(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("floor", arguments, 1);
  return p.floor(p.asTensor(x, "floor"));
}

/** Smallest integer not below x. Derivative 0. */
export function ceil(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("ceil", arguments, 1);
  return p.ceil(p.asTensor(x, "ceil"));
}

/** Nearest integer, ties to even. Derivative 0. */
export function round(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("round", arguments, 1);
  return p.round(p.asTensor(x, "round"));
}

/** x rounded towards zero. Derivative 0. */
export function trunc(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("trunc", arguments, 1);
  return p.truncate(p.asTensor(x, "trunc"));
}

function floating(name: string, op: (x: Tensor) => Tensor): (x: TensorLike) => Tensor {
  return function (x) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    return op(asFloating(x, name));
  };
}

/** Square root; NaN below 0. Derivative `1 / (2 √x)`. */
export const sqrt: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("sqrt", p.sqrt);
/** Cube root. Derivative `1 / (3 ∛x²)`. */
export const cbrt: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("cbrt", p.cbrt);
/** e^x. Derivative `e^x`. */
export const exp: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("exp", p.exp);
/** 2^x. Derivative `2^x · log 2`. */
export const exp2: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("exp2", p.exp2);
/** e^x − 1, accurate near 0. Derivative `e^x`. */
export const expm1: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("expm1", p.expm1);
/** Natural logarithm. Derivative `1 / x`. */
export const log: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("log", p.log);
/** log(1 + x), accurate near 0. */
export const log1p: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("log1p", p.log1p);
/** Logarithm to base 2. */
export const log2: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("log2", p.log2);
/** Logarithm to base 10. */
export const log10: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("log10", p.log10);
/** Sine, x in radians. Derivative `cos x`. */
export const sin: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("sin", p.sin);
/** Cosine, x in radians. Derivative `−sin x`. */
export const cos: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("cos", p.cos);
/** Tangent, x in radians. Derivative `1 + tan² x`. */
export const tan: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("tan", p.tan);
/** Inverse sine, in radians from −π/2 to π/2. */
export const asin: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("asin", p.asin);
/** Inverse cosine, in radians from 0 to π. */
export const acos: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("acos", p.acos);
/** Inverse tangent, in radians from −π/2 to π/2. */
export const atan: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("atan", p.atan);
/** Hyperbolic sine. */
export const sinh: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("sinh", p.sinh);
/** Hyperbolic cosine. */
export const cosh: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("cosh", p.cosh);
/**
 * Hyperbolic tangent. Derivative `1 − tanh² x`, computed from the value with an absolute error of 2.3e-16 (float64).
 * For |x| ≥ 19, where the derivative is smaller than that, no digits are left. PyTorch and JAX do the same.
 */
export const tanh: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("tanh", p.tanh);
/** Inverse hyperbolic sine. */
export const asinh: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("asinh", p.asinh);
/** Inverse hyperbolic cosine. */
export const acosh: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("acosh", p.acosh);
/** Inverse hyperbolic tangent. */
export const atanh: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("atanh", p.atanh);
/** Error function. */
export const erf: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("erf", p.erf);
/** 1 − erf x, accurate in the tail. */
export const erfc: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("erfc", p.erfc);
/**
 * 1 / (1 + e^−x). Derivative `σ (1 − σ)`, computed from the value. For x > 0 its absolute error is 1.2e-16 (float64),
 * so that no digits are left for x ≥ 37; for x < 0 it has all its digits. PyTorch and JAX do the same.
 */
export const sigmoid: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("sigmoid", p.sigmoid);
/** log(1 + e^x), without overflow. Derivative: sigmoid. */
export const softplus: (x: TensorLike) => Tensor = /* @__PURE__ */ floating("softplus", p.softplus);

/**
 * x < y, as bool. Do not use it in `if`, because an object is always true: inside a transform write
 * `where(less(x, y), a, b)`.
 */
export function less(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("less", arguments, 2);
  return binary("less", p.less, x, y);
}

/** x ≤ y, as bool. Use it with `where`, not in `if`. */
export function lessEqual(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("lessEqual", arguments, 2);
  return binary("lessEqual", p.lessEqual, x, y);
}

/** x > y, as bool. Use it with `where`, not in `if`. */
export function greater(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("greater", arguments, 2);
  return binary("greater", p.less, y, x);
}

/** x ≥ y, as bool. Use it with `where`, not in `if`. */
export function greaterEqual(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("greaterEqual", arguments, 2);
  return binary("greaterEqual", p.lessEqual, y, x);
}

/** x = y, as bool. Use it with `where`, not in `if`. */
export function equal(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("equal", arguments, 2);
  return binary("equal", p.equal, x, y);
}

/** x ≠ y, as bool. Use it with `where`, not in `if`. */
export function notEqual(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("notEqual", arguments, 2);
  return binary("notEqual", p.notEqual, x, y);
}

function asBool(operation: string, x: BooleanLike): Tensor {
  const t = p.asTensor(x, operation);
  return p.convert(t, "bool");
}

/** True where both operands are true (not 0), as bool. Use it with `where`, not in `if`. */
export function logicalAnd(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("logicalAnd", arguments, 2);
  return binary("logicalAnd", p.both, asBool("logicalAnd", x), asBool("logicalAnd", y));
}

/** True where either operand is true (not 0), as bool. Use it with `where`, not in `if`. */
export function logicalOr(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("logicalOr", arguments, 2);
  return binary("logicalOr", p.either, asBool("logicalOr", x), asBool("logicalOr", y));
}

/** True where x is false (0), as bool. */
export function logicalNot(x: BooleanLike): Tensor {
  if (arguments.length > 1) refuseExtra("logicalNot", arguments, 1);
  const t = asBool("logicalNot", x);
  return p.equal(t, p.zeros(t.type));
}

/** True where x is NaN, as bool. Use it with `where`, not in `if`. */
export function isNaN(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isNaN", arguments, 1);
  const t = p.asTensor(x, "isNaN");
  return p.notEqual(t, t);
}

/** True where x is neither infinite nor NaN, as bool. Use it with `where`, not in `if`. */
export function isFinite(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isFinite", arguments, 1);
  const t = asFloating(x, "isFinite");
  return p.less(p.abs(t), p.full(t.type, Infinity));
}

/**
 * x where the condition holds, else y. Both are computed; the derivative flows to the selected one. If the other side
 * may be NaN or infinite, guard its operand too (`where(c, log(where(c, x, 1)), 0)`), because otherwise its derivative
 * 0 · ∞ makes the result NaN.
 *
 * @throws DownhillError `dtype` if the condition is not bool, `shape` if the three do not fit.
 */
export function where(condition: BooleanLike, x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 3) refuseExtra("where", arguments, 3);
  if (arguments.length === 1)
    throw new DownhillError(
      "tree",
      "where: takes a mask and two values. For the indices where a mask is true use nonzero(mask).",
    );
  const c = p.asTensor(condition, "where");
  if (c.type.dtype !== "bool") {
    throw new DownhillError(
      "dtype",
      `where: the condition is ${showType(c.type)}, not bool. Compare first, as in where(less(x, 0), …).`,
    );
  }
  const [a, b] = matchOperands("where", x, y);
  const shape = broadcastShapes(c.type.shape, a.type.shape);
  if (shape === undefined)
    throw new DownhillError(
      "shape",
      `where: condition ${showType(c.type)} does not fit ${showType(a.type)}.`,
    );
  return p.where(expandTo(c, shape), expandTo(a, shape), expandTo(b, shape));
}

/**
 * x limited to the range from `low` to `high`, which are numbers or arrays; `null` means no limit. Integers become
 * float64 if a bound is a fraction. The derivative in x is 1 inside the range, ends included, and 0 outside, where it
 * flows to the bound.
 *
 * @throws DownhillError `range` for plain bounds that cross, `shape` for bounds that do not fit.
 */
export function clip(x: TensorLike, low: TensorLike | null, high: TensorLike | null): Tensor {
  if (arguments.length > 3) refuseExtra("clip", arguments, 3);
  const isNothing = (bound: unknown): boolean => bound === undefined || typeof bound === "boolean";
  if (
    isNothing(low) ||
    isNothing(high) ||
    (typeof low === "number" && typeof high === "number" && !(low <= high))
  ) {
    throw new DownhillError(
      "range",
      `clip: needs bounds, low before high, as in clip(x, 0, 1); got ${String(low)} and ${String(high)}. Give null for no bound.`,
    );
  }
  const above = low === null ? p.asTensor(x, "clip") : beyond(p.asTensor(x, "clip"), low, "low");
  return high === null ? above : beyond(above, high, "high");
}

/**
 * Returns x limited on one side: to values of at least `bound` (`low`) or at most `bound` (`high`). Integers are
 * unchanged if the bound is infinite.
 */
function beyond(x: Tensor, bound: TensorLike, side: "low" | "high"): Tensor {
  const isOpen = bound === -Infinity || bound === Infinity; // integer dtypes cannot hold infinite bounds
  if (isOpen && !isFloating(x.type.dtype)) return x;
  const [t, limit] = matchOperands("clip", x, bound);
  return p.where(side === "low" ? p.less(t, limit) : p.less(limit, t), limit, t);
}

/** x converted to another dtype. Floats are truncated to integers and saturate; NaN becomes 0. */
export function astype(x: BooleanLike, dtype: DType): Tensor {
  if (arguments.length > 2) refuseExtra("astype", arguments, 2);
  if (!isDType(dtype))
    throw new DownhillError(
      "dtype",
      `astype: unknown dtype ${String(dtype)}. Use float64, float32, int32, uint32 or bool.`,
    );
  return p.convert(p.asTensor(x, "astype"), dtype);
}

/** x, treated as a constant by every derivative. */
export function stopGradient(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("stopGradient", arguments, 1);
  return p.stopGradient(p.asTensor(x, "stopGradient"));
}
