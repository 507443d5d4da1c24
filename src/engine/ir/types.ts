import type { ScalarType } from "../kernel/scalar.ts";
import type { Shape } from "../util/shape.ts";
import { sameShape } from "../util/shape.ts";

/**
 * Kinds of elements. `float64` is what JavaScript numbers become.
 *
 * Elements of `bool` are read as 1 and 0: by `item`, `tolist`, `data`, `read` and in JSON, where `x.item() === true` never holds. Printing
 * (`console.log`, `String(x)`) shows `true` and `false`.
 */
export type DType = "float64" | "float32" | "int32" | "uint32" | "bool";

/**
 * Type of an array: kind of element and sizes. `weak` marks a scalar that came from a plain number and adapts to the
 * tensors beside it.
 */
export interface ArrayType {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly weak: boolean;
}

/** The shape of all scalars: frozen, for one that was changed would change them all. */
const noAxes: Shape = /* @__PURE__ */ Object.freeze([]);

/** The types of scalars of a dtype: strong and weak. */
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

/** The type of an array. Types of scalars are interned: equal ones are the same object. */
export function arrayType(dtype: DType, shape: Shape, weak = false): ArrayType {
  if (shape.length > 0) return { dtype, shape, weak };
  return scalars[dtype][weak ? 1 : 0];
}

/** Whether two types agree in dtype and shape; weakness does not count. */
export function sameType(a: ArrayType, b: ArrayType): boolean {
  return a === b || (a.dtype === b.dtype && sameShape(a.shape, b.shape));
}

export function withShape(type: ArrayType, shape: Shape): ArrayType {
  return arrayType(type.dtype, shape, type.weak);
}

export function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(scalars, value);
}

/** float64 and float32 have derivatives; integers and booleans do not. */
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

/** The machine type of the elements. */
export function scalarTypeOf(dtype: DType): ScalarType {
  return scalarTypes[dtype];
}

/** A type as a short text that also tells weakness: `f64[]*` is a weak scalar. Used in cache keys. */
export function typeKey(type: ArrayType): string {
  return `${scalarTypes[type.dtype]}[${type.shape.join(",")}]${type.weak ? "*" : ""}`;
}
