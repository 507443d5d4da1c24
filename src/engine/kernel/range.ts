import type { BinaryOp, ScalarType } from "./scalar.ts";

/** Interval of integers, both ends inclusive: possible values of an integer expression. */
export interface IntegerInterval {
  readonly low: number;
  readonly high: number;
}

const rangeOfI32: IntegerInterval = { low: -2147483648, high: 2147483647 };
const rangeOfU32: IntegerInterval = { low: 0, high: 4294967295 };
const rangeOfBool: IntegerInterval = { low: 0, high: 1 };

/** Range of a scalar type; `undefined` for floats. */
export function typeRange(type: ScalarType): IntegerInterval | undefined {
  if (type === "i32") return rangeOfI32;
  if (type === "u32") return rangeOfU32;
  return type === "bool" ? rangeOfBool : undefined;
}

export function isWithin(inner: IntegerInterval, outer: IntegerInterval): boolean {
  return inner.low >= outer.low && inner.high <= outer.high;
}

/** Smallest range that contains both ranges. */
export function unionRange(x: IntegerInterval, y: IntegerInterval): IntegerInterval {
  return { low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) };
}

/**
 * Range of an operation on two integers *before* it wraps, so that a backend may omit the wrapping if the range fits
 * the type. `undefined` if nothing more than the type is known.
 */
export function binaryRange(
  op: BinaryOp,
  x: IntegerInterval,
  y: IntegerInterval,
): IntegerInterval | undefined {
  switch (op) {
    case "add":
      return { low: x.low + y.low, high: x.high + y.high };
    case "sub":
      return { low: x.low - y.high, high: x.high - y.low };
    case "mul": {
      const a = x.low * y.low;
      const b = x.low * y.high;
      const c = x.high * y.low;
      const d = x.high * y.high;
      return { low: Math.min(a, b, c, d), high: Math.max(a, b, c, d) };
    }
    case "div":
      return x.low >= 0 && y.low > 0 ? { low: 0, high: x.high } : undefined;
    case "rem":
      return x.low >= 0 && y.low > 0 ? { low: 0, high: Math.min(x.high, y.high - 1) } : undefined;
    case "min":
      return { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
    case "max":
      return { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
    case "and":
      if (areBooleans(x, y)) return { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
      if (x.low >= 0 && y.low >= 0) return { low: 0, high: Math.min(x.high, y.high) };
      if (x.low >= 0) return { low: 0, high: x.high };
      return y.low >= 0 ? { low: 0, high: y.high } : undefined;
    case "or":
      return areBooleans(x, y) ? { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) } : undefined;
    case "lt":
      return truthRange(x.high < y.low, x.low >= y.high);
    case "le":
      return truthRange(x.high <= y.low, x.low > y.high);
    case "eq":
      return truthRange(false, x.high < y.low || y.high < x.low);
    case "ne":
      return truthRange(x.high < y.low || y.high < x.low, false);
    case "xor":
    case "shl":
    case "shr":
    case "fromWords":
      return undefined;
  }
}

function areBooleans(x: IntegerInterval, y: IntegerInterval): boolean {
  return x.low >= 0 && y.low >= 0 && x.high <= 1 && y.high <= 1;
}

/** Range of a boolean: `[1, 1]` if it certainly holds, `[0, 0]` if it certainly fails, otherwise `[0, 1]`. */
function truthRange(holds: boolean, fails: boolean): IntegerInterval {
  return { low: holds ? 1 : 0, high: fails ? 0 : 1 };
}
