import { DownhillError, showShape } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { TypedArray } from "../kernel/executable.ts";
import { sliceElements } from "../kernel/copy-elements.ts";
import { makeArray } from "../kernel/executable.ts";
import { firstPath } from "../tree/nesting.ts";
import { isTypedArray } from "../tree/tree.ts";
import type { NestedNumbers } from "../tree/types.ts";
import { sizeOf } from "../util/shape.ts";
import { castNumber, full } from "./linear.ts";

const weakFloat = /* @__PURE__ */ arrayType("float64", [], true);
const boolScalar = /* @__PURE__ */ arrayType("bool", []);

/**
 * What stands for a tensor as a tensor: numbers become weak float64 scalars, booleans bool, nests of numbers and
 * Float64Array float64, Float32Array float32, Int32Array int32, Uint32Array uint32, Uint8Array (of 0 and 1) bool.
 *
 * @throws DownhillError `dtype` for anything else, `shape` for a nest that is not rectangular.
 */
export function asTensor(value: unknown, operation: string): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return full(weakFloat, value);
  if (typeof value === "boolean") return full(boolScalar, value ? 1 : 0);
  if (isTypedArray(value)) return fromTyped(value, operation);
  if (Array.isArray(value)) return fromNest(value as NestedNumbers, undefined, operation);
  throw new DownhillError(
    "dtype",
    `${operation}: ${describe(value)} is not a tensor. Pass a tensor, a number, an array of numbers or a typed array.` +
      (value === undefined ? " Is a key of the parameters misspelt, or an argument left out?" : ""),
  );
}

/** A copy of a typed array, of its own kind. */
function fromTyped(array: TypedArray, operation: string): Tensor {
  const dtype = dtypeOf(array);
  const byte = dtype === "bool" ? array.find((x) => x > 1) : undefined;
  if (byte !== undefined) {
    throw new DownhillError(
      "dtype",
      `${operation}: a Uint8Array stands for booleans, but this one holds ${byte}. Say what its bytes are, as in tensor(bytes, { dtype: "float32" }).`,
    );
  }
  const copy = sliceElements(array, 0, array.length);
  return new Tensor(arrayType(dtype, [array.length]), { array: copy, offset: 0 }, undefined);
}

function describe(value: unknown): string {
  if (value === undefined) return "undefined";
  if (value === null) return "null";
  if (typeof value === "string") return `the string ${JSON.stringify(value)}`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Tensor) return "a tensor";
  if (typeof value !== "object") return `a ${typeof value}`;
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "Object" ? `an object of class ${name}` : "an object";
}

function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Uint32Array) return "uint32";
  return "bool";
}

/** A tensor of a rectangular nest of numbers or of booleans; float64 (bool for booleans) unless `dtype` says otherwise. */
export function fromNest(nest: NestedNumbers, dtype: DType | undefined, operation: string): Tensor {
  const shape = shapeOfNest(nest, operation);
  const flat: unknown[] = [];
  collect(nest, shape, 0, flat, operation);
  const kind = dtype ?? (flat.length > 0 && flat.every((x) => typeof x === "boolean") ? "bool" : "float64");
  return fromFlat(arrayType(kind, shape), flat as number[]);
}

/** A tensor of this type that holds these elements in row-major order. */
export function fromFlat(type: ArrayType, elements: ArrayLike<number>): Tensor {
  const array = makeArray(scalarTypeOf(type.dtype), sizeOf(type.shape));
  for (let i = 0; i < array.length; i++) array[i] = castNumber(type.dtype, Number(elements[i]));
  return fromArray(type, array);
}

/** A tensor of this type over an array of its own. */
export function fromArray(type: ArrayType, array: TypedArray): Tensor {
  return new Tensor(type, type.shape.length === 0 ? array[0]! : { array, offset: 0 }, undefined);
}

function stackHint(found: unknown): string {
  return found instanceof Tensor ? " To put tensors together use stack([x, y])." : "";
}

function shapeOfNest(nest: NestedNumbers, operation: string): number[] {
  const { shape, end: level } = firstPath(nest, operation);
  if (level !== undefined && typeof level !== "number" && typeof level !== "boolean") {
    throw new DownhillError(
      "dtype",
      `${operation}: an array holds ${describe(level)} where a number was expected.${stackHint(level)}`,
    );
  }
  return shape;
}

function collect(
  nest: unknown,
  shape: readonly number[],
  depth: number,
  out: unknown[],
  operation: string,
): void {
  if (depth === shape.length) {
    if (typeof nest !== "number" && typeof nest !== "boolean") {
      throw new DownhillError(
        "shape",
        `${operation}: a nested array is not rectangular: expected shape ${showShape(shape)}, found ${describe(nest)} among the numbers.${stackHint(nest)}`,
      );
    }
    out.push(nest);
    return;
  }
  if (!Array.isArray(nest) || nest.length !== shape[depth]) {
    const found = Array.isArray(nest) ? `one of length ${nest.length}` : describe(nest);
    throw new DownhillError(
      "shape",
      `${operation}: a nested array is not rectangular: expected rows of length ${shape[depth]!}, found ${found}.`,
    );
  }
  for (const item of nest as unknown[]) collect(item, shape, depth + 1, out, operation);
}
