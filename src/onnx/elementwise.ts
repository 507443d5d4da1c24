import type { ConvertParams } from "../prims/linear.ts";
import type { DType } from "../ir/types.ts";
import { isFloating } from "../ir/types.ts";
import { erfcTail, erfTail } from "../kernel/math/coefficients.ts";
import type { Arithmetic, Form, Operands, Value } from "./form.ts";
import { arithmetic, arithmeticOf, cast, expanded, wrapped } from "./form.ts";
import { elementTypeOf } from "./graph-builder.ts";

/** A form that is one operator. */
function plain(op: string): Form {
  return ({ g, ins }) => g.node(op, ins);
}

/** A form for booleans that is another operator than for numbers. */
function orLogical(logical: string, form: Form): Form {
  return (operands, params) =>
    operands.types[0]!.dtype === "bool" ? operands.g.node(logical, operands.ins) : form(operands, params);
}

/** The result of whole numbers modulo 2³², where they are words without sign. */
function modulo(form: Form): Form {
  return (operands, params) => {
    const out = form(operands, params) as string;
    return operands.types[0]!.dtype === "uint32" ? wrapped(operands.g, out) : out;
  };
}

/** A form by formula for floats, whose kind of elements it gets. */
function formula(f: (a: Arithmetic, x: string, y: string) => string): Form {
  return (operands) => f(arithmetic(operands), operands.ins[0]!, operands.ins[1] ?? "");
}

/** One operator in float32, a formula in float64, for which engines have no kernel of that operator. */
function single(op: string, f: (a: Arithmetic, x: string) => string): Form {
  return (operands, params) =>
    operands.types[0]!.dtype === "float32" ? operands.g.node(op, operands.ins) : formula(f)(operands, params);
}

/** log(1 + x) with the digits of x: what rounding 1 + x loses cancels. Kahan; see Higham, Accuracy and Stability, problem 1.5. */
function log1p(a: Arithmetic, x: string): string {
  const u = a.add(x, 1);
  const difference = a.sub(u, 1);
  const isTiny = a.op("Equal", difference, 0);
  const isLarge = a.op("Equal", u, x);
  const quotient = a.div(a.mul(a.op("Log", u), x), a.where(isTiny, 1, difference));
  return a.where(isTiny, x, a.where(isLarge, a.op("Log", u), quotient));
}

/** eˣ − 1 with the digits of x, by the same idea. */
function expm1(a: Arithmetic, x: string): string {
  const u = a.op("Exp", x);
  const difference = a.sub(u, 1);
  const isTiny = a.op("Equal", difference, 0);
  const isPlain = a.op("Or", a.less(difference, -0.9), a.less(20, x)); // −1 and ∞ among them
  const log = a.op("Log", a.where(a.op("Or", isTiny, isPlain), 2, u));
  return a.where(isTiny, x, a.where(isPlain, difference, a.div(a.mul(difference, x), log)));
}

/**
 * erfc x by e^(−x²) · (5/4 + P(t)) / (1 + 2x), t = (x − 4) / (x + 4), beyond 0.8, and by 1 − erf x before: so small values keep
 * their digits. x² is split so that its rounding does not show: that of 16 x, rounded down, is exact.
 */
function erfc(a: Arithmetic, x: string): string {
  const size = a.op("Min", a.op("Abs", x), 28);
  const head = a.div(a.op("Floor", a.mul(size, 16)), 16);
  const rest = a.mul(a.sub(size, head), a.add(size, head));
  const power = a.mul(a.op("Exp", a.op("Neg", a.mul(head, head))), a.op("Exp", a.op("Neg", rest)));
  const t = a.div(a.sub(size, 4), a.add(size, 4));
  const smooth = a.add(a.polynomial(erfcTail, t), 1.25);
  const right = a.div(a.mul(power, smooth), a.add(a.mul(size, 2), 1));
  const far = a.where(a.less(x, 0), a.sub(2, right), right);
  const isNear = a.op("LessOrEqual", size, 0.8125);
  return a.where(isNear, a.sub(1, erfNearZero(a, a.where(isNear, x, 0))), far);
}

/** erf x for |x| < 0.9. */
function erfNearZero(a: Arithmetic, x: string): string {
  const z = a.mul(x, x);
  const relative = a.add(a.sub(0.125, a.mul(0.375, z)), a.polynomial(erfTail, z));
  return a.add(x, a.mul(x, relative));
}

function erf(a: Arithmetic, x: string): string {
  const isNear = a.op("LessOrEqual", a.op("Abs", x), 0.8125);
  return a.where(isNear, erfNearZero(a, a.where(isNear, x, 0)), a.sub(1, erfc(a, x)));
}

/** cos x; of float64 by sin², since ONNX Runtime has no kernel of its cosine. Its error is that of numbers near 1. */
function cos(a: Arithmetic, x: string): string {
  if (a.type === "float32") return a.op("Cos", x);
  const half = a.op("Sin", a.mul(0.5, x));
  return a.sub(1, a.mul(2, a.mul(half, half)));
}

/** x without its sign, and the sign as a factor that is 1 at 0. */
function halves(a: Arithmetic, x: string): readonly [size: string, sign: string] {
  return [a.op("Abs", x), a.where(a.less(x, 0), -1, 1)];
}

function sinh(a: Arithmetic, x: string): string {
  const [size, sign] = halves(a, x);
  const half = expm1(a, a.op("Min", size, 1));
  const small = a.mul(0.5, a.add(half, a.div(half, a.add(half, 1))));
  const root = a.op("Exp", a.mul(0.5, size)); // e^x itself may overflow where sinh x does not
  const large = a.mul(a.mul(0.5, a.sub(root, a.div(a.div(a.div(1, root), root), root))), root);
  return a.mul(sign, a.where(a.less(size, 1), small, large));
}

function cosh(a: Arithmetic, x: string): string {
  const root = a.op("Exp", a.mul(0.5, a.op("Abs", x)));
  return a.add(a.mul(a.mul(0.5, root), root), a.div(a.div(0.5, root), root));
}

function asinh(a: Arithmetic, x: string): string {
  const [size, sign] = halves(a, x);
  const isLarge = a.less(1e8, size);
  const s = a.where(isLarge, 1, size);
  const square = a.mul(s, s);
  const small = log1p(a, a.add(s, a.div(square, a.add(1, a.op("Sqrt", a.add(square, 1))))));
  return a.mul(sign, a.where(isLarge, a.add(a.op("Log", size), Math.LN2), small));
}

function acosh(a: Arithmetic, x: string): string {
  const isLarge = a.less(1e8, x);
  const t = a.sub(a.where(isLarge, 2, x), 1);
  const small = log1p(a, a.add(t, a.op("Sqrt", a.mul(t, a.add(t, 2)))));
  return a.where(isLarge, a.add(a.op("Log", x), Math.LN2), small);
}

function atanh(a: Arithmetic, x: string): string {
  return a.mul(0.5, log1p(a, a.div(a.mul(2, x), a.sub(1, x))));
}

/**
 * The angle of the point (x, y), which need not lie on the unit circle: engines have arctangents of float32 only, and one step
 * of Newton's method, y' = y + tan(θ − y), makes those of float64 of them.
 */
function angle(operands: Operands, y: string, x: string): string {
  const { g } = operands;
  const a = arithmetic(operands);
  const isZero = a.op("And", a.op("Equal", x, 0), a.op("Equal", y, 0));
  const scale = a.where(isZero, 1, a.op("Max", a.op("Abs", x), a.op("Abs", y)));
  const bounded = (z: string): string =>
    a.where(a.op("Equal", scale, Infinity), signedUnit(a, z), a.div(z, scale));
  const [s, c] = [bounded(y), bounded(x)];
  // within an eighth of a turn of an axis the quotient is at most 1
  const isSteep = a.less(a.op("Abs", c), a.op("Abs", s));
  const quotient = a.div(a.where(isSteep, c, s), a.where(isZero, 1, a.where(isSteep, s, c)));
  const flat = cast(g, g.node("Atan", [cast(g, quotient, "float32")]), a.type);
  const [, sign] = halves(a, s);
  const steep = a.sub(a.mul(sign, Math.PI / 2), flat);
  const back = a.where(a.less(c, 0), a.mul(sign, Math.PI), 0);
  const first = a.where(isSteep, steep, a.add(flat, back));
  if (a.type === "float32") return first;
  const [sine, cosine] = [a.op("Sin", first), cos(a, first)];
  const above = a.sub(a.mul(s, cosine), a.mul(c, sine));
  const below = a.add(a.mul(c, cosine), a.mul(s, sine));
  return a.add(first, a.div(above, a.where(isZero, 1, below)));
}

/** −1, 0 or 1 for an infinite or finite number that stands beside an infinite one. */
function signedUnit(a: Arithmetic, x: string): string {
  return a.where(a.op("Equal", a.op("Abs", x), Infinity), a.op("Sign", x), 0);
}

/** √((1 − x)(1 + x)). */
function cosineOf(a: Arithmetic, x: string): string {
  return a.op("Sqrt", a.mul(a.sub(1, x), a.add(1, x)));
}

function softplus(a: Arithmetic, x: string): string {
  return a.add(a.op("Max", x, 0), log1p(a, a.op("Exp", a.op("Neg", a.op("Abs", x)))));
}

/** Cube root: a power, and one step of Newton's method for its last digits. */
function cbrt(a: Arithmetic, x: string): string {
  const [size, sign] = halves(a, x);
  const isPlain = a.op("Or", a.op("Equal", size, 0), a.op("Equal", size, Infinity));
  const s = a.where(isPlain, 1, size);
  const root = a.op("Pow", s, 1 / 3);
  const square = a.mul(root, root);
  const better = a.sub(root, a.div(a.sub(root, a.div(s, square)), 3));
  return a.where(isPlain, x, a.mul(sign, better));
}

/** Division of integers: by zero it gives 0, by −1 it wraps, and engines must not be asked for either. */
const divide: Form = (operands) => {
  const { ins, types } = operands;
  const a = arithmetic(operands);
  const [x, y] = [ins[0]!, ins[1]!];
  if (isFloating(types[0]!.dtype)) return a.div(x, y);
  const isZero = a.op("Equal", y, 0);
  const isMinus = a.op("Equal", y, -1);
  const safe = a.where(a.op("Or", isZero, isMinus), 1, y);
  return a.where(isZero, 0, a.where(isMinus, a.sub(0, x), a.div(x, safe)));
};

const remainder: Form = (operands) => {
  const { g, ins, types } = operands;
  const a = arithmetic(operands);
  const [x, y] = [ins[0]!, ins[1]!];
  const mod = (divisor: string): string => g.node("Mod", [x, divisor], { fmod: 1 });
  if (isFloating(types[0]!.dtype)) return mod(y);
  const isOdd = a.op("Or", a.op("Equal", y, 0), a.op("Equal", y, -1));
  return a.where(isOdd, 0, mod(a.where(isOdd, 1, y)));
};

const truncate = (a: Arithmetic, x: string): string =>
  a.where(a.less(x, 0), a.op("Ceil", x), a.op("Floor", x));

/** Roundings leave integers as they are. */
function rounding(f: (a: Arithmetic, x: string) => string): Form {
  return (operands) =>
    isFloating(operands.types[0]!.dtype) ? f(arithmetic(operands), operands.ins[0]!) : operands.ins[0]!;
}

/** The range of integers that a number saturates to. */
const ranges: Partial<Record<DType, readonly [least: number, most: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

const convert: Form = ({ g, ins, types }, { dtype }: ConvertParams) => {
  const [x, from] = [ins[0]!, types[0]!.dtype];
  const to = elementTypeOf(dtype);
  if (from === dtype) return x;
  if (dtype === "bool") return g.node("Not", [g.node("Equal", [x, g.scalar(elementTypeOf(from), 0)])]);
  const range = ranges[dtype];
  if (range === undefined || from === "bool") return cast(g, x, to);
  if (isFloating(from)) {
    // in float64, which holds every int32: out of range the result of a cast is undefined
    const a = arithmeticOf(g, "float64");
    const wide = from === "float64" ? x : cast(g, x, "float64");
    const finite = a.where(g.node("IsNaN", [wide]), 0, wide);
    return cast(g, a.op("Min", a.op("Max", finite, range[0]), range[1]), to);
  }
  const long = from === "uint32" ? x : cast(g, x, "int64");
  if (dtype === "uint32") return wrapped(g, long);
  const a = arithmeticOf(g, "int64");
  return cast(g, a.sub(wrapped(g, a.add(long, 2 ** 31)), 2 ** 31), "int32");
};

const select: Form = ({ g, ins, types }) => {
  const [condition, x, y] = ins as [string, string, string];
  if (types[1]!.dtype !== "bool") return g.node("Where", ins);
  return g.node("Or", [g.node("And", [condition, x]), g.node("And", [g.node("Not", [condition]), y])]);
};

const bitwise = (op: string): Form => orLogical(op, plain(`Bitwise${op}`));

/** One word of the block of Threefry-2x32 of the counter (0, c): words without sign are int64 here. */
const threefry: Form = (
  { g, ins, types },
  { word, lead }: { readonly word: string; readonly lead: number },
) => {
  const a = arithmeticOf(g, "int64");
  const counters = types[1]!.shape;
  const half = (i: number): string => {
    const picked = g.node("Gather", [ins[0]!, g.scalar("int64", i)], { axis: lead });
    const shape = counters.map((n, axis) => (axis < lead ? n : 1));
    return g.node("Reshape", [picked, g.ints(shape)]);
  };
  const sum = (x: string, y: Value): string => wrapped(g, a.add(x, y));
  const xor = (x: string, y: Value): string => a.op("BitwiseXor", x, y);
  const [k0, k1] = [half(0), half(1)];
  const keys = [k0, k1, xor(xor(k0, k1), 0x1bd11bda)];
  let [x0, x1] = [k0, sum(ins[1]!, k1)];
  const rotations = [[13, 15, 26, 6], [17, 29, 16, 24]]; // prettier-ignore
  for (let group = 1; group <= 5; group++) {
    for (const n of rotations[(group - 1) % 2]!) {
      x0 = sum(x0, x1);
      x1 = xor(x0, a.add(wrapped(g, a.mul(x1, 2 ** n)), a.div(x1, 2 ** (32 - n))));
    }
    x0 = sum(x0, keys[group % 3]!);
    x1 = sum(sum(x1, keys[(group + 1) % 3]!), group);
  }
  const all = [x0, x1].map((x) => expanded(g, x, counters));
  return word === "first" ? all[0]! : word === "second" ? all[1]! : xor(all[0]!, all[1]!);
};

/** How primitives that work element by element are written, by their names. */
export const elementwiseForms: () => Readonly<Record<string, Form>> = () => ({
  add: orLogical("Or", modulo(plain("Add"))),
  sub: modulo(plain("Sub")),
  mul: orLogical("And", modulo(plain("Mul"))),
  strongMul: (operands, { both }: { readonly both: boolean }) => {
    const a = arithmetic(operands);
    const [x, y] = operands.ins as [string, string];
    const isZero = a.op("Equal", x, 0);
    return a.where(both ? a.op("Or", isZero, a.op("Equal", y, 0)) : isZero, 0, a.mul(x, y));
  },
  strongDiv: formula((a, x, y) => a.where(a.op("Equal", x, 0), 0, a.div(x, y))),
  div: modulo(divide),
  rem: remainder,
  neg: modulo(plain("Neg")),
  abs: (operands) =>
    operands.types[0]!.dtype === "bool" ? operands.ins[0]! : operands.g.node("Abs", operands.ins),
  sqrt: plain("Sqrt"),
  sign: (operands) =>
    operands.types[0]!.dtype === "bool" ? operands.ins[0]! : operands.g.node("Sign", operands.ins),
  floor: rounding((a, x) => a.op("Floor", x)),
  ceil: rounding((a, x) => a.op("Ceil", x)),
  round: rounding((a, x) => a.op("Round", x)),
  trunc: rounding(truncate),
  maximum: orLogical("Or", plain("Max")),
  minimum: orLogical("And", plain("Min")),
  less: (operands) => compare(operands, "Less"),
  lessEqual: (operands) => compare(operands, "LessOrEqual"),
  equal: plain("Equal"),
  notEqual: ({ g, ins }) => g.node("Not", [g.node("Equal", ins)]),
  bitwiseAnd: bitwise("And"),
  bitwiseOr: bitwise("Or"),
  bitwiseXor: bitwise("Xor"),
  convert,
  wholePlace: (operands) => convert(operands, { dtype: "int32", weak: false } as never),
  where: select,
  stopGradient: ({ ins }) => ins[0]!,
  exp: plain("Exp"),
  expm1: formula(expm1),
  exp2: formula((a, x) => a.op("Pow", a.of(2), x)),
  log: plain("Log"),
  log1p: formula(log1p),
  log2: formula((a, x) => a.mul(a.op("Log", x), Math.LOG2E)),
  log10: formula((a, x) => a.mul(a.op("Log", x), Math.LOG10E)),
  sin: plain("Sin"),
  cos: formula(cos),
  tan: formula((a, x) => a.div(a.op("Sin", x), cos(a, x))),
  asin: (operands) => angle(operands, operands.ins[0]!, cosineOf(arithmetic(operands), operands.ins[0]!)),
  acos: (operands) => angle(operands, cosineOf(arithmetic(operands), operands.ins[0]!), operands.ins[0]!),
  atan: (operands) => {
    const a = arithmetic(operands);
    const x = operands.ins[0]!;
    return angle(operands, x, a.where(a.op("Equal", x, x), 1, x));
  },
  atan2: (operands) => angle(operands, operands.ins[0]!, operands.ins[1]!),
  sinh: formula(sinh),
  cosh: formula(cosh),
  tanh: plain("Tanh"),
  asinh: formula(asinh),
  acosh: formula(acosh),
  atanh: formula(atanh),
  cbrt: formula(cbrt),
  erf: single("Erf", erf),
  erfc: formula(erfc),
  sigmoid: plain("Sigmoid"),
  softplus: formula(softplus),
  pow: plain("Pow"),
  powBy: (operands, { exponent }: { readonly exponent: number }) =>
    arithmetic(operands).op("Pow", operands.ins[0]!, exponent),
  threefry,
});

/** Booleans are compared as numbers. */
function compare({ g, ins, types }: Operands, op: string): string {
  return g.node(op, types[0]!.dtype === "bool" ? ins.map((x) => cast(g, x, "int32")) : ins);
}
