import { refuseDetached } from "../errors/arguments.ts";
import { DownhillError, showShape } from "../errors/index.ts";
import { sourceLines } from "../errors/source-line.ts";
import { captureStack, placeOf, usersFrames } from "../errors/stack.ts";
import { hostStorage } from "../ir/host-memory.ts";
import { anotherCopyHint, isOfAnotherCopy, Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { TypedArray } from "../kernel/executable.ts";
import { sliceElements } from "../kernel/copy-elements.ts";
import { makeArray } from "../kernel/executable.ts";
import { firstPath } from "../tree/nesting.ts";
import { misspeltKey } from "../tree/known-keys.ts";
import { isTypedArray } from "../tree/tree.ts";
import type { NestedNumbers } from "../tree/types.ts";
import { sizeOf } from "../util/shape.ts";
import { castNumber, full } from "./linear.ts";

const weakFloat = /* @__PURE__ */ arrayType("float64", [], true);
const boolScalar = /* @__PURE__ */ arrayType("bool", []);

/**
 * Converts a value to a tensor. Numbers become weak float64 scalars and booleans bool scalars. Nested arrays of numbers
 * and Float64Array become float64, Float32Array float32, Int32Array int32, Uint32Array uint32, and Uint8Array (of 0 and
 * 1) bool.
 *
 * @throws DownhillError `dtype` for anything else, `shape` for a nested array that is not rectangular.
 */
export function asTensor(value: unknown, operation: string): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return full(weakFloat, value);
  if (typeof value === "boolean") return full(boolScalar, value ? 1 : 0);
  if (isTypedArray(value)) return fromTyped(value, operation);
  if (Array.isArray(value)) return fromNest(value as NestedNumbers, undefined, operation);
  if (isOfAnotherCopy(value))
    throw new DownhillError(
      "dtype",
      `${operation}: got a tensor of another copy of the library.${anotherCopyHint}`,
    );
  throw new DownhillError(
    "dtype",
    `${operation}: ${describe(value)} is not a tensor. Pass a tensor, a number, an array of numbers or a typed array.` +
      (value === undefined ? missingHint() : ArrayBuffer.isView(value) ? viewHint(value) : ""),
  );
}

/**
 * Hint for an undefined operand: the argument key closest to a misspelt name in the user's source line, if that can be
 * read.
 */
function missingHint(): string {
  const place = placeOf(usersFrames(captureStack(missingHint)())[0] ?? "");
  const slip = misspeltKey((place && sourceLines(place, 3)) ?? ""); // a call may span several lines
  return slip === undefined
    ? " Is a key of the parameters misspelt, or an argument left out?"
    : ` Did you mean ${slip.key}? It is a key of the arguments, but ${slip.name} is not.`;
}

function viewHint(view: ArrayBufferView): string {
  return view instanceof DataView ? "" : " Convert it, as in Float64Array.from(x, Number).";
}

/** Creates a tensor from a copy of a typed array. */
function fromTyped(array: TypedArray, operation: string): Tensor {
  refuseDetached(operation, array);
  const dtype = dtypeOf(array);
  const byte = dtype === "bool" ? array.find((x) => x > 1) : undefined;
  if (byte !== undefined) {
    throw new DownhillError(
      "dtype",
      `${operation}: a Uint8Array stands for booleans, but this one contains ${byte}. Specify a dtype, as in tensor(bytes, { dtype: "float32" }).`,
    );
  }
  const copy = sliceElements(array, 0, array.length);
  return new Tensor(arrayType(dtype, [array.length]), hostStorage(copy), undefined);
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

/**
 * Creates a tensor from a rectangular nested array of numbers or booleans. The default dtype is float64, or bool for
 * booleans.
 */
export function fromNest(nest: NestedNumbers, dtype: DType | undefined, operation: string): Tensor {
  const shape = shapeOfNest(nest, operation);
  const flat: unknown[] = [];
  collect(nest, shape, 0, flat, operation);
  const kind = dtype ?? (flat.length > 0 && flat.every((x) => typeof x === "boolean") ? "bool" : "float64");
  return fromFlat(arrayType(kind, shape), flat as number[], operation);
}

/**
 * Creates a tensor from elements in row-major order, converted as by `convert`. If an operation is named, each element
 * must be representable in the dtype.
 *
 * @throws DownhillError `dtype`, in the name of that operation.
 */
export function fromFlat(type: ArrayType, elements: ArrayLike<number>, operation?: string): Tensor {
  const { dtype } = type;
  const array = makeArray(scalarTypeOf(dtype), sizeOf(type.shape));
  for (let i = 0; i < array.length; i++) {
    const value = Number(elements[i]);
    if (operation !== undefined) requireHeld(operation, dtype, value);
    array[i] = castNumber(dtype, value);
  }
  return fromArray(type, array);
}

/**
 * Throws for a number that an integer or boolean dtype cannot represent. Floating dtypes round instead.
 *
 * @throws DownhillError `dtype`
 */
export function requireHeld(operation: string, dtype: DType, value: number): void {
  if (dtype === "float64" || dtype === "float32" || castNumber(dtype, value) === value) return;
  const range = { int32: "-2147483648 to 2147483647", uint32: "0 to 4294967295", bool: "0 and 1" }[dtype];
  const repair =
    dtype === "bool"
      ? `To test for nonzero elements, write notEqual(x, 0)`
      : `To truncate and saturate, omit the dtype and write astype(x, "${dtype}")`;
  throw new DownhillError(
    "dtype",
    `${operation}: ${value} is not a valid ${dtype}, which represents ${dtype === "bool" ? "" : "the integers from "}${range}. ${repair}.`,
  );
}

/** Creates a tensor that stores its elements in `array`, without a copy; a scalar takes its single number from it. */
export function fromArray(type: ArrayType, array: TypedArray): Tensor {
  return new Tensor(type, type.shape.length === 0 ? array[0]! : hostStorage(array), undefined);
}

/** Creates the error for an element that is not a number. `places` are its indices in the nested array. */
function oddElement(operation: string, places: readonly number[], found: unknown): DownhillError {
  const repair =
    found instanceof Tensor
      ? "To combine tensors, use stack([x, y])."
      : isOfAnotherCopy(found)
        ? `It is a tensor of another copy of the library.${anotherCopyHint}`
        : found === null || found === undefined
          ? "Use a number there, or NaN for a missing value."
          : "Convert it first, as with Number(…).";
  return new DownhillError(
    "dtype",
    `${operation}: element ${showShape(places)} of the array is ${describe(found)}, not a number. ${repair}`,
  );
}

function shapeOfNest(nest: NestedNumbers, operation: string): number[] {
  const { shape, end: level } = firstPath(nest, operation);
  if (level !== undefined && typeof level !== "number" && typeof level !== "boolean") {
    throw oddElement(
      operation,
      shape.map(() => 0),
      level,
    );
  }
  return shape;
}

/** Indices of the element at position `count` in row-major order. */
function placesOf(count: number, shape: readonly number[]): number[] {
  let rest = count;
  return shape.map((_, axis) => {
    const size = sizeOf(shape.slice(axis + 1));
    const place = Math.floor(rest / size);
    rest %= size;
    return place;
  });
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
      if (!Array.isArray(nest)) throw oddElement(operation, placesOf(out.length, shape), nest);
      throw new DownhillError(
        "shape",
        `${operation}: a nested array is not rectangular: expected shape ${showShape(shape)}, found an array among the numbers.`,
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
