import type { ScalarType } from "../kernel/scalar.ts";
import type { Shape } from "../util/shape.ts";
import { sameShape } from "../util/shape.ts";

/**
 * Element types. JavaScript numbers become `float64`. Elements of `bool` are read as 1 and 0 by `item`, `tolist`,
 * `data`, `read` and in JSON, so `x.item() === true` never holds. Printing (`console.log`, `String(x)`) shows `true`
 * and `false`.
 */
export type DType = "float64" | "float32" | "int32" | "uint32" | "bool";

/**
 * Type of an array: element type and shape. `weak` marks a scalar that came from a plain number and adopts the dtype of
 * the tensors it is combined with.
 */
export interface ArrayType {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly weak: boolean;
}

/** Shape shared by all scalars, frozen because a change would affect them all. */
const noAxes: Shape = /* @__PURE__ */ Object.freeze([]);

/** Interned scalar types of each dtype: strong and weak. */
const scalars: Readonly<Record<DType, readonly [strong: ArrayType, weak: ArrayType]>> = {
  float64: /* @__PURE__ */ strongAndWeak("float64"),
  float32: /* @__PURE__ */ strongAndWeak("float32"),
  int32: /* @__PURE__ */ strongAndWeak("int32"),
  uint32: /* @__PURE__ */ strongAndWeak("uint32"),
  bool: /* @__PURE__ */ strongAndWeak("bool"),
};

function strongAndWeak(dtype: DType): readonly [strong: ArrayType, weak: ArrayType] {
  return [
    { dtype, shape: noAxes, weak: false },
    { dtype, shape: noAxes, weak: true },
  ];
}

/** Returns the type of an array. Scalar types are interned: equal ones are the same object. */
export function arrayType(dtype: DType, shape: Shape, weak = false): ArrayType {
  if (shape.length > 0) return { dtype, shape, weak };
  return scalars[dtype][weak ? 1 : 0];
}

/** True if two types have equal dtype and shape, ignoring weakness. */
export function sameType(a: ArrayType, b: ArrayType): boolean {
  return a === b || (a.dtype === b.dtype && sameShape(a.shape, b.shape));
}

export function withShape(type: ArrayType, shape: Shape): ArrayType {
  return arrayType(type.dtype, shape, type.weak);
}

export function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(scalars, value);
}

/** True for float64 and float32, which have derivatives; false for integers and booleans. */
export function isFloating(dtype: DType): boolean {
  return dtype === "float64" || dtype === "float32";
}

const scalarTypes: Readonly<Record<DType, ScalarType>> = {
  float64: "f64",
  float32: "f32",
  int32: "i32",
  uint32: "u32",
  bool: "bool",
};

/** Type of the elements in kernels. */
export function scalarTypeOf(dtype: DType): ScalarType {
  return scalarTypes[dtype];
}

/** Short text of a type, including weakness: `f64[]*` is a weak scalar. Used in cache keys. */
export function typeKey(type: ArrayType): string {
  return `${scalarTypes[type.dtype]}[${type.shape.join(",")}]${type.weak ? "*" : ""}`;
}
