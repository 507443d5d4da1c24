import { internalError } from "../errors/index.ts";
import type { BinaryOp, ScalarType, UnaryOp } from "./scalar.ts";
import { assertNever } from "../util/assert-never.ts";

// What each operation means, said once and as literally as JavaScript allows; the other backends are held to it.

type Unary = (x: number) => number;
type Binary = (x: number, y: number) => number;

/** An operation on one scalar of the given type. */
export function unaryFunction(op: UnaryOp, type: ScalarType): Unary {
  const isReal = type === "f64" || type === "f32";
  const isInteger = type === "i32" || type === "u32";
  switch (op) {
    case "neg":
      if (isReal) return (x) => -x;
      if (isInteger) return wrapping(type, (x) => 0 - x);
      break;
    case "abs":
      if (isReal) return (x) => (x < 0 || Object.is(x, -0) ? -x : x);
      if (isInteger) return wrapping(type, (x) => (x < 0 ? 0 - x : x));
      break;
    case "sqrt":
      if (type === "f64") return (x) => Math.sqrt(x);
      if (type === "f32") return (x) => Math.fround(Math.sqrt(x));
      break;
    case "floor":
      if (isReal) return (x) => Math.floor(x);
      break;
    case "ceil":
      if (isReal) return (x) => Math.ceil(x);
      break;
    case "trunc":
      if (isReal) return (x) => Math.trunc(x);
      break;
    case "nearest":
      if (isReal) return nearest;
      break;
    case "not":
      if (type === "bool") return (x) => (x === 0 ? 1 : 0);
      break;
    case "highWord":
      if (type === "f64") return (x) => float64Words(x).getInt32(0);
      break;
    case "lowWord":
      if (type === "f64") return (x) => float64Words(x).getInt32(4);
      break;
    case "bitsOf":
      if (type === "f32") return float32Bits;
      break;
    case "fromBits":
      if (type === "i32") return float32FromBits;
      break;
    default:
      return assertNever(op, "unaryFunction");
  }
  throw internalError(`there is no "${op}" of ${type}`);
}

/** An operation on two scalars of the given type. */
export function binaryFunction(op: BinaryOp, type: ScalarType): Binary {
  const isReal = type === "f64" || type === "f32";
  const isInteger = type === "i32" || type === "u32";
  const isBits = isInteger || type === "bool";
  switch (op) {
    case "add":
      if (type === "f64") return (x, y) => x + y;
      if (type === "f32") return (x, y) => Math.fround(x + y);
      if (isInteger) return wrapping2(type, (x, y) => x + y);
      break;
    case "sub":
      if (type === "f64") return (x, y) => x - y;
      if (type === "f32") return (x, y) => Math.fround(x - y);
      if (isInteger) return wrapping2(type, (x, y) => x - y);
      break;
    case "mul":
      if (type === "f64") return (x, y) => x * y;
      if (type === "f32") return (x, y) => Math.fround(x * y);
      if (isInteger) return wrapping2(type, Math.imul);
      break;
    case "div":
      if (type === "f64") return (x, y) => x / y;
      if (type === "f32") return (x, y) => Math.fround(x / y);
      if (isInteger) return wrapping2(type, (x, y) => (y === 0 ? 0 : Math.trunc(x / y)));
      break;
    case "rem":
      if (isReal) return (x, y) => x % y;
      if (isInteger) return wrapping2(type, (x, y) => (y === 0 ? 0 : x % y));
      break;
    case "min":
      if (isReal) return (x, y) => (x < y || Number.isNaN(x) || (x === y && Object.is(x, -0)) ? x : y);
      if (isInteger) return (x, y) => (x < y ? x : y);
      break;
    case "max":
      if (isReal) return (x, y) => (x > y || Number.isNaN(x) || (x === y && Object.is(y, -0)) ? x : y);
      if (isInteger) return (x, y) => (x > y ? x : y);
      break;
    case "and":
      if (isBits) return wrapping2(type, (x, y) => x & y);
      break;
    case "or":
      if (isBits) return wrapping2(type, (x, y) => x | y);
      break;
    case "xor":
      if (isBits) return wrapping2(type, (x, y) => x ^ y);
      break;
    case "shl":
      if (isInteger) return wrapping2(type, (x, y) => x << (y & 31));
      break;
    case "shr":
      if (type === "i32") return (x, y) => x >> (y & 31);
      if (type === "u32") return (x, y) => x >>> (y & 31);
      break;
    case "lt":
      return (x, y) => (x < y ? 1 : 0);
    case "le":
      return (x, y) => (x <= y ? 1 : 0);
    case "eq":
      return (x, y) => (x === y ? 1 : 0);
    case "ne":
      return (x, y) => (x !== y ? 1 : 0);
    case "fromWords":
      if (type === "i32") return float64FromWords;
      break;
    default:
      return assertNever(op, "binaryFunction");
  }
  throw internalError(`there is no "${op}" of ${type}`);
}

/** Conversion of a scalar from one type to another. */
export function convertFunction(to: ScalarType, from: ScalarType): Unary {
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

function wrapping(type: ScalarType, f: Unary): Unary {
  return type === "u32" ? (x) => f(x) >>> 0 : (x) => f(x) | 0;
}

function wrapping2(type: ScalarType, f: Binary): Binary {
  return type === "u32" ? (x, y) => f(x, y) >>> 0 : (x, y) => f(x, y) | 0;
}

function saturate(x: number, low: number, high: number): number {
  if (Number.isNaN(x)) return 0;
  if (x <= low) return low;
  return x >= high ? high : Math.trunc(x) + 0; // + 0: no −0 among integers
}

function nearest(x: number): number {
  const whole = Math.trunc(x);
  const rest = Math.abs(x - whole); // exact
  if (!(rest > 0)) return x; // an integer, infinite or NaN
  const isUp = rest > 0.5 || (rest === 0.5 && whole % 2 !== 0);
  if (x < 0) return isUp ? whole - 1 : whole; // trunc has given −0 where it must be
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
