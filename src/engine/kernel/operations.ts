import { internalError } from "../errors/index.ts";
import { assertNever } from "../util/assert-never.ts";

// Table of the scalar operations of the vocabulary: their types, their meaning in JavaScript, and how they are printed.
// Backends are tested against it.

/** Machine types of scalars; a `bool` is 0 or 1. */
export type ScalarType = "f64" | "f32" | "i32" | "u32" | "bool";

type UnaryScalarFunction = (x: number) => number;
export type BinaryScalarFunction = (x: number, y: number) => number;

/** One operation in the table of operations. */
interface ScalarOperation<F, Symbol extends string = string> {
  /** Function that computes the operation, for each operand type that it supports. */
  readonly of: Readonly<Partial<Record<ScalarType, F>>>;
  /** Result type; absent if it equals the operand type. */
  readonly gives?: ScalarType;
  /**
   * Symbol by which the operation is printed, before its operand or between its operands. Without a symbol it is
   * printed as `name(…)`.
   */
  readonly symbol?: Symbol;
}

/**
 * Operations on one scalar. `highWord`/`lowWord` return the halves of a float64 as int32, `bitsOf`/`fromBits`
 * reinterpret a float32.
 */
export type UnaryOp =
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "ceil"
  | "trunc"
  | "nearest" // to the nearest integer, ties to even
  | "not"
  | "highWord"
  | "lowWord"
  | "bitsOf"
  | "fromBits";

/**
 * Operations on two scalars of one type. Integers wrap; `div` and `rem` by zero yield 0, and MIN / −1 wraps. `min` and
 * `max` of floats yield NaN if either is NaN, and order −0 below +0. `shr` is arithmetic on int32 and logical on
 * uint32; shift counts are taken modulo 32. Comparisons yield a bool; `fromWords(high, low)` combines two int32 to a
 * float64.
 */
export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "rem"
  | "min"
  | "max"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr"
  | "lt"
  | "le"
  | "eq"
  | "ne"
  | "fromWords";

export const unaryOperations: Readonly<Record<UnaryOp, ScalarOperation<UnaryScalarFunction, "-" | "!">>> =
  /* @__PURE__ */ listUnary();
export const binaryOperations: Readonly<Record<BinaryOp, ScalarOperation<BinaryScalarFunction>>> =
  /* @__PURE__ */ listBinary();

function listUnary(): Record<UnaryOp, ScalarOperation<UnaryScalarFunction, "-" | "!">> {
  return {
    neg: { symbol: "-", of: { ...real((x) => -x), ...wrapped((x) => 0 - x) } },
    abs: {
      of: {
        ...real((x) => (x < 0 || Object.is(x, -0) ? -x : x)),
        ...wrapped((x) => (x < 0 ? 0 - x : x)),
      },
    },
    sqrt: { of: { f64: (x) => Math.sqrt(x), f32: (x) => Math.fround(Math.sqrt(x)) } },
    floor: { of: real((x) => Math.floor(x)) },
    ceil: { of: real((x) => Math.ceil(x)) },
    trunc: { of: real((x) => Math.trunc(x)) },
    nearest: { of: real(nearest) },
    not: { symbol: "!", of: { bool: (x) => (x === 0 ? 1 : 0) } },
    highWord: { gives: "i32", of: { f64: (x) => float64Words(x).getInt32(0) } },
    lowWord: { gives: "i32", of: { f64: (x) => float64Words(x).getInt32(4) } },
    bitsOf: { gives: "i32", of: { f32: float32Bits } },
    fromBits: { gives: "f32", of: { i32: float32FromBits } },
  };
}

function listBinary(): Record<BinaryOp, ScalarOperation<BinaryScalarFunction>> {
  return {
    add: {
      symbol: "+",
      of: { f64: (x, y) => x + y, f32: (x, y) => Math.fround(x + y), ...wrapped2((x, y) => x + y) },
    },
    sub: {
      symbol: "-",
      of: { f64: (x, y) => x - y, f32: (x, y) => Math.fround(x - y), ...wrapped2((x, y) => x - y) },
    },
    mul: {
      symbol: "*",
      of: { f64: (x, y) => x * y, f32: (x, y) => Math.fround(x * y), ...wrapped2(Math.imul) },
    },
    div: {
      symbol: "/",
      of: {
        f64: (x, y) => x / y,
        f32: (x, y) => Math.fround(x / y),
        ...wrapped2((x, y) => (y === 0 ? 0 : Math.trunc(x / y))),
      },
    },
    rem: { symbol: "%", of: { ...real((x, y) => x % y), ...wrapped2((x, y) => (y === 0 ? 0 : x % y)) } },
    min: {
      of: {
        ...real((x, y) => (x < y || Number.isNaN(x) || (x === y && Object.is(x, -0)) ? x : y)),
        ...integers((x, y) => (x < y ? x : y)),
      },
    },
    max: {
      of: {
        ...real((x, y) => (x > y || Number.isNaN(x) || (x === y && Object.is(y, -0)) ? x : y)),
        ...integers((x, y) => (x > y ? x : y)),
      },
    },
    and: { symbol: "&", of: bitwise((x, y) => x & y) },
    or: { symbol: "|", of: bitwise((x, y) => x | y) },
    xor: { symbol: "^", of: bitwise((x, y) => x ^ y) },
    shl: { symbol: "<<", of: wrapped2((x, y) => x << (y & 31)) },
    shr: { symbol: ">>", of: { i32: (x, y) => x >> (y & 31), u32: (x, y) => x >>> (y & 31) } },
    lt: { symbol: "<", gives: "bool", of: any((x, y) => (x < y ? 1 : 0)) },
    le: { symbol: "<=", gives: "bool", of: any((x, y) => (x <= y ? 1 : 0)) },
    eq: { symbol: "==", gives: "bool", of: any((x, y) => (x === y ? 1 : 0)) },
    ne: { symbol: "!=", gives: "bool", of: any((x, y) => (x !== y ? 1 : 0)) },
    fromWords: { gives: "f64", of: { i32: float64FromWords } },
  };
}

/** Implementation for both floating types, for operations whose float32 result needs no rounding. */
function real<F>(f: F): { readonly f64: F; readonly f32: F } {
  return { f64: f, f32: f };
}

/** Implementation for both integer types, for operations whose results need no wrapping. */
function integers<F>(f: F): { readonly i32: F; readonly u32: F } {
  return { i32: f, u32: f };
}

function any<F>(f: F): Record<ScalarType, F> {
  return { ...real(f), ...integers(f), bool: f };
}

function wrapped(f: UnaryScalarFunction): {
  readonly i32: UnaryScalarFunction;
  readonly u32: UnaryScalarFunction;
} {
  return { i32: (x) => f(x) | 0, u32: (x) => f(x) >>> 0 };
}

function wrapped2(f: BinaryScalarFunction): {
  readonly i32: BinaryScalarFunction;
  readonly u32: BinaryScalarFunction;
} {
  return { i32: (x, y) => f(x, y) | 0, u32: (x, y) => f(x, y) >>> 0 };
}

/** Implementation of a bitwise operation for integers and bools. */
function bitwise(f: BinaryScalarFunction): {
  readonly i32: BinaryScalarFunction;
  readonly u32: BinaryScalarFunction;
  readonly bool: BinaryScalarFunction;
} {
  return { ...wrapped2(f), bool: (x, y) => f(x, y) | 0 };
}

/** True if the vocabulary has this operation on scalars of this type. */
export function hasUnary(op: UnaryOp, type: ScalarType): boolean {
  return rowOf(unaryOperations, op).of[type] !== undefined;
}

/** True if the vocabulary has this operation on two scalars of this type. */
export function hasBinary(op: BinaryOp, type: ScalarType): boolean {
  return rowOf(binaryOperations, op).of[type] !== undefined;
}

/** Result type of an operation on a scalar of type `operand`. */
export function unaryType(op: UnaryOp, operand: ScalarType): ScalarType {
  return rowOf(unaryOperations, op).gives ?? operand;
}

/** Result type of an operation on two scalars of type `operand`. */
export function binaryType(op: BinaryOp, operand: ScalarType): ScalarType {
  return rowOf(binaryOperations, op).gives ?? operand;
}

/** Function of an operation on one scalar of the given type. */
export function unaryFunction(op: UnaryOp, type: ScalarType): UnaryScalarFunction {
  return rowOf(unaryOperations, op).of[type] ?? missing(op, type);
}

/** Function of an operation on two scalars of the given type. */
export function binaryFunction(op: BinaryOp, type: ScalarType): BinaryScalarFunction {
  return rowOf(binaryOperations, op).of[type] ?? missing(op, type);
}

function rowOf<Op extends string, F>(
  table: Readonly<Record<Op, ScalarOperation<F>>>,
  op: Op,
): ScalarOperation<F> {
  if (!Object.hasOwn(table, op)) throw internalError(`there is no operation ${JSON.stringify(op)}`);
  return table[op];
}

function missing(op: string, type: ScalarType): never {
  throw internalError(`there is no "${op}" of ${type}`);
}

/** Function that converts a scalar from one type to another. */
export function convertFunction(to: ScalarType, from: ScalarType): UnaryScalarFunction {
  const isReal = from === "f64" || from === "f32";
  switch (to) {
    case "f64":
      return (x) => x;
    case "f32":
      return (x) => Math.fround(x);
    case "i32":
      return isReal ? (x) => saturate(x, -2147483648, 2147483647) : (x) => x | 0;
    case "u32":
      return isReal ? (x) => saturate(x, 0, 4294967295) : (x) => x >>> 0;
    case "bool":
      return (x) => (x === 0 ? 0 : 1);
    default:
      return assertNever(to, "convertFunction");
  }
}

function saturate(x: number, low: number, high: number): number {
  if (Number.isNaN(x)) return 0;
  if (x <= low) return low;
  return x >= high ? high : Math.trunc(x) + 0; // + 0: integers have no −0
}

function nearest(x: number): number {
  const whole = Math.trunc(x);
  const rest = Math.abs(x - whole); // exact
  if (!(rest > 0)) return x; // an integer, infinite or NaN
  const isUp = rest > 0.5 || (rest === 0.5 && whole % 2 !== 0);
  if (x < 0) return isUp ? whole - 1 : whole; // trunc has already returned −0 where required
  return isUp ? whole + 1 : whole;
}

let scratch: DataView | undefined;

function bytes(): DataView {
  scratch ??= new DataView(new ArrayBuffer(8));
  return scratch;
}

function float64Words(x: number): DataView {
  const view = bytes();
  view.setFloat64(0, x);
  return view;
}

function float64FromWords(high: number, low: number): number {
  const view = bytes();
  view.setInt32(0, high);
  view.setInt32(4, low);
  return view.getFloat64(0);
}

function float32Bits(x: number): number {
  const view = bytes();
  view.setFloat32(0, x);
  return view.getInt32(0);
}

function float32FromBits(bits: number): number {
  const view = bytes();
  view.setInt32(0, bits);
  return view.getFloat32(0);
}
