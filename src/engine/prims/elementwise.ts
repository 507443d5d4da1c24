import { DownhillError, showType } from "../errors/index.ts";
import type { Maybe, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, isFloating } from "../ir/types.ts";
import { call, convert } from "../kernel/build.ts";
import type { Expr, Procedure } from "../kernel/scalar.ts";
import { sameShape } from "../util/shape.ts";

/**
 * Common type of operands that must agree in dtype and shape; weak only if all are weak.
 *
 * @throws DownhillError `dtype` or `shape` if they differ.
 */
export function joinTypes(name: string, ins: readonly ArrayType[]): ArrayType {
  const first = ins[0]!;
  let weak = first.weak;
  for (let i = 1; i < ins.length; i++) {
    const type = ins[i]!;
    if (type === first) continue;
    if (type.dtype !== first.dtype) {
      throw new DownhillError(
        "dtype",
        `${name}: ${showType(first)} and ${showType(type)} differ in dtype. Convert one with astype.`,
      );
    }
    if (!sameShape(type.shape, first.shape)) {
      throw new DownhillError("shape", `${name}: ${showType(first)} and ${showType(type)} differ in shape.`);
    }
    weak &&= type.weak;
  }
  return weak === first.weak ? first : arrayType(first.dtype, first.shape, weak);
}

/** Checks that the dtype is numeric; throws for bool, on which arithmetic is undefined. */
export function requireNumbers(name: string, type: ArrayType): ArrayType {
  if (type.dtype !== "bool") return type;
  throw new DownhillError(
    "dtype",
    `${name}: takes numbers, not ${showType(type)}. Convert it with astype("int32").`,
  );
}

/**
 * Common type of operands that must be floating and agree in dtype and shape.
 *
 * @throws DownhillError `dtype` or `shape` otherwise.
 */
export function joinFloating(name: string, ins: readonly ArrayType[]): ArrayType {
  const type = joinTypes(name, ins);
  if (!isFloating(type.dtype)) {
    throw new DownhillError(
      "dtype",
      `${name}: needs float64 or float32, not ${showType(type)}. Convert it with astype("float64").`,
    );
  }
  return type;
}

/** Definition of a smooth unary function: its scalar expression and its tangent. */
export interface UnaryRecord {
  readonly scalar: (x: Expr) => Expr;
  readonly jvp: (dx: Tensor, x: Tensor, out: Tensor) => Maybe;
}

/** Defines a smooth elementwise function of one floating operand. */
export function smoothUnary(name: string, { scalar, jvp }: UnaryRecord): Primitive<object> {
  return builtIn<object>({
    name,
    typeOf: (ins) => [joinFloating(name, ins)],
    derivative: { kind: "smooth", jvp: ([dx], [x], [out]) => [dx && jvp(dx, x!, out!)] },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x]) => scalar(x!) },
  });
}

/**
 * Returns a function that calls a procedure on operands of either floating type. Without a float32 procedure, float32
 * operands are converted to float64 and the result is rounded.
 */
export function through(double: Procedure, single?: Procedure): (...xs: readonly Expr[]) => Expr {
  return (...xs) => {
    const { type } = xs[0]!;
    if (type === "f32" && single !== undefined) return call(single, ...xs);
    return convert(type, call(double, ...xs.map((x) => convert("f64", x))));
  };
}
