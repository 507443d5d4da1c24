import { refuseDetached, refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { anyInt32, checkInteger, largestInt32, plainHint, showPlain } from "../../engine/ir/plain-number.ts";
import type { BooleanLike, NestedNumbers, TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { arrayType, isDType } from "../../engine/ir/types.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import { concatenate, exp, log, mul, pow, reshape } from "../../engine/prims/index.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { asTensor, fromFlat, fromNest, requireHeld } from "../../engine/prims/lift.ts";
import { convert, full as fill } from "../../engine/prims/linear.ts";
import { isTypedArray } from "../../engine/tree/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { turn } from "../../engine/util/turn.ts";
import { checkShape, normalizeAxis } from "./promote.ts";

export interface DTypeOption {
  /** Dtype of the elements. Default float64. */
  readonly dtype?: DType;
}

function dtypeOf(operation: string, { dtype = "float64" }: DTypeOption): DType {
  if (!isDType(dtype))
    throw new DownhillError(
      "dtype",
      `${operation}: unknown dtype ${String(dtype)}. Use float64, float32, int32, uint32 or bool.`,
    );
  return dtype;
}

/**
 * A tensor of the given numbers: a number, a nested list of numbers, a typed array (copied), or another tensor. Numbers
 * become float64 and booleans bool; typed arrays keep their dtype, unless `dtype` is given. With `shape`, the elements
 * take that shape in row-major order.
 *
 * Integer and bool dtypes must hold the given numbers exactly, or it is an error. A tensor argument is converted like
 * `astype` instead: fractions are truncated and integers saturate. float32 rounds.
 *
 * @throws DownhillError `shape` for a nested list that is not rectangular or elements that do not fill `shape`, `dtype`
 * for a number that the dtype cannot hold, such as 1.5 in int32.
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 */
export function tensor(
  value: BooleanLike,
  options: DTypeOption & { readonly shape?: readonly number[] } = {},
): Tensor {
  if (arguments.length > 2) refuseExtra("tensor", arguments, 2);
  checkOptions("tensor", options, ["dtype", "shape"]);
  const { shape } = options;
  if (options.dtype !== undefined) dtypeOf("tensor", options);
  if (shape !== undefined) checkShape("tensor", shape);
  let x = liftStrong(value, options.dtype);
  if (shape !== undefined) {
    if (sizeOf(x.shape) !== sizeOf(shape)) {
      throw new DownhillError(
        "shape",
        `tensor: ${sizeOf(x.shape)} elements do not fill shape ${showShape(shape)}, which needs ${sizeOf(shape)}.`,
      );
    }
    x = reshape(x, [...shape]);
  }
  return x;
}

function liftStrong(value: BooleanLike, dtype: DType | undefined): Tensor {
  if (value instanceof Tensor) return convert(value, dtype ?? value.type.dtype);
  if (typeof value === "number") {
    requireHeld("tensor", dtype ?? "float64", value);
    return fill(arrayType(dtype ?? "float64", []), value);
  }
  if (Array.isArray(value) && value.length > 0) return fromNest(value as NestedNumbers, dtype, "tensor");
  if (Array.isArray(value)) return fromFlat(arrayType(dtype ?? "float64", [0]), []);
  if (isTypedArray(value)) refuseDetached("tensor", value);
  if (isTypedArray(value) && dtype !== undefined)
    return fromFlat(arrayType(dtype, [value.length]), value, "tensor");
  const x = asTensor(value, "tensor");
  return dtype === undefined ? x : convert(x, dtype);
}

function filled(operation: string, shape: readonly number[], value: number, options: DTypeOption): Tensor {
  checkOptions(operation, options, ["dtype"]);
  checkShape(operation, shape);
  const dtype = dtypeOf(operation, options);
  requireHeld(operation, dtype, value);
  return fill(arrayType(dtype, [...shape]), value);
}

/**
 * An array of this shape with every element equal to `value`.
 *
 * @throws DownhillError `dtype` for a number that the dtype cannot hold, such as 1.5 in int32.
 */
export function full(shape: readonly number[], value: number, options: DTypeOption = {}): Tensor {
  if (arguments.length > 3) refuseExtra("full", arguments, 3);
  if (typeof value !== "number" && typeof value !== "boolean") {
    const given: unknown = value;
    const repair = given instanceof Tensor || Array.isArray(given) ? " Write broadcastTo(value, shape)." : "";
    const got =
      given instanceof Tensor
        ? showType(given.type)
        : Array.isArray(given)
          ? "an array"
          : (JSON.stringify(given) ?? String(given));
    throw new DownhillError("dtype", `full: the value must be a plain number, got ${got}.${repair}`);
  }
  return filled("full", shape, value, options);
}

/** An array of zeros. */
export function zeros(shape: readonly number[], options: DTypeOption = {}): Tensor {
  if (arguments.length > 2) refuseExtra("zeros", arguments, 2);
  return filled("zeros", shape, 0, options);
}

/** An array of ones. */
export function ones(shape: readonly number[], options: DTypeOption = {}): Tensor {
  if (arguments.length > 2) refuseExtra("ones", arguments, 2);
  return filled("ones", shape, 1, options);
}

/** Zeros with the shape and dtype of x. */
export function zerosLike(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("zerosLike", arguments, 1);
  return fill(asTensor(x, "zerosLike").type, 0);
}

/** Ones with the shape and dtype of x. */
export function onesLike(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("onesLike", arguments, 1);
  return fill(asTensor(x, "onesLike").type, 1);
}

function checkCount(operation: string, count: number): void {
  checkInteger(operation, "the count", count);
}

function checkLength(operation: string, n: number): void {
  if (n <= largestInt32) return;
  throw new DownhillError("range", `${operation}: it would have ${n} elements, more than an array can have.`);
}

/**
 * The numbers `start`, `start + step`, … below `stop` (above it if `step` is negative); with a single argument,
 * starting at 0. int32 if all arguments are integers, else float64.
 *
 * @throws DownhillError `dtype` for numbers that the dtype cannot hold.
 * @example
 * arange(3).tolist(); // [0, 1, 2]
 */
export function arange(start: number, stop?: number, step: number = 1, options: DTypeOption = {}): Tensor {
  if (arguments.length > 4) refuseExtra("arange", arguments, 4);
  checkOptions("arange", options, ["dtype"]);
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || ![from, to, step].every(Number.isFinite)) {
    throw new DownhillError(
      "range",
      `arange: needs finite numbers and a step other than 0, got ${[from, to, step].map(showPlain).join(", ")}.${plainHint("Sizes", [from, to, step])}`,
    );
  }
  const n = Math.max(0, Math.ceil((to - from) / step));
  checkLength("arange", n);
  const whole = [from, to, step].every(Number.isInteger);
  const dtype = options.dtype === undefined ? (whole ? "int32" : "float64") : dtypeOf("arange", options);
  return fromFlat(
    arrayType(dtype, [n]),
    Array.from({ length: n }, (_, i) => from + i * step),
    "arange",
  );
}

/** Options of `linspace`, `geomspace` and `logspace`. */
export interface SpaceOptions extends DTypeOption {
  /** True if `stop` is the last number; false to stop one step before it. Default true. */
  readonly endpoint?: boolean;
}

/**
 * Returns the number of steps from `start` to `stop` if there are `count` numbers: `count` − 1, or `count` if
 * `endpoint` is false; at least 1. Checks the count and the options.
 */
function stepsTo(operation: string, count: number, options: SpaceOptions): number {
  checkCount(operation, count);
  checkFlags(operation, options, ["endpoint"]);
  return Math.max(1, options.endpoint === false ? count : count - 1);
}

/** `count` evenly spaced numbers from `start` to `stop`, both included unless `endpoint` is false. */
export function linspace(start: number, stop: number, count: number, options: SpaceOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("linspace", arguments, 4);
  checkOptions("linspace", options, ["dtype", "endpoint"]);
  if (!Number.isFinite(start) || !Number.isFinite(stop))
    throw new DownhillError(
      "range",
      `linspace: needs finite numbers, got ${showPlain(start)} and ${showPlain(stop)}.${plainHint("Bounds", [start, stop])}`,
    );
  const steps = stepsTo("linspace", count, options);
  const at = (i: number): number => (i === steps ? stop : start + (i * (stop - start)) / steps);
  return fromFlat(
    arrayType(dtypeOf("linspace", options), [count]),
    Array.from({ length: count }, (_, i) => at(i)),
    "linspace",
  );
}

/** Options of `eye`. */
export interface EyeOptions extends DTypeOption {
  /** Offset of the diagonal of ones: 0 is the main one, 1 the one above it, −1 the one below. Default 0. */
  readonly k?: number;
}

/**
 * A matrix of n rows with 1 on a diagonal and 0 elsewhere. It has n columns unless `columns` is given.
 *
 * @example
 * eye(2, 3, { k: 1 }).tolist(); // [[0, 1, 0], [0, 0, 1]]
 */
export function eye(n: number, options?: EyeOptions): Tensor;
export function eye(n: number, columns: number, options?: EyeOptions): Tensor;
export function eye(n: number, columns?: number | EyeOptions, options?: EyeOptions): Tensor {
  if (arguments.length > 3) refuseExtra("eye", arguments, 3);
  const isWide = typeof columns === "number";
  const given = (isWide ? options : columns) ?? {};
  checkOptions("eye", given, ["dtype", "k"]);
  const shape = [n, isWide ? columns : n];
  checkShape("eye", shape);
  const { k = 0 } = given;
  checkInteger("eye", "k", k, anyInt32);
  const elements = makeArray("f64", sizeOf(shape));
  for (let i = Math.max(0, -k); i < n && i + k < shape[1]!; i++) elements[i * shape[1]! + i + k] = 1;
  return fromFlat(arrayType(dtypeOf("eye", given), shape), elements);
}

/** The identity matrix of size n. */
export function identity(n: number, options: DTypeOption = {}): Tensor {
  if (arguments.length > 2) refuseExtra("identity", arguments, 2);
  return eye(n, options);
}

/** An array with the shape and dtype of x and every element equal to `value`. */
export function fullLike(x: TensorLike, value: number, options: DTypeOption = {}): Tensor {
  if (arguments.length > 3) refuseExtra("fullLike", arguments, 3);
  checkOptions("fullLike", options, ["dtype"]);
  const { type } = asTensor(x, "fullLike");
  return filled("fullLike", type.shape, value, { dtype: type.dtype, ...options });
}

/**
 * `count` numbers from `start` to `stop`, both included unless `endpoint` is false, with a constant ratio between
 * neighbours.
 * @throws DownhillError `range` for ends that are 0 or differ in sign.
 * @example
 * geomspace(1, 8, 4); // f64[4] [1, 2, 4, 8]
 */
export function geomspace(start: number, stop: number, count: number, options: SpaceOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("geomspace", arguments, 4);
  checkOptions("geomspace", options, ["dtype", "endpoint"]);
  if (!(start * stop > 0 && Number.isFinite(start * stop)))
    throw new DownhillError(
      "range",
      `geomspace: needs finite ends of one sign, other than 0; got ${showPlain(start)} and ${showPlain(stop)}.${plainHint("Bounds", [start, stop])}`,
    );
  const steps = stepsTo("geomspace", count, options);
  // exact ends; the numbers between come from exponentials
  const [first, last] = [Math.min(1, count), count > steps ? 1 : 0];
  const type = arrayType("float64", [count - first - last]);
  const parts = Array.from({ length: type.shape[0]! }, (_, i) => (i + 1) / steps);
  const growth = log(fill(type, stop / start));
  const inner = mul(fill(type, start), exp(mul(growth, fromFlat(type, parts))));
  const end = (value: number, n: number): Tensor => fill(arrayType("float64", [n]), value);
  const all = concatenate([end(start, first), inner, end(stop, last)], 0);
  return convert(all, dtypeOf("geomspace", options));
}

/** Options of `logspace`. */
export interface LogspaceOptions extends SpaceOptions {
  /** Base of the powers. Default 10. */
  readonly base?: number;
}

/**
 * `count` numbers from `base^start` to `base^stop`, both included unless `endpoint` is false, whose logarithms are
 * evenly spaced.
 *
 * @example
 * logspace(0, 2, 3); // f64[3] [1, 10, 100]
 */
export function logspace(start: number, stop: number, count: number, options: LogspaceOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("logspace", arguments, 4);
  checkOptions("logspace", options, ["dtype", "base", "endpoint"]);
  const { base = 10 } = options;
  if (![start, stop, base].every(Number.isFinite))
    throw new DownhillError(
      "range",
      `logspace: needs finite numbers, got ${[start, stop, base].map(showPlain).join(", ")}.${plainHint("Bounds", [start, stop, base])}`,
    );
  const steps = stepsTo("logspace", count, options);
  const exponents = Array.from({ length: count }, (_, i) => start + (i * (stop - start)) / steps);
  const type = arrayType("float64", [count]);
  return convert(pow(fill(type, base), fromFlat(type, exponents)), dtypeOf("logspace", options));
}

/**
 * The result of a function called once with the coordinates of all elements: one int32 array of this shape per axis,
 * holding the index along that axis.
 *
 * @example
 * fromFunction((i, j) => i.add(j), [2, 3]).tolist(); // [[0, 1, 2], [1, 2, 3]]
 */
export function fromFunction(f: (...places: Tensor[]) => Tensor, shape: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra("fromFunction", arguments, 2);
  if (typeof f !== "function")
    throw new DownhillError(
      "option",
      `fromFunction: needs a function, as in fromFunction((i, j) => i.add(j), [2, 3]).`,
    );
  checkShape("fromFunction", shape);
  return f(...shape.map((_, axis) => iota("int32", [...shape], axis)));
}

/** The n weights of a window that is a sum of cosines: Σ a_k cos(2πki / (n − 1)). */
function cosineWindow(operation: string, n: number, factors: readonly number[]): Tensor {
  checkCount(operation, n);
  const cosine = (i: number, k: number): number => turn(i * k, Math.max(1, n - 1)).cos;
  const at = (i: number): number => factors.reduce((sum, a, k) => sum + a * cosine(i, k), 0);
  return fromFlat(arrayType("float64", [n]), Array.from({ length: n }, (_, i) => (n === 1 ? 1 : at(i)))); // prettier-ignore
}

/** The n weights of the Hann window: `½ − ½ cos(2πi / (n − 1))`. */
export function hanning(n: number): Tensor {
  if (arguments.length > 1) refuseExtra("hanning", arguments, 1);
  return cosineWindow("hanning", n, [0.5, -0.5]);
}

/** The n weights of the Hamming window: `0.54 − 0.46 cos(2πi / (n − 1))`. */
export function hamming(n: number): Tensor {
  if (arguments.length > 1) refuseExtra("hamming", arguments, 1);
  return cosineWindow("hamming", n, [0.54, -0.46]);
}

/** The n weights of the Blackman window: `0.42 − 0.5 cos(2πi / (n − 1)) + 0.08 cos(4πi / (n − 1))`. */
export function blackman(n: number): Tensor {
  if (arguments.length > 1) refuseExtra("blackman", arguments, 1);
  return cosineWindow("blackman", n, [0.42, -0.5, 0.08]);
}

/** The n weights of the triangular (Bartlett) window, 0 at its ends; for n = 1 the weight is 1. */
export function bartlett(n: number): Tensor {
  if (arguments.length > 1) refuseExtra("bartlett", arguments, 1);
  checkCount("bartlett", n);
  const half = (n - 1) / 2;
  return fromFlat(
    arrayType("float64", [n]),
    Array.from({ length: n }, (_, i) => (n === 1 ? 1 : 1 - Math.abs(i / half - 1))),
  );
}

/** The index of each element along one axis, as an int32 array of this shape. */
export function indices(shape: readonly number[], axis: number): Tensor {
  if (arguments.length > 2) refuseExtra("indices", arguments, 2);
  checkShape("indices", shape);
  return iota("int32", [...shape], normalizeAxis("indices", axis, arrayType("int32", shape)));
}
