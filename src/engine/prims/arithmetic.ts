import { DownhillError, showType } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { builtIn, isMasked } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { rem32 } from "../kernel/math/single/index.ts";
import type { Expr } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { joinFloating, joinTypes, requireNumbers, smoothUnary } from "./elementwise.ts";
import { convert, full, neg, sub, sumMaybe, where, zeros } from "./linear.ts";

const none = {};

const mulPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "mul",
  notation: { infix: "*", precedence: 2 },
  typeOf: (ins) => [joinTypes("mul", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx, dy], [x, y]) => [sumMaybe(dx && mul(dx, y!), dy && mul(x!, dy))],
    transpose([ct], [x, y], _, into, __, masks) {
      into[0]?.add(isMasked(masks) ? strongMul(ct!, y!) : mul(ct!, y!));
      into[1]?.add(isMasked(masks) ? strongMul(ct!, x!) : mul(x!, ct!));
    },
    masked: (ins, _, operand) => maskedMul(ins[operand]!, ins[1 - operand]!),
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x, y]) => (x!.type === "bool" ? k.and(x!, y!) : k.mul(x!, y!)) },
  algebra: { commutes: true, identity: ([x, y]) => (y === 1 ? 0 : x === 1 ? 1 : undefined) },
});

/** x · y; both operands have the same type. For booleans, this is the logical and. */
export function mul(x: Tensor, y: Tensor): Tensor {
  return bind1(mulPrim, [x, y], none);
}

/** Builds the equation `out = x · y`. */
export function mulEquation(out: Var, x: Var, y: Var): Equation {
  return { prim: mulPrim, params: none, ins: [x, y], outs: [out] };
}

/** x times a plain number. */
export function scale(x: Tensor, factor: number): Tensor {
  return mul(x, full(x.type, factor));
}

const divPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "div",
  notation: { infix: "/", precedence: 2 },
  typeOf: (ins) => [joinTypes("div", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx, dy], [, y], [out]) => [
      dx && dy ? div(sub(dx, mul(out!, dy)), y!) : dx ? div(dx, y!) : dy && neg(mul(div(out!, y!), dy)),
    ],
    transpose([ct], [, y], _, into, __, masks) {
      into[0]?.add(isMasked(masks) ? strongDiv(ct!, y!) : div(ct!, y!));
    },
    masked: ([x, y], _, operand) => (operand === 0 ? maskedDiv(x!, y!) : undefined),
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x, y]) => k.div(x!, y!) },
  algebra: { identity: ([, y]) => (y === 1 ? 0 : undefined) },
});

/** x / y; both operands have the same type. Quotients of integers are truncated. */
export function div(x: Tensor, y: Tensor): Tensor {
  return bind1(divPrim, [x, y], none);
}

/** Builds the equation `out = x / y`. */
function divEquation(out: Var, x: Var, y: Var): Equation {
  return { prim: divPrim, params: none, ins: [x, y], outs: [out] };
}

/**
 * Parameters of `strongMul`, a product with a strong zero (`docs/masks.md`): `ct · f`, but 0 wherever `ct` is exactly
 * 0, even if f is infinite or NaN. It multiplies cotangents that have passed a mask: a 0 marks an element that was not
 * chosen, and a plain 0 · ∞ would turn it into NaN.
 *
 * The product is linear in `ct`. The derivatives are strong again; the derivative in `f` is 0 where `ct` is 0, which is
 * another mask.
 */
interface StrongParams {
  /** True if a 0 of `f` also makes the result 0, as in second derivatives, where both operands are cotangents. */
  readonly both: boolean;
}

const isNotZero = (x: Expr): Expr => k.ne(x, k.constant(x.type, 0));

const strongMulPrim: Primitive<StrongParams> = /* @__PURE__ */ builtIn<StrongParams>({
  name: "strongMul",
  notation: { infix: "*", precedence: 2 },
  typeOf: (ins) => [joinFloating("strongMul", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([da, db], [a, b], _, { both }) => [
      sumMaybe(da && strongMul(da, b!, both), db && strongMul(a!, db, both)),
    ],
    chooses: true,
    transpose([ct], [a, b], { both }, into, _, masks) {
      into[0]?.add(strongMul(ct!, b!, both));
      into[1]?.add(strongMul(a!, ct!, both || isMasked(masks)), true);
    },
    masked: ([a, b], { both }, operand) => (operand === 1 && !both ? maskedMul(b!, a!, true) : undefined),
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar([a, b], { both }) {
      const counts = both ? k.and(isNotZero(a!), isNotZero(b!)) : isNotZero(a!);
      return k.select(counts, k.mul(a!, b!), k.constant(a!.type, 0));
    },
  },
});

/** `ct · f`, and 0 where `ct` is 0; with `both`, also where f is 0. */
export function strongMul(ct: Tensor, f: Tensor, both = false): Tensor {
  return bind1(strongMulPrim, [ct, f], { both });
}

const strongDivPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "strongDiv",
  notation: { infix: "/", precedence: 2 },
  typeOf: (ins) => [joinFloating("strongDiv", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([da, db], [, b], [out]) => [
      sumMaybe(da && strongDiv(da, b!), db && neg(strongMul(strongDiv(out!, b!), db))),
    ],
    chooses: true,
    transpose([ct], [, b], _, into) {
      into[0]?.add(strongDiv(ct!, b!));
    },
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([a, b]) => k.select(isNotZero(a!), k.div(a!, b!), k.constant(a!.type, 0)),
  },
});

/** `ct / f`, and 0 where `ct` is 0. */
export function strongDiv(ct: Tensor, f: Tensor): Tensor {
  return bind1(strongDivPrim, [ct, f], none);
}

/**
 * Parameters of `maskedMul`, a product of a tangent `dx` that may have passed a mask: `dx · f`, but 0 instead of NaN
 * where `dx` is exactly 0. It is the forward counterpart of `strongMul`: the mask chose a constant, so an infinite
 * slope after it does not contribute. Without `both`, all other elements, and the transpose, equal those of the plain
 * product.
 */
interface MaskedParams {
  /**
   * True if a 0 of `f` is strong as well, as in second derivatives, where `f` is a tangent or cotangent of the first
   * differentiation.
   */
  readonly both: boolean;
}

const isBelowInfinity = (x: Expr): Expr => k.lt(k.abs(x), k.constant(x.type, Infinity));
const isAboveZero = (x: Expr): Expr => k.lt(k.constant(x.type, 0), k.abs(x));

const maskedMulPrim: Primitive<MaskedParams> = /* @__PURE__ */ builtIn<MaskedParams>({
  name: "maskedMul",
  notation: { infix: "*", precedence: 2 },
  typeOf: (ins) => [joinFloating("maskedMul", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([da, db], [a, b], _, { both }) => [
      sumMaybe(da && maskedMul(da, b!, both), db && strongMul(a!, db, both)),
    ],
    chooses: true,
    transpose([ct], [a, b], { both }, into, _, masks) {
      if (both) into[0]?.add(strongMul(b!, ct!, isMasked(masks)), true);
      else into[0]?.add(isMasked(masks) ? strongMul(ct!, b!) : mul(b!, ct!));
      into[1]?.add(strongMul(a!, ct!, both || isMasked(masks)), true);
    },
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar([a, b], { both }) {
      const counts = k.or(isNotZero(a!), isBelowInfinity(b!));
      return k.select(both ? k.and(isNotZero(b!), counts) : counts, k.mul(a!, b!), k.constant(a!.type, 0));
    },
  },
});

/** `dx · f`, and 0 where `dx` is 0 and f is infinite or NaN; with `both`, also where f is 0. */
export function maskedMul(dx: Tensor, f: Tensor, both = false): Tensor {
  return bind1(maskedMulPrim, [dx, f], { both });
}

const maskedDivPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "maskedDiv",
  notation: { infix: "/", precedence: 2 },
  typeOf: (ins) => [joinFloating("maskedDiv", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([da, db], [, b], [out]) => [
      sumMaybe(da && maskedDiv(da, b!), db && neg(strongMul(strongDiv(out!, b!), db))),
    ],
    chooses: true,
    transpose([ct], [, b], _, into, __, masks) {
      into[0]?.add(isMasked(masks) ? strongDiv(ct!, b!) : div(ct!, b!));
    },
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([a, b]) => k.select(k.or(isNotZero(a!), isAboveZero(b!)), k.div(a!, b!), k.constant(a!.type, 0)),
  },
});

/** `dx / f`, and 0 where `dx` is 0 and f is 0 or NaN. */
export function maskedDiv(dx: Tensor, f: Tensor): Tensor {
  return bind1(maskedDivPrim, [dx, f], none);
}

/**
 * For a masked product or quotient, returns the constructor of the plain equation (`plain`) and a predicate
 * (`isSameBy`). The predicate is true for constant factors with which the plain and the masked equation have equal
 * results. Undefined for other equations.
 */
export function unmaskedOf({
  prim,
  params,
}: Equation):
  { readonly plain: typeof mulEquation; readonly isSameBy: (factor: number) => boolean } | undefined {
  if (prim === maskedDivPrim) return { plain: divEquation, isSameBy: (factor) => Math.abs(factor) > 0 };
  if (prim !== maskedMulPrim) return undefined;
  const { both } = params as MaskedParams;
  return { plain: mulEquation, isSameBy: (factor) => Number.isFinite(factor) && !(both && factor === 0) };
}

/** True if an equation is a product or quotient with a strong zero (see docs/masks.md). */
export function isStrong({ prim }: Equation): boolean {
  return prim === strongMulPrim || prim === strongDivPrim;
}

/**
 * Returns the constructor of the plain equation for a product or quotient with a strong zero (see docs/masks.md) of its
 * first operand only. Undefined for other equations.
 */
export function plainOf({ prim, params }: Equation): typeof mulEquation | undefined {
  if (prim === strongMulPrim) return (params as StrongParams).both ? undefined : mulEquation;
  return prim === strongDivPrim ? divEquation : undefined;
}

const remPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "rem",
  notation: { infix: "%", precedence: 2 },
  typeOf: (ins) => [requireNumbers("rem", joinTypes("rem", ins))],
  derivative: {
    kind: "smooth",
    jvp: ([dx, dy], [x, y], [out]) => [sumMaybe(dx, dy && neg(mul(wholeSteps(x!, y!, out!), dy)))],
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([x, y]) => (x!.type === "f32" ? k.call(rem32, x!, y!) : k.binary("rem", x!, y!)),
  },
});

/**
 * The integer q for which x = q · y + out, where out is the remainder. It differs from trunc(x / y) where x / y is
 * rounded up to the next integer. Where out is NaN, for example for y = 0, it is trunc(x / y).
 */
function wholeSteps(x: Tensor, y: Tensor, out: Tensor): Tensor {
  return where(equal(out, out), round(div(sub(x, out), y)), truncate(div(x, y)));
}

/** Remainder of x / y, with the sign of x. */
export function rem(x: Tensor, y: Tensor): Tensor {
  return bind1(remPrim, [x, y], none);
}

const sqrtPrim: Primitive<object> = /* @__PURE__ */ smoothUnary("sqrt", {
  scalar: k.sqrt,
  jvp: (dx, _, out) => div(dx, scale(out, 2)),
});

/** Square root. */
export function sqrt(x: Tensor): Tensor {
  return bind1(sqrtPrim, [x], none);
}

const absPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "abs",
  typeOf: (ins) => [joinTypes("abs", ins)],
  derivative: { kind: "smooth", jvp: ([dx], [x]) => [dx && mul(dx, sign(x!))] },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([x]) => (x!.type === "u32" || x!.type === "bool" ? x! : k.abs(x!)),
  },
});

/** |x|, with slope 0 at 0. */
export function abs(x: Tensor): Tensor {
  return bind1(absPrim, [x], none);
}

/** Defines a piecewise constant primitive; its derivative is zero. */
function definePiecewiseConstant(name: string, scalar: (x: Expr) => Expr): Primitive<object> {
  return builtIn<object>({
    name,
    typeOf: (ins) => [joinTypes(name, ins)],
    derivative: { kind: "constant" },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => scalar(x!) },
  });
}

/** Defines a rounding function; integers stay unchanged. */
function defineRounding(name: string, op: "floor" | "ceil" | "nearest" | "trunc"): Primitive<object> {
  return definePiecewiseConstant(name, (x) => (isFloat(x.type) ? k.unary(op, x) : x));
}

const signPrim: Primitive<object> = /* @__PURE__ */ definePiecewiseConstant("sign", (x) => {
  const zero = k.constant(x.type, 0);
  const one = k.constant(x.type, 1);
  const below = x.type === "u32" || x.type === "bool" ? zero : k.constant(x.type, -1);
  return k.select(k.lt(zero, x), one, k.select(k.lt(x, zero), below, x)); // 0, −0 and NaN are returned unchanged
});
const floorPrim: Primitive<object> = /* @__PURE__ */ defineRounding("floor", "floor");
const ceilPrim: Primitive<object> = /* @__PURE__ */ defineRounding("ceil", "ceil");
const roundPrim: Primitive<object> = /* @__PURE__ */ defineRounding("round", "nearest");
const truncPrim: Primitive<object> = /* @__PURE__ */ defineRounding("trunc", "trunc");

/** Sign of x: −1, 0 or 1. Returns −0 and NaN unchanged. */
export const sign = (x: Tensor): Tensor => bind1(signPrim, [x], none);
export const floor = (x: Tensor): Tensor => bind1(floorPrim, [x], none);
export const ceil = (x: Tensor): Tensor => bind1(ceilPrim, [x], none);
/** Rounds to the nearest integer, ties to even. */
export const round = (x: Tensor): Tensor => bind1(roundPrim, [x], none);
export const truncate = (x: Tensor): Tensor => bind1(truncPrim, [x], none);

/**
 * Defines the elementwise maximum or minimum. At a tie, each operand gets half the derivative. The tangent of the
 * operand that is not chosen may be infinite, so it is selected away instead of multiplied by 0.
 */
function defineExtremum(name: string, op: "max" | "min"): Primitive<object> {
  return builtIn<object>({
    name,
    typeOf: (ins) => [joinTypes(name, ins)],
    derivative: {
      kind: "smooth",
      jvp: ([dx, dy], [x, y]) => [sumMaybe(dx && chosen(op, dx, x!, y!), dy && chosen(op, dy, y!, x!))],
      chooses: true,
    },
    batch: "elementwise",
    lowering: {
      kind: "elementwise",
      scalar: ([x, y]) =>
        x!.type === "bool" ? (op === "max" ? k.or(x!, y!) : k.and(x!, y!)) : k.binary(op, x!, y!),
    },
  });
}

/**
 * The tangent of x in the maximum or minimum of x and y: halved at a tie, 0 where y is chosen. With a NaN operand, both
 * operands keep their tangent.
 */
function chosen(op: "max" | "min", dx: Tensor, x: Tensor, y: Tensor): Tensor {
  const isLeftOut = op === "max" ? less(x, y) : less(y, x);
  const share = where(equal(x, y), full(x.type, 0.5), full(x.type, 1));
  return mul(where(isLeftOut, zeros(x.type), dx), share);
}

const maximumPrim: Primitive<object> = /* @__PURE__ */ defineExtremum("maximum", "max");
const minimumPrim: Primitive<object> = /* @__PURE__ */ defineExtremum("minimum", "min");
export const maximum = (x: Tensor, y: Tensor): Tensor => bind1(maximumPrim, [x, y], none);
export const minimum = (x: Tensor, y: Tensor): Tensor => bind1(minimumPrim, [x, y], none);

/** Defines a comparison; the result is bool with the shape of the operands. */
function defineComparison(name: string, op: "lt" | "le" | "eq" | "ne", infix: string): Primitive<object> {
  return builtIn<object>({
    name,
    notation: { infix, precedence: 0 },
    typeOf: (ins) => [arrayType("bool", joinTypes(name, ins).shape)],
    derivative: { kind: "constant" },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x, y]) => k.binary(op, x!, y!) },
    algebra: { commutes: op === "eq" || op === "ne" },
  });
}

const lessPrim: Primitive<object> = /* @__PURE__ */ defineComparison("less", "lt", "<");
const lessEqualPrim: Primitive<object> = /* @__PURE__ */ defineComparison("lessEqual", "le", "<=");
const equalPrim: Primitive<object> = /* @__PURE__ */ defineComparison("equal", "eq", "==");
const notEqualPrim: Primitive<object> = /* @__PURE__ */ defineComparison("notEqual", "ne", "!=");
export const less = (x: Tensor, y: Tensor): Tensor => bind1(lessPrim, [x, y], none);
export const lessEqual = (x: Tensor, y: Tensor): Tensor => bind1(lessEqualPrim, [x, y], none);
export const equal = (x: Tensor, y: Tensor): Tensor => bind1(equalPrim, [x, y], none);
export const notEqual = (x: Tensor, y: Tensor): Tensor => bind1(notEqualPrim, [x, y], none);

/** Defines a bitwise operation on integers, or a logical one on booleans. */
function defineBitwise(name: string, op: "and" | "or" | "xor", infix: string): Primitive<object> {
  return builtIn<object>({
    name,
    notation: { infix, precedence: -1 },
    typeOf: (ins) => [integral(name, joinTypes(name, ins))],
    derivative: { kind: "constant" },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x, y]) => k.binary(op, x!, y!) },
    algebra: {
      identity: ([x, y]) => (op === "and" ? first(x === 0, y === 0) : first(y === 0, x === 0)),
    },
  });
}

/**
 * Index of the operand that equals the result, from two conditions: 0 if `isLeft`, otherwise 1 if `isRight`, otherwise
 * undefined. For example, x & 0 is 0, and x | 0 is x.
 */
function first(isLeft: boolean, isRight: boolean): number | undefined {
  return isLeft ? 0 : isRight ? 1 : undefined;
}

function integral(name: string, type: ArrayType): ArrayType {
  if (type.dtype === "float64" || type.dtype === "float32") {
    throw new DownhillError("dtype", `${name}: needs integers or booleans, not ${showType(type)}.`);
  }
  return type;
}

const andPrim: Primitive<object> = /* @__PURE__ */ defineBitwise("bitwiseAnd", "and", "&");
const orPrim: Primitive<object> = /* @__PURE__ */ defineBitwise("bitwiseOr", "or", "|");
const xorPrim: Primitive<object> = /* @__PURE__ */ defineBitwise("bitwiseXor", "xor", "xor");
export const both = (x: Tensor, y: Tensor): Tensor => bind1(andPrim, [x, y], none);
export const either = (x: Tensor, y: Tensor): Tensor => bind1(orPrim, [x, y], none);
export const differ = (x: Tensor, y: Tensor): Tensor => bind1(xorPrim, [x, y], none);

/** Defines a bit shift of integers; shift counts are taken modulo 32. */
function defineShift(name: string, op: "shl" | "shr", infix: string): Primitive<object> {
  return builtIn<object>({
    name,
    notation: { infix, precedence: -1 },
    typeOf: (ins) => [requireNumbers(name, integral(name, joinTypes(name, ins)))],
    derivative: { kind: "constant" },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x, y]) => k.binary(op, x!, y!) },
    algebra: { identity: ([, y]) => (y === 0 ? 0 : undefined) },
  });
}

const shiftLeftPrim: Primitive<object> = /* @__PURE__ */ defineShift("leftShift", "shl", "<<");
const shiftRightPrim: Primitive<object> = /* @__PURE__ */ defineShift("rightShift", "shr", ">>");
export const leftShift = (x: Tensor, y: Tensor): Tensor => bind1(shiftLeftPrim, [x, y], none);
/** Shifts right. The shift is arithmetic for int32: the sign is preserved. */
export const rightShift = (x: Tensor, y: Tensor): Tensor => bind1(shiftRightPrim, [x, y], none);

/** Converts a bool tensor to 0 and 1 of a floating type. */
export function indicator(condition: Tensor, type: ArrayType): Tensor {
  return convert(condition, type.dtype, type.weak);
}
