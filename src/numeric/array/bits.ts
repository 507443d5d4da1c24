import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { BooleanLike, Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { matchOperands } from "./promote.ts";
import type { BinaryPrimitive } from "./elementwise.ts";

/** Applies a bitwise operation to two operands that are integers or booleans. */
function ofBits(operation: string, op: BinaryPrimitive, x: BooleanLike, y: BooleanLike): Tensor {
  const [a, b] = [asBits(operation, x), asBits(operation, y)];
  const isPlain = typeof a === "number" && typeof b === "number";
  return op(...matchOperands(operation, isPlain ? p.convert(p.asTensor(a, operation), "int32") : a, b));
}

/**
 * Converts nested arrays of integers to int32. An integer, and tensors of integers or booleans, stay as they are; other
 * numbers are refused.
 */
function asBits(operation: string, x: BooleanLike): BooleanLike {
  if (typeof x === "number" && Number.isInteger(x)) return x;
  const t = p.asTensor(x, operation);
  if (!isFloating(t.type.dtype)) return t;
  const plain: unknown[] = Array.isArray(x) ? x.flat(Infinity) : [undefined];
  if (plain.every(Number.isInteger)) return p.convert(t, "int32");
  throw new DownhillError(
    "dtype",
    `${operation}: needs integers or booleans, not ${showType(t.type)}. Convert it with astype("int32").`,
  );
}

/** Bitwise AND of integers. For booleans it equals `logicalAnd`. */
export function bitwiseAnd(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("bitwiseAnd", arguments, 2);
  return ofBits("bitwiseAnd", p.both, x, y);
}

/** Bitwise OR of integers. For booleans it equals `logicalOr`. */
export function bitwiseOr(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("bitwiseOr", arguments, 2);
  return ofBits("bitwiseOr", p.either, x, y);
}

/** Bitwise XOR of integers. For booleans it equals `logicalXor`. */
export function bitwiseXor(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("bitwiseXor", arguments, 2);
  return ofBits("bitwiseXor", p.differ, x, y);
}

/** Bitwise NOT of integers. For booleans it equals `logicalNot`. */
export function bitwiseNot(x: BooleanLike): Tensor {
  if (arguments.length > 1) refuseExtra("bitwiseNot", arguments, 1);
  const given = asBits("bitwiseNot", x);
  const t =
    typeof given === "number"
      ? p.convert(p.asTensor(given, "bitwiseNot"), "int32")
      : p.asTensor(given, "bitwiseNot");
  if (t.dtype === "bool") return p.equal(t, p.zeros(t.type));
  return p.differ(t, p.full(t.type, t.dtype === "int32" ? -1 : 2 ** 32 - 1));
}

/** x · 2ⁿ of integers, modulo 2³²; n is taken modulo 32. */
export function leftShift(x: TensorLike, n: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("leftShift", arguments, 2);
  return ofBits("leftShift", p.leftShift, x, n);
}

/** ⌊x / 2ⁿ⌋ of integers; n is taken modulo 32. */
export function rightShift(x: TensorLike, n: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("rightShift", arguments, 2);
  return ofBits("rightShift", p.rightShift, x, n);
}

/** Number of bits set in |x|, as int32. */
export function bitwiseCount(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("bitwiseCount", arguments, 1);
  const t = p.asTensor(asBits("bitwiseCount", x), "bitwiseCount");
  const bits = p.convert(p.abs(t), "uint32");
  const at = (value: number): Tensor => p.full(bits.type, value);
  const pairs = (y: Tensor, by: number, mask: number): Tensor =>
    p.add(p.both(y, at(mask)), p.both(p.rightShift(y, at(by)), at(mask)));
  // sums of 1, 2, 4, 8 and 16 neighbouring bits, side by side
  const sums = [[1, 0x55555555], [2, 0x33333333], [4, 0x0f0f0f0f], [8, 0x00ff00ff], [16, 0xffff]] as const; // prettier-ignore
  return p.convert(sums.reduce((y, [by, mask]) => pairs(y, by, mask), bits), "int32"); // prettier-ignore
}
