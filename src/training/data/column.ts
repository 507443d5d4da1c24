import { refuseDetached } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { lastingElements } from "../../engine/ir/elements.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType, type DType, isDType, scalarTypeOf } from "../../engine/ir/types.ts";
import { makeArray, type TypedArray } from "../../engine/kernel/executable.ts";
import { fromArray, fromFlat } from "../../engine/prims/lift.ts";
import { firstPath, isTypedArray } from "../../engine/tree/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";

/** Typed arrays accepted as data. Those of 8 and 16 bits are widened batch by batch, never as a whole. */
export type ColumnData = TypedArray | Int8Array | Int16Array | Uint16Array | Uint8ClampedArray;

/**
 * One field of a data set. The first axis counts the items; the other axes belong to each item. `data` is in row-major
 * order and may be narrower than `dtype`, which is the dtype of batches.
 */
export interface Column {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: ColumnData;
}

/** A column of floating-point numbers, accepted by `tensor(data, { shape })`. */
export interface FloatColumn extends Column {
  readonly dtype: "float64" | "float32";
  readonly data: Float64Array | Float32Array;
}

/** Nested arrays of numbers, of booleans, or of typed arrays at the innermost level. */
export type NestedColumn = readonly (number | boolean | ColumnData | NestedColumn)[];

/** Values that can be converted to a column. */
export type ColumnLike = Tensor | Column | ColumnData | NestedColumn;

/** Type of each field of a batch. */
export type BatchLeaf = Tensor;

/** Wraps a column of a batch, gathered into its own array, as a tensor. */
export function asBatchLeaf({ dtype, shape, data }: Column): BatchLeaf {
  return isTypedArray(data)
    ? fromArray(arrayType(dtype, shape), data)
    : fromFlat(arrayType(dtype, shape), data);
}

/**
 * Converts a value to a column. Typed arrays and columns are not copied; do not change them afterwards.
 *
 * Nested numbers become float64, nested booleans bool. `Float64Array` becomes float64, `Float32Array` float32,
 * `Int32Array` and narrower ones int32, `Uint32Array` uint32, `Uint8Array` bool.
 *
 * @throws DownhillError `shape` for nested arrays that are not rectangular, naming the item; `dtype` for values that
 *   are not numbers.
 */
export function asColumn(value: unknown, what: string): Column {
  if (value instanceof Tensor)
    return { shape: value.shape, dtype: value.dtype, data: lastingElements(value, what) };
  if (isColumnData(value)) {
    refuseDetached(what, value);
    return { shape: [value.length], dtype: dtypeOfData(value, what), data: value };
  }
  if (Array.isArray(value)) return fromNest(value, what);
  if (isColumn(value)) return checkedColumn(value, what);
  throw new DownhillError(
    "dtype",
    `${what}: ${describe(value)} is not a column. Pass an array of numbers or a typed array.`,
  );
}

/** Converts one item to a column of its own shape; a number has shape `[]`. */
export function asItem(value: unknown, what: string): Column {
  if (typeof value === "number") return { shape: [], dtype: "float64", data: Float64Array.of(value) };
  if (typeof value === "boolean") return { shape: [], dtype: "bool", data: Uint8Array.of(value ? 1 : 0) };
  return asColumn(value, what);
}

/** Creates a zeroed array of `n` elements for a dtype. */
export function arrayOf(dtype: DType, n: number): TypedArray {
  return makeArray(scalarTypeOf(dtype), n);
}

export function isColumnLike(value: unknown): boolean {
  return value instanceof Tensor || isColumnData(value) || Array.isArray(value) || isColumn(value);
}

function isColumn(value: unknown): value is Column {
  return (
    typeof value === "object" &&
    value !== null &&
    "data" in value &&
    "shape" in value &&
    isColumnData(value.data)
  );
}

function isColumnData(value: unknown): value is ColumnData {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array)
  );
}

function checkedColumn(column: Column, what: string): Column {
  if (!isDType(column.dtype)) {
    throw new DownhillError(
      "dtype",
      `${what}: ${describe(column.dtype)} is not a dtype. Use float64, float32, int32, uint32 or bool.`,
    );
  }
  const n = sizeOf(column.shape);
  if (n !== column.data.length) {
    const sizes = `shape ${showShape(column.shape)} needs ${n} elements, data has ${column.data.length}`;
    throw new DownhillError("shape", `${what}: ${sizes}.`);
  }
  return column;
}

function dtypeOfData(data: ColumnData, what: string): DType {
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Uint32Array) return "uint32";
  if (!(data instanceof Uint8Array)) return "int32";
  if (data.every((x) => x <= 1)) return "bool";
  throw new DownhillError(
    "dtype",
    `${what}: a Uint8Array stands for booleans, 0 and 1, and this one holds other bytes. ` +
      `Write Float32Array.from(bytes, (x) => x / 255), or Int32Array.from(bytes).`,
  );
}

function fromNest(nest: readonly unknown[], what: string): Column {
  const { shape, end: sample } = firstPath(nest, what);
  if (isColumnData(sample)) shape.push(sample.length);
  const dtype = dtypeOfSample(sample, what);
  const data = arrayOf(dtype, sizeOf(shape));
  // the innermost axis consists of typed arrays or of plain ones
  const isRow = (value: unknown, depth: number): value is ColumnData =>
    isColumnData(sample) &&
    depth === shape.length - 1 &&
    isColumnData(value) &&
    value.constructor === sample.constructor;
  let at = 0;
  const put = (value: unknown, depth: number, item: number): void => {
    const size = shape[depth];
    if (size === undefined && typeof value === typeof sample) {
      data[at++] = Number(value);
    } else if (isRow(value, depth) && value.length === size) {
      data.set(value, at);
      at += size;
    } else if (Array.isArray(value) && value.length === size && !isRow(sample, depth)) {
      for (let i = 0; i < size; i++) put((value as unknown[])[i], depth + 1, depth === 0 ? i : item);
    } else {
      const expected =
        size === undefined ? kindOf(sample) : isRow(sample, depth) ? kindOf(sample) : `a list of ${size}`;
      throw unlike(what, item, value, expected);
    }
  };
  put(nest, 0, 0);
  return { shape, dtype, data };
}

function dtypeOfSample(sample: unknown, what: string): DType {
  if (isColumnData(sample)) return dtypeOfData(sample, what);
  if (typeof sample === "number" || sample === undefined) return "float64"; // undefined: an empty array
  if (typeof sample === "boolean") return "bool";
  throw notANumber(what, sample);
}

function unlike(what: string, item: number, value: unknown, expected: string): DownhillError {
  const isList = Array.isArray(value) || isColumnData(value);
  if (!isList && typeof value !== "number" && typeof value !== "boolean")
    return notANumber(`${what}, item ${item}`, value);
  return new DownhillError(
    "shape",
    `${what}: item ${item} holds ${kindOf(value)} where item 0 holds ${expected}.`,
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isColumnData(value)) return `a ${value.constructor.name} of ${value.length}`;
  return `a ${typeof value}`;
}

function notANumber(what: string, value: unknown): DownhillError {
  const repair = typeof value === "string" ? " Turn names into numbers with encodeLabels." : "";
  return new DownhillError("dtype", `${what}: holds ${describe(value)} where a number belongs.${repair}`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return `the text ${JSON.stringify(value)}`;
  if (typeof value === "object") return `an object`;
  return `a ${typeof value}`;
}
